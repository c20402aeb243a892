// Types that all scripts of the pages share. Only the type checker reads this file; it is not served.

/** Sentences and labels by name, in the language chosen; `{step}` and the like in them are filled in. */
type Words = Record<string, string>;

/** What is put into a sentence. */
type Fillings = Record<string, unknown>;

/** Red, green and blue, from 0 to 255. */
type RGB = number[];

/** The colours in force: the palette's for a light or a dark page, the rest from Streamlit's theme. */
interface Theme {
  dark: boolean;
  background: RGB;
  text: RGB;
  muted: RGB;
  grid: RGB;
  primary: RGB;
  font: string;
  /** How large text is: 1, or more where one presents. */
  scale: number;
  /** All of the above and below in one string: whoever keeps what was made from a theme compares this. */
  key: string;
  classes: string[];
  train: string;
  test: string;
  validation: string;
  negative: string;
  positive: string;
  warning: string;
  broken: string;
  brokenText: string;
}

type Pen = CanvasRenderingContext2D;
type Timer = ReturnType<typeof setTimeout>;
type Point = [x: number, y: number];

/** An element's attributes; what begins with "on" is a listener. */
interface Attributes {
  onclick?: (event: MouseEvent) => void;
  onchange?: (event: Event) => void;
  oninput?: (event: Event) => void;
  onkeydown?: (event: KeyboardEvent) => void;
  onpointermove?: (event: PointerEvent) => void;
  onpointerdown?: (event: PointerEvent) => void;
  onpointerleave?: (event: PointerEvent) => void;
  // biome-ignore lint/suspicious/noExplicitAny: attributes are written as text, listeners are of many kinds
  [name: string]: any;
}

// Frames

type Numbers = Uint8Array | Int32Array | Float32Array | Float64Array;

interface NumberArray<T = Numbers> {
  data: T;
  shape: number[];
}

/** The arrays of one lane by name; which of them a frame has depends on the experiment and on what is looked at. */
interface LaneArrays {
  /** (rows, columns): class and probability in one byte, `levels` to a class; row 0 is the lowest. */
  decision: NumberArray<Uint8Array>;
  /** (units, rows, columns): what each hidden unit says over the plane; 128 is 0. */
  units: NumberArray<Uint8Array>;
  /** All weights and biases, one layer after the other. */
  weights: NumberArray<Float32Array>;
  /** (layers): the norm of each layer's gradient. */
  gradient_norm: NumberArray<Float32Array>;
  /** (H, W) or (3, H, W): the image or example that goes in. */
  input: NumberArray<Uint8Array>;
  saliency: NumberArray<Uint8Array>;
  filters: NumberArray<Uint8Array>;
  filter_gradients: NumberArray<Uint8Array>;
  /** (classes), or (rows, classes) where one is told after each row. */
  probability: NumberArray<Float32Array>;
  /** The convolution close up: `input` is of floats there. */
  kernel: NumberArray<Float32Array>;
  output: NumberArray<Float32Array>;
  bias: NumberArray<Float32Array>;
  /** (layers): spread of each layer's output, and norm of its weights' gradient. */
  signal: NumberArray<Float32Array>;
  gradient: NumberArray<Float32Array>;
  /** (1, rows, units) or (units, points): the hidden state over time; 128 is 0. */
  hidden: NumberArray<Uint8Array>;
  /** (points): a wave that goes in, what is asked for, and what the network says. */
  x: NumberArray<Float32Array>;
  target: NumberArray<Float32Array>;
  prediction: NumberArray<Float32Array>;
  /** (points): how strongly the last point's error pulls at each input. */
  reach: NumberArray<Float32Array>;
  /** (points): the network fed its own output, and the true wave beside it. */
  free: NumberArray<Float32Array>;
  truth: NumberArray<Float32Array>;
  /** (classes, classes): counts of true and said classes. */
  confusion: NumberArray<Int32Array>;
  mistakes: NumberArray<Uint8Array>;
  mistake_numbers: NumberArray<Int32Array>;
  mistake_labels: NumberArray<Uint8Array>;
  mistake_probability: NumberArray<Float32Array>;
  /** (images, 2): places from -1 to 1. */
  places: NumberArray<Float32Array>;
  labels: NumberArray<Uint8Array>;
  /** (maps, H, W): what a layer or block makes of the image; 128 is 0. */
  [maps: `maps${string}`]: NumberArray<Uint8Array>;
}

/** The facts of a frame: its header. Those that are lists stand under their lane's name. */
interface FrameFacts {
  step: number;
  epoch: number;
  levels: number;
  units_scale?: Record<string, number[]>;
  /** What was looked at, and the count of what was asked for before. */
  part?: string;
  version?: number;
  image: number;
  label: number;
  drawn?: boolean;
  tested: number;
  unseen?: boolean;
  names?: Record<string, string[]>;
  sides?: Record<string, number[]>;
  stride: number;
  padding: number;
  channel: number;
  possible?: boolean;
  time_steps: number;
  first?: Record<string, number[]>;
  [card: string]: unknown;
}

