// What the pictures that several pages have are made of.

/** A strip's map that is pointed at. */
interface PointedTile {
  strip: { array?: NumberArray<Uint8Array>; pixels: Uint32Array };
  name: string;
  index: number;
  event: PointerEvent;
}

/** What all panes of a picture of images share. */
interface SharedByPanes {
  /** The pixel of a convolution's output, and the row that is read, if one is pointed at. */
  pixel: number[] | null;
  row: number | null;
  sweeping?: number;
  changed: () => void;
}

/** What a place that keys move does; places are shares of the box's width and height. */
interface KeyPlaceHandlers {
  onMove: (from: Point, to: Point) => void;
  onPress: (at: Point) => void;
  onLeave?: () => void;
  onKey?: (event: KeyboardEvent) => void;
}

interface PaneHandlers {
  subject: import("./pad.js").Subject;
  settings: { saliency: boolean; gradients: boolean };
  shared: SharedByPanes;
  channels: number;
  onFilter: ((channel: number) => void) | null;
  onChannel: (channel: number) => void;
  onImage: (image: number) => void;
  onTile: (tile: PointedTile | null) => void;
}

interface StripHandlers {
  onPoint?: ((index: number | null, event: PointerEvent) => void) | null;
  onChoose?: ((index: number) => void) | null;
}

/** One lane's part of a tab. */
interface Pane {
  lane: string;
  element: HTMLElement;
  drawn?: boolean;
  update(data: LiveData, theme: Theme): void;
  draw(frame: Frame): void;
  describe(): string | null;
  destroy(): void;
}

/** The panes of a tab, and the part of the frames that they show. */
interface Tab {
  Pane: new (lane: string, handlers: PaneHandlers) => Pane;
  part: string;
}

// The plane

interface PlaneHandlers {
  /** Another part of the plane is shown: [x0, x1, y0, y1], or all of it. */
  onZoom: (view: number[] | null) => void;
  onClick: (place: PlanePlace) => void;
  onPoint: (plane: import("./plane.js").Plane, place: PlanePlace | null) => void;
  /** The same by keys, for which it is said as well. */
  onKeys: (plane: import("./plane.js").Plane, place: PlanePlace | null) => void;
}

/** A check box with its words. */
interface Toggle {
  input: HTMLInputElement;
  words: HTMLElement;
  label: HTMLLabelElement;
}

interface PlaneStyle {
  levels: number;
  classes: number;
  theme: Theme;
  hard: boolean;
}

/** A place on a plot, in data and in pixels of its box. */
interface PlanePlace {
  x: number;
  y: number;
  px: number;
  py: number;
}

type Split = "train" | "validation" | "test" | "own";

// Lanes over time, as lanes.py tells them

/** Lane, kind, from and to in milliseconds, number of the batch or of a name. */
type Bar = [lane: number, kind: string, from: number, to: number, number: number];

interface LanesGroup {
  name: string;
  title: string;
  figures: string;
  alt: string;
  lanes: string[];
  bars: Bar[];
  named: string[] | null;
}

interface LanesData {
  id: string;
  status: string;
  palette: Record<"light" | "dark", { lanes: Record<string, string> }>;
  groups: LanesGroup[];
  kinds: [kind: string, label: string][];
  text: Words;
  least: number;
  sweep: { label: string; rates: (number | null)[] }[];
  sweep_names: string[];
  sweep_alt: string;
}

interface LanesColours {
  dark: boolean;
  text: string;
  grid: string;
  lane: string;
  line: string;
  kinds: Record<string, string>;
}

/** One group on the screen. */
interface LanesStage {
  group: HTMLElement;
  head: HTMLElement;
  box: HTMLElement;
  canvas: HTMLCanvasElement;
  hint: HTMLElement;
  tip: HTMLElement;
  hover: Bar | null;
  data: LanesGroup;
}

interface LanesView {
  root: HTMLElement;
  legend: HTMLElement;
  groups: HTMLElement;
  sweep: HTMLElement;
  stages: LanesStage[];
  zoom: [from: number, to: number] | null;
  end: number;
  id?: string;
  data: LanesData;
  drag?: { from: number; to: number } | null;
}

/** From milliseconds to pixels and back. */
interface Scale {
  low: number;
  high: number;
  x: (time: number) => number;
  time: (x: number) => number;
}
