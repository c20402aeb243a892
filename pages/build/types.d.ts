// The list of a network's blocks, as block_editor.py tells it.

/** The place of a block: [3], or [3, 1] inside of a residual block. */
type BlockPath = number[];

interface BlockArgument {
  name: string;
  kind: "bool" | "number" | "text";
  value: string;
  help: string;
}

interface BlockRow {
  path: BlockPath;
  kind: string;
  code: string;
  output: string;
  same: boolean;
  about: string;
  arguments: BlockArgument[];
}

interface EditorData {
  module: string;
  lang: string;
  text: Words;
  rows: BlockRow[];
  input: string;
  output: string;
  works: boolean;
  problem: string;
  where: BlockPath | null;
  remedy: string;
  /** What would be better in a network that works, and the words of the button that does it. */
  advice: string;
  better: string;
  /** What was taken of the text that was pasted last. */
  notes: string[];
  totals: string;
  network: string;
  undo: boolean;
  redo: boolean;
  chosen: BlockPath | null;
  /** An edit that was not taken, with the reason. */
  refused: { path?: BlockPath; name?: string; typed?: string; why: string } | null;
  turn: number;
  kinds: { group: string; kinds: string[] }[];
  presets: { name: string; title: string }[];
}

/** What is focused while the list is drawn again. */
interface KeptFocus {
  place?: string;
  typed: string | null;
}