/** One picture of the training, as core/frames.py encodes it. */
interface Frame {
  step: number;
  epoch: number;
  levels: number;
  unitsScale: Record<string, number[]>;
  facts: FrameFacts;
  /** By lane and name: "run/decision". */
  arrays: Record<string, NumberArray>;
}

/** Where an array lies in a frame's bytes. */
interface ArraySpec {
  dtype: string;
  shape: number[];
  offset: number;
}

/** The JSON at the start of a frame: its facts, and where its arrays lie. */
interface FrameHeader extends FrameFacts {
  arrays: Record<string, ArraySpec>;
}

// What is recorded

/** Values over steps; null is one that was not finite. */
interface Series {
  step: number[];
  value: (number | null)[];
}

/** Series by name ("loss/train") of one lane. */
type LaneHistory = Record<string, Series>;

/** By lane: "run", "correct", "RNN". */
type RunHistory = Record<string, LaneHistory>;

interface LrChange {
  step: number;
  lr: number;
}

/** Why a run ended or stopped, and the numbers of its sentence. */
interface RunMessage {
  code: string;
  step?: number;
  kept_step?: number;
  error?: string;
  accuracy?: number | string;
  lr?: number | string;
  /** What the disk did not take of a run that is over. */
  unkept?: "record" | "step";
  [parameter: string]: unknown;
}

/** What the run's socket says in JSON: at first all, then what is new. */
interface SocketMessage {
  kind: "hello" | "metrics" | "status";
  status: string;
  step?: number;
  num_steps?: number;
  speed?: number;
  lr?: number;
  lanes?: string[];
  steps_per_epoch?: number;
  first_lr?: number;
  history?: RunHistory;
  kept?: number[];
  /** Steps that were kept and are no longer. */
  dropped?: number[];
  events?: LrChange[];
  message?: RunMessage | null;
  silent?: boolean;
  step_seconds?: number;
}

/** What is looked at in the network. */
interface Focus {
  part?: string;
  image?: number;
  version?: number;
  /** A drawing, 112 x 112 bytes in base64. */
  drawing?: string;
  channel?: number;
  [field: string]: string | number | undefined;
}

// What Python tells

interface Points {
  x: number[];
  y: number[];
  label: number[];
}

interface LayerOfNetwork {
  name: string;
  size: number;
  labels?: string[];
}

/** One stage of a network of one's own. */
interface NetworkStage {
  name: string;
  shape: string;
  count: number;
}

/** What a page tells its picture; each kind has its own part of it. */
interface PictureData {
  kind: "plane" | "images" | "sequence" | string;
  module: string;
  text?: Words;
  /** The lowest loss that can be reached. */
  floor?: number | null;
  images_per_step?: number;
  metrics?: string[];
  splits?: string[];
  // A plane
  classes: number;
  domain: number[];
  train?: Points;
  test?: Points;
  validation?: Points;
  own?: Points;
  layers: LayerOfNetwork[];
  // Images
  dataset?: string;
  names: string[];
  drawn?: boolean;
  channels: number;
  rows: string;
  stages: NetworkStage[];
  // A wave
  shape?: string;
  unit?: string;
  units?: number;
}

/** What live_view.py tells a view of a run. */
interface LiveData {
  module: string;
  /** What load.js says where the module does not come. */
  not_loaded: Words;
  experiment: string;
  lang: string;
  text: Words;
  /** Addresses of Plotly, of the run's socket and of the history of the run before. */
  plotly: string;
  run: string | null;
  socket: string | null;
  /** Address of the run that Play starts next: another one once Play was answered, also if it was refused. */
  next?: string;
  ghost: string | null;
  /** The frame of step 0 in base64. */
  preview: string;
  focus: Focus;
  picture: PictureData;
  lanes: string[];
  diverged: string;
  num_steps: number;
  lr: number;
  adding: { label: number } | null;
  /** Why what was pressed or changed last could not be done; "" if it was. */
  notice: string;
  /** Why a run can't start yet, such as images that are not here; "" if it can. */
  missing: string;
  /** The names of the settings that were changed since the run before, where that can be undone; else "". */
  changed: string;
  /** How often a button of a lesson has started something. */
  tries: number;
  /** That this person can start nothing, as the server is full; "" where they can. */
  full: string;
  /** What is to be known of a run with these settings; "" if there is nothing. */
  note?: string;
  speed?: number;
  /** Where to say that the first picture is drawn. */
  drawn: string;
}

/** What Streamlit hands to a component's script. */
interface Component<Data = LiveData> {
  data: Data;
  parentElement: HTMLElement;
  setTriggerValue: (name: string, value: unknown) => void;
}

/** What a view made by `keep` must have. */
interface View<Data> {
  update(component: Component<Data>, picture: PictureModule): void;
  destroy(): void;
}

/** The value of a metric of a lane at the step on the screen. */
type MetricOf = (lane: string, metric: string) => number | null | undefined;

/** A picture inside the live view, exported by a page's script as `Picture`. */
interface LivePicture {
  /** The form, the language or the theme changed. */
  update(data: LiveData, theme: Theme): void;
  draw(frame: Frame): void;
  /** Put its main number into its description. */
  describe(step: number, accuracyOf: (lane: string) => number | null | undefined, metricOf: MetricOf): void;
  destroy(): void;
  /** Resolves once it has been drawn with all that it loads. */
  whole?(): Promise<unknown>;
  /** Say what it looks at, where there is a choice. */
  ask?(): void;
}

