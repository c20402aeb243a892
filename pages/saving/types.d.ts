// What answers.py and tree.py tell.

interface AnswersPalette {
  classes: string[];
  positive: string;
  wrong: string;
}

/** What the network says before or after loading. */
interface AnswersSide {
  title: string;
  told: string;
  label: string;
  /** A plane's classes and probabilities, in base64. */
  decision: string;
  answers: string[];
  sure: number[];
  right: boolean[];
}

interface AnswersData {
  kind: "plane" | "images";
  palette: Record<"light" | "dark", AnswersPalette>;
  sides: AnswersSide[];
  // A plane
  size: number;
  levels: number;
  domain: number[];
  points: [x: number, y: number, label: number][];
  // Images: height, width and channels, and the pixels in base64
  shape: number[];
  images: string;
  labels: number[];
}

interface TreeRow {
  depth: number;
  name: string;
  shown: string;
  dtype: string;
  bytes: number;
  size: string;
  inner: boolean;
  folded: boolean;
}

interface TreeData {
  rows: TreeRow[];
  label: string;
}
