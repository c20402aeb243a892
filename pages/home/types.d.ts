// What Python gives Home's scripts.

interface HeroData {
  module: string;
  film: string;
  lang: string;
  steps: number;
  text: Words;
}

/** A whole run: its pictures, one behind the other, and the points. */
interface Film {
  decision: Uint8Array;
  shape: number[];
  steps: Int32Array;
  accuracy: Float32Array;
  points: Float32Array;
  labels: Int32Array;
  levels: number;
  classes: number;
  domain: number[];
}

interface FilmFacts {
  classes: number;
  domain: Record<string, number[]>;
}

interface CardsData {
  module: string;
  label: string;
  cards: { folder: string; address: string; light: string; dark: string }[];
  text: Record<string, { title: string; sentence: string; minutes: string }>;
}