interface PictureHandlers {
  onAdd(point: { x: number; y: number }): void;
  onFocus(focus: Focus): void;
  /** Other settings that the picture needs for what it is to show. */
  onSettings(values: Record<string, unknown>): void;
}

/** What load.js hands to `mount` beside the component. */
interface PictureModule {
  Picture: new (host: HTMLElement, handlers: PictureHandlers, data: PictureData) => LivePicture;
}

/** What the live view says to its parts at every picture. */
interface LiveState {
  status: string;
  /** none, connecting, open, lost, or unreached: it never was open. */
  online: string;
  unreached: Unreached | null;
  step: number;
  epoch: number;
  numSteps: number;
  over: boolean;
  goesOn: boolean;
  mayGoOn: boolean;
  diverged: string;
  lr: number;
  /** The learning rate of the step that is shown. */
  stepLr: number;
  pace: number | null;
  imagesPerStep?: number;
  lang: string;
  looking: number | null;
  message: RunMessage | null;
  /** The worker does not answer. */
  silent: boolean;
  /** How long it has been computing a step, if that is long. */
  stepSeconds: number;
  kept: number[];
  events: LrChange[];
  history: RunHistory;
  adding: { label: number } | null;
  /** See LiveData; "" while a run is being started. */
  notice: string;
  /** See LiveData. */
  changed: string;
  /** See LiveData; "" while a run is alive. */
  missing: string;
  /** See LiveData; "" while a run is alive. */
  full: string;
  note?: string;
}

/** What the play bar can tell the run to do. */
interface PlayBarHandlers {
  onPlay: () => void;
  onStep: () => void;
  onEpoch: () => void;
  onReset: () => void;
  onSpeed: (speed: number) => void;
}

/** What the play bar's parts show of the state. */
type Counted = Pick<LiveState, "step" | "epoch" | "numSteps" | "stepLr" | "lang">;
type Hurried = Pick<LiveState, "step" | "numSteps" | "lang" | "pace" | "imagesPerStep">;

/** A way in which messages come from the server and go to it. */
interface Transport {
  readonly isOpen: boolean;
  send(text: string): void;
  close(): void;
}

interface TransportHandlers {
  onMessage: (transport: Transport, data: string | ArrayBuffer) => void;
  /** It is closed and stays so; `whole` where the server had said all there was. */
  onLost: (transport: Transport, whole: boolean) => void;
}

/** Why a page could not reach its run at all: see refusal.py, and reach.js for what no server of ours says. */
interface Unreached {
  reason: "server" | "elsewhere" | "origin" | "cookie" | "run" | "blocked";
  /** The run's address, the page's origin, and the status of the answer. */
  address: string;
  page: string;
  status: number;
}

/** What changed in a connection. */
type Change = "state" | "frame" | "history";

/** Whose curve it is, and what was recorded of it. */
interface CurveSource {
  lane: string;
  history?: LaneHistory;
}

/** What the curves are drawn with. */
interface CurvesLook {
  theme: Theme;
  text: Words;
  /** Where the time axis ends. */
  end: number;
  cursor: number | null;
  floor: number | null;
  events: LrChange[];
  hasRun: boolean;
}

interface CurveTrace {
  series: Series;
  /** The series as it is drawn: thinned. */
  x: number[];
  y: (number | null)[];
  opacity: number;
  name: string;
  line: { color: string; width: number; dash: string };
}

/** What Plotly is told of a curve; there is more in it than is read again. */
interface CurveLayout {
  xaxis: { range: number[] };
  yaxis: { range: number[] };
}

// Plotly, as far as it is used

interface PlotlyAxis {
  _offset: number;
  _length: number;
  /** Its ticks; `x` is the place on a linear scale, on both axes. */
  _vals: { x: number }[];
  type: string;
  range: number[];
  autorange?: boolean | string;
  _rangeInitial0: number;
  _rangeInitial1: number;
  d2c(value: number): number | undefined;
  l2p(value: number): number;
  p2d(pixel: number): number;
  d2p(value: number): number;
}

interface PlotlyGraph extends HTMLElement {
  _fullLayout: { xaxis: PlotlyAxis; yaxis: PlotlyAxis; _rehover?: () => void };
  data: object[];
  /** The points of each trace in the axes' own scale; the first one carries more. */
  calcdata: { i: number; x?: number; y?: number; t?: object; trace?: object }[][];
  on(event: string, listener: () => void): void;
}

interface PlotlyModule {
  react(graph: HTMLElement, traces: object[], layout: object, config: object): Promise<unknown>;
  relayout(graph: HTMLElement, changes: object): Promise<unknown>;
  purge(graph: HTMLElement): void;
}

interface Window {
  Plotly: PlotlyModule;
  /** What must be one, even if two copies of a script are loaded. */
  // biome-ignore lint/suspicious/noExplicitAny: each key has a type of its own
  [key: symbol]: any;
}
