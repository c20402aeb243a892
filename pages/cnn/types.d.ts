// A convolution close up.

/** Where input and output stand, and below them patch, kernel and products. */
interface CloseUpLayout {
  side: number;
  cell: number;
  size: number;
  places: Record<"input" | "output" | "patch" | "kernel" | "product", number[]>;
}
