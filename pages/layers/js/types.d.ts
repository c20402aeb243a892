// What the cards are told, and what their pictures are made of.

type CardArray = NumberArray<Float32Array>;

interface CardData {
  module: string;
  card: string;
  lang: string;
  /** The picture's arrays and facts, in base64. */
  frame: string;
  text: Words;
}

interface KernelData {
  module: string;
  lang: string;
  size: number;
  values: number[];
  text: Words;
}

/** A block of numbers or maps among others. */
interface PanelFacts {
  title: string;
  numbers?: boolean;
  plain?: boolean;
  digits?: number;
  look?: Look;
  most?: number;
  /** The largest number of cells that show their place in a row of numbers. */
  ramp?: number;
  cell_width?: number;
  row_names?: string[];
  count_rows?: boolean;
  /** The array that holds a number for each cell: equal numbers belong together. */
  tags?: string;
  /** For each cell the cells of other panels that made it: [row, column]. */
  links?: Record<string, [number, number][]>[];
}

interface PlotFacts {
  title: string;
  names: string[];
  /** Names of arrays: x, and lines or bars over it. */
  x: string;
  lines?: string;
  bars?: string;
  labels: string[];
  xlabel?: string;
  log_x?: boolean;
  log_y?: boolean;
  from_zero?: boolean;
  range?: Ends;
  wide?: boolean;
  tall?: number;
  dashes?: boolean[];
  dots?: boolean;
  each?: boolean;
  colours?: number[];
  marker?: number;
  second?: number;
}

/** Plain values beside a card's arrays: which of them there are depends on the kind of the picture. */
interface CardFacts {
  kind: "windows" | "wave" | "film" | "panels" | "plots" | "surface";
  // Windows, wave, film
  mode: string;
  colour: Look;
  look?: Look;
  looks?: Look[];
  patch?: Look;
  border?: [before: number, after: number];
  groups: number;
  bias?: number;
  brightest?: number;
  power?: number;
  // Panels
  rows: string[][];
  panels: Record<string, PanelFacts>;
  values: Record<string, unknown>;
  at?: Record<string, number>;
  together?: string[];
  tell: string;
  tell_of?: string;
  by_cell?: Record<string, string[]>;
  by_tag?: Record<string, number[]>;
  values_of?: Record<string, number[]>;
  // Plots
  plots: PlotFacts[];
  beside?: boolean;
  // Surface
  frame: [left: number, right: number, bottom: number, top: number];
  minima: Point[];
  lowest: number;
  names: string[];
  colours: number[];
}

/** How a map is coloured: from 0 to the largest, green above zero and purple below, or three planes of colour. */
type Look = "grey" | "signed" | "rgb";

/** The packed colour of the cell at an index. */
type Colour = (index: number) => number;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

type Ends = [low: number, high: number];

/** One of the steps that an arrow key makes: down and to the right. */
type Step = [down: number, right: number];

/** What a picture of a card may ask of the card that holds it. */
interface CardHost {
  root: HTMLElement;
  canvas: HTMLCanvasElement;
  text: Words;
  theme: Theme;
  trigger: (name: string, value: unknown) => void;
  paint(): void;
  arrange(): void;
}

interface CardPicture {
  take(arrays: Record<string, CardArray>, facts: CardFacts): void;
  /** Put everything in its place; returns the height that it takes. */
  layout(width: number): number;
  paint(pen: Pen, theme: Theme): void;
  /** The sentence on what is pointed at. */
  tell(): string;
  /** The pointer is at a place, or left; returns whether something changed. */
  point(place: Point | null, pressed: boolean): boolean;
  press?(step: Step): boolean;
  destroy?(): void;
}

/** A panel's place, with a sheet of cells for each of its leading indices. */
interface PanelPlace {
  x: number;
  y: number;
  width: number;
  left: number;
  rows: number;
  columns: number;
  cell: number;
  sheets: Sheet[];
}

type Sheet = Box & { offset: number };

/** Where the maps of an array stand. */
interface MapsPlace {
  box: Box;
  room: number;
  boxes: Box[];
  rows: number;
  columns: number;
}

/** Row, column and flat index of the inputs under a window; null beyond the border. */
type Taps = ([row: number, column: number, index: number] | null)[];

interface SurfacePlaces {
  plane: Box;
  legend: { x: number; y: number; width: number };
  curve: Box;
}

/** How cells with numbers are drawn. */
interface CellsLook {
  /** The number that is as strong as can be; the largest of them where it is not told. */
  most?: number;
  look?: Look;
  /** Whether a cell is left blank. */
  skip?: (index: number) => boolean;
  plain?: boolean;
  digits?: number;
}
