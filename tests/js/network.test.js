import assert from "node:assert/strict";
import { test } from "node:test";
import { position } from "../../pages/classifier/gradients.js";
import {
  chooseLinks,
  firstUnits,
  linkAt,
  linkCurve,
  neuronAt,
  nextNeuron,
  placeNeurons,
  splitWeights,
} from "../../pages/classifier/network_layout.js";
import { featureOf } from "../../pages/classifier/network_maps.js";

const LAYERS = [2, 3, 2].map((size, i) => ({ name: `layer ${i}`, size }));

test("every neuron has a square of its own inside of the picture", () => {
  for (const sizes of [
    [2, 3, 2],
    [1, 1],
    [7, 64, 64, 10],
    [2, 200, 2],
  ]) {
    const placed = placeNeurons(
      sizes.map((size) => ({ name: "", size })),
      800,
      330,
    );
    assert.deepEqual(
      placed.map(({ neurons }) => neurons.length),
      sizes,
    );
    const all = placed.flatMap(({ neurons }) => neurons);
    for (const { x, y, side } of all) {
      assert.ok(x >= 0 && y >= 20 - 1e-9 && x + side <= 800 && y + side <= 330 + 1e-9 && side >= 2);
    }
    for (const one of all) {
      for (const other of all) {
        if (one === other) continue;
        const apart =
          one.x + one.side <= other.x ||
          other.x + other.side <= one.x ||
          one.y + one.side <= other.y ||
          other.y + other.side <= one.y;
        assert.ok(apart, `${JSON.stringify([one, other])}`);
      }
    }
  }
});

test("the flat weights are cut into one matrix and one bias a layer", () => {
  const flat = Float32Array.from({ length: 3 * 3 + 2 * 4 }, (_, i) => i);
  const [first, second] = splitWeights(LAYERS, flat);
  assert.deepEqual([...first.weight], [0, 1, 2, 3, 4, 5]);
  assert.deepEqual([...first.bias], [6, 7, 8]);
  assert.deepEqual([second.inputs, second.outputs, ...second.bias], [3, 2, 15, 16]);
});

test("all links of a small layer are drawn, the strongest last", () => {
  const linears = splitWeights(LAYERS, Float32Array.of(1, -3, 2, 0, 0.5, -0.1, 0, 0, 0, 9, 8, 7, 6, 5, 4, 0, 0));
  const links = chooseLinks(linears);
  assert.equal(links.length, 12);
  const sizes = links.filter(({ layer }) => layer === 0).map(({ weight }) => Math.abs(weight));
  assert.deepEqual(
    sizes,
    [...sizes].sort((a, b) => a - b),
  );
  assert.deepEqual(links[5], { layer: 0, from: 1, to: 0, weight: -3 });
});

test("of a large layer only the strongest links are drawn, and of broken weights none", () => {
  const weight = Float32Array.from({ length: 1000 }, (_, i) => i / 1000);
  const links = chooseLinks([{ weight, bias: new Float32Array(10), inputs: 100, outputs: 10 }]);
  assert.equal(links.length, 160);
  assert.ok(links.every((link) => link.weight >= weight[840]));
  const broken = { weight: Float32Array.of(NaN, NaN), bias: Float32Array.of(NaN), inputs: 2, outputs: 1 };
  assert.deepEqual(chooseLinks([broken]), []);
});

test("neurons and links are found where they are drawn", () => {
  const placed = placeNeurons(LAYERS, 600, 300);
  const neuron = placed[1].neurons[2];
  assert.equal(neuronAt(placed, neuron.x + neuron.side / 2, neuron.y + neuron.side / 2), neuron);
  assert.equal(neuronAt(placed, 0, 0), null);
  const links = chooseLinks(splitWeights(LAYERS, new Float32Array(17).fill(1)));
  for (const link of links) {
    const [x0, y0, , , , , x3, y3] = linkCurve(link, placed);
    const nearStart = linkAt([link], placed, x0, y0);
    assert.equal(nearStart, link);
    assert.ok(x3 > x0 && Number.isFinite(y3));
  }
  assert.equal(linkAt(links, placed, 5, 5), null);
});

test("a gradient's norm has its place on a logarithmic scale from 1e-7 to 100", () => {
  assert.deepEqual([0, 1e-9, 1e-7, 100, 1e9, NaN, Infinity].map(position), [0, 0, 0, 1, 1, 1, 1]);
  assert.ok(Math.abs(position(10 ** -2.5) - 0.5) < 1e-12);
});

test("features are known by their names, however they are written", () => {
  for (const [name, value] of /** @type {[string, number][]} */ ([
    ["x1", 2],
    ["x2", 3],
    ["x1^2", 4],
    ["x₁²", 4],
    ["x1*x2", 6],
    ["x₁ · x₂", 6],
    ["sin(x1)", Math.sin(2)],
  ])) {
    assert.equal(featureOf(name)?.(2, 3), value, name);
  }
  assert.equal(featureOf("tan(x1)"), undefined);
});

test("the units of every hidden layer are counted on from the layer before", () => {
  const layers = [2, 4, 3, 5, 2].map((size) => ({ size }));
  assert.deepEqual(firstUnits(layers), [0, 4, 7]);
  assert.deepEqual(firstUnits([{ size: 2 }, { size: 2 }]), []);
});

test("arrow keys lead from neuron to neuron and stop at the edges", () => {
  const layers = [
    { name: "input", size: 2 },
    { name: "hidden", size: 4 },
    { name: "logits", size: 2 },
  ];
  const placed = placeNeurons(layers, 600, 300);
  /** @param {string[]} keys */
  const reached = (...keys) => {
    const end = keys.reduce((from, key) => nextNeuron(placed, from, key), nextNeuron(placed, null, "ArrowDown"));
    return [end.layer, end.index];
  };
  assert.deepEqual(reached(), [0, 0]);
  assert.deepEqual(reached("ArrowUp"), [0, 0]);
  assert.deepEqual(reached("ArrowDown", "ArrowDown"), [0, 1]);
  assert.deepEqual(reached("ArrowLeft"), [0, 0]);
  assert.deepEqual(reached("ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"), [1, 3]);
  assert.deepEqual(reached("ArrowRight", "ArrowRight", "ArrowRight"), [2, 0]);
});
