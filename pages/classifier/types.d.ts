// The network, drawn.

interface PlacedNeuron {
  layer: number;
  index: number;
  side: number;
  x: number;
  y: number;
}

interface PlacedLayer {
  center: number;
  neurons: PlacedNeuron[];
}

/** Weights (outputs, inputs) and biases of one Linear layer. */
interface LinearLayer {
  weight: Float32Array;
  bias: Float32Array;
  inputs: number;
  outputs: number;
}

/** A weight to draw, between a neuron of a layer and one of the next. */
interface Link {
  layer: number;
  from: number;
  to: number;
  weight: number;
}

/** Start, two control points and end: x and y of each. */
type LinkCurve = number[];

interface PointedPart {
  neuron: PlacedNeuron | null;
  link: Link | null;
  x: number;
  y: number;
}

interface GradientCell {
  name: string;
  node: HTMLElement;
  value: HTMLElement;
  bar: HTMLElement;
  line: HTMLCanvasElement;
}

/** What a feature looks like over the plane. */
type Feature = (x: number, y: number) => number;
