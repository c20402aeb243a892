// What rate.py tells.

interface RateData {
  experiment: string;
  field: string;
  label: string;
  /** The values that the slider has places for, and how each is written. */
  values: number[];
  texts: string[];
  value: number;
  /** Milliseconds between two changes while it is dragged. */
  pause: number;
}

/** What belongs to one slider on the page. */
interface RateParts {
  root: HTMLElement;
  value: HTMLOutputElement;
  input: HTMLInputElement;
  dragged: boolean;
  /** When the live view was told last, in milliseconds. */
  told: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What is dragged, as the live view hears of it. */
interface DraggedSetting {
  experiment: string;
  field: string;
  value: number;
}
