// A list of layers, as stack_editor.py tells it.

/** Channels of a convolution, or "M" for a pooling. */
type StackEntry = number | "M";

interface StackLayer {
  kind: "conv" | "M" | "linear";
  inputs: number;
  channels: number;
  side: number;
  out: number;
}

interface StackData {
  module: string;
  lang: string;
  text: Words;
  cfg: StackEntry[];
  presets: Record<string, { name: string; list: StackEntry[] }>;
  layers: StackLayer[];
  /** The place of the layer that can't be, if there is one. */
  broken: number | null;
  size: number;
  most_channels: number;
  most_layers: number;
}
