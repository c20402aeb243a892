// Where the network's neurons and links lie, and which links are worth drawing.

const TITLE = 20;
const LARGEST = 38;
const READABLE = 22;
const MOST_COLUMNS = 8;
const LINKS_A_GAP = 160;

/**
 * Arrange every layer's neurons in one or more columns, as large as they fit.
 * @param {LayerOfNetwork[]} layers
 * @param {number} width
 * @param {number} height
 */
export function placeNeurons(layers, width, height) {
  const band = width / layers.length;
  return layers.map(({ size }, index) => {
    const { columns, side, gap } = chooseColumns(size, band * 0.6, height - TITLE);
    const rows = Math.ceil(size / columns);
    const left = band * (index + 0.5) - (columns * (side + gap) - gap) / 2;
    const top = TITLE + (height - TITLE - (rows * (side + gap) - gap)) / 2;
    const neurons = Array.from({ length: size }, (_, i) => ({
      layer: index,
      index: i,
      side,
      x: left + Math.floor(i / rows) * (side + gap),
      y: top + (i % rows) * (side + gap),
    }));
    return { center: band * (index + 0.5), neurons };
  });
}

/**
 * @param {number} size
 * @param {number} width
 * @param {number} height
 */
function chooseColumns(size, width, height) {
  let best = { columns: 1, side: 0, gap: 1 };
  for (let columns = 1; columns <= Math.min(MOST_COLUMNS, size); columns += 1) {
    const rows = Math.ceil(size / columns);
    const cell = Math.min(LARGEST + 8, height / rows, width / columns);
    const gap = cell > 20 ? Math.min(8, cell * 0.2) : cell > 8 ? 2 : 1;
    const side = Math.max(2, Math.min(LARGEST, cell - gap));
    if (side > best.side) best = { columns, side, gap };
    // One column reads best as a layer; more only where the maps would become too small to see.
    if (best.side >= READABLE) break;
  }
  return best;
}

/**
 * The number of each hidden layer's first unit, where the units of all hidden layers are counted in one row.
 * @param {{ size: number }[]} layers the inputs, the hidden layers, the outputs
 * @returns {number[]}
 */
export function firstUnits(layers) {
  let next = 0;
  return layers.slice(1, -1).map(({ size }) => {
    next += size;
    return next - size;
  });
}

/**
 * Cut the flat weights into one {weight, bias, inputs, outputs} a Linear layer.
 * @param {LayerOfNetwork[]} layers
 * @param {Float32Array} flat
 */
export function splitWeights(layers, flat) {
  let at = 0;
  return layers.slice(1).map(({ size: outputs }, index) => {
    const inputs = layers[index].size;
    const weight = flat.subarray(at, at + inputs * outputs);
    const bias = flat.subarray(at + inputs * outputs, at + inputs * outputs + outputs);
    at += (inputs + 1) * outputs;
    return { weight, bias, inputs, outputs };
  });
}

/**
 * The links to draw, weakest first: all of a small layer, only the strongest of a large one.
 * @param {LinearLayer[]} linears
 */
export function chooseLinks(linears) {
  return linears.flatMap(({ weight, inputs }, layer) => {
    const least = threshold(weight);
    /** @type {Link[]} */
    const links = [];
    weight.forEach((value, i) => {
      if (!(Math.abs(value) >= least)) return;
      links.push({ layer, from: i % inputs, to: Math.floor(i / inputs), weight: value });
    });
    return links.sort((a, b) => Math.abs(a.weight) - Math.abs(b.weight));
  });
}

/** @param {Float32Array} weight */
function threshold(weight) {
  if (weight.length <= LINKS_A_GAP) return 0;
  const sizes = Float32Array.from(weight, (value) => Math.abs(value) || 0).sort();
  return sizes[sizes.length - LINKS_A_GAP];
}

/**
 * Start, end and the two control points of a link's curve.
 * @param {Link} link
 * @param {PlacedLayer[]} placed
 */
export function linkCurve(link, placed) {
  const from = placed[link.layer].neurons[link.from];
  const to = placed[link.layer + 1].neurons[link.to];
  const x0 = from.x + from.side;
  const y0 = from.y + from.side / 2;
  const x1 = to.x;
  const y1 = to.y + to.side / 2;
  const bend = (x1 - x0) * 0.45;
  return [x0, y0, x0 + bend, y0, x1 - bend, y1, x1, y1];
}

/**
 * @param {PlacedLayer[]} placed
 * @param {number} x
 * @param {number} y
 */
export function neuronAt(placed, x, y) {
  for (const { neurons } of placed) {
    const neuron = neurons.find(
      (one) => x >= one.x - 1 && y >= one.y - 1 && x <= one.x + one.side + 1 && y <= one.y + one.side + 1,
    );
    if (neuron) return neuron;
  }
  return null;
}

/**
 * The link nearest to a place, if one passes within `reach` pixels.
 * @param {Link[]} links
 * @param {PlacedLayer[]} placed
 * @param {number} x
 * @param {number} y
 */
export function linkAt(links, placed, x, y, reach = 5) {
  let best = null;
  let distance = reach;
  for (const link of links) {
    const curve = linkCurve(link, placed);
    if (x < curve[0] - reach || x > curve[6] + reach) continue;
    const away = distanceToCurve(curve, x, y);
    if (away <= distance) {
      distance = away;
      best = link;
    }
  }
  return best;
}

/**
 * @param {LinkCurve} options
 * @param {number} x
 * @param {number} y
 */
function distanceToCurve([x0, y0, x1, y1, x2, y2, x3, y3], x, y) {
  let nearest = Infinity;
  for (let i = 0; i <= 24; i += 1) {
    const t = i / 24;
    const u = 1 - t;
    const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
    const away = Math.hypot(a * x0 + b * x1 + c * x2 + d * x3 - x, a * y0 + b * y1 + c * y2 + d * y3 - y);
    if (away < nearest) nearest = away;
  }
  return nearest;
}

/**
 * The neuron that an arrow key leads to: of the same layer above or below, or at the same height of the next layer.
 * @param {PlacedLayer[]} placed
 * @param {PlacedNeuron | null} from nothing yet: the first one
 * @param {string} key
 */
export function nextNeuron(placed, from, key) {
  if (!from) return placed[0].neurons[0];
  const along = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0;
  const layer = Math.max(0, Math.min(placed.length - 1, from.layer + along));
  const { neurons } = placed[layer];
  if (layer !== from.layer) {
    /** @param {PlacedNeuron} neuron */
    const away = ({ y, side }) => Math.abs(y + side / 2 - from.y - from.side / 2);
    return neurons.reduce((best, neuron) => (away(neuron) < away(best) ? neuron : best));
  }
  const at = neurons.findIndex(({ index }) => index === from.index) + ({ ArrowUp: -1, ArrowDown: 1 }[key] ?? 0);
  return neurons[Math.max(0, Math.min(neurons.length - 1, at))];
}
