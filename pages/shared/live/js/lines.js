// The lines of a curve on a canvas below Plotly's axes: a redraw of Plotly's own costs ten times as much.

const FAR = 1e5;
const MARKER = 3;
const EDGE = 1;

/**
 * The grid, as Plotly draws it: the lines stand above it.
 * @param {Pen} pen
 * @param {PlotlyAxis} xaxis
 * @param {PlotlyAxis} yaxis
 * @param {string} color
 */
export function drawGrid(pen, xaxis, yaxis, color) {
  pen.fillStyle = color;
  for (const at of ticksOf(xaxis)) pen.fillRect(Math.round(at), 0, 1, yaxis._length);
  for (const at of ticksOf(yaxis)) pen.fillRect(0, Math.round(at), xaxis._length, 1);
}

/** @param {PlotlyAxis} axis */
const ticksOf = (axis) => axis._vals.map(({ x }) => axis.l2p(x)).filter((at) => at > EDGE && at < axis._length - EDGE);

/**
 * @param {Pen} pen
 * @param {CurveTrace} trace
 * @param {PlotlyAxis} xaxis
 * @param {PlotlyAxis} yaxis
 */
export function drawLine(pen, { x, y, line, opacity }, xaxis, yaxis) {
  pen.globalAlpha = opacity;
  if (x.length === 1) dot(pen, xaxis.d2p(x[0]), y[0] === null ? Number.NaN : yaxis.d2p(y[0]), line.color);
  else {
    pen.strokeStyle = line.color;
    pen.lineWidth = line.width;
    pen.lineJoin = "miter";
    pen.miterLimit = 2;
    pen.setLineDash(line.dash === "solid" ? [] : line.dash.split(",").map(Number.parseFloat));
    pen.beginPath();
    trail(pen, x, y, xaxis, yaxis);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

/**
 * @param {Pen} pen
 * @param {number} px
 * @param {number} py
 * @param {string} color
 */
function dot(pen, px, py, color) {
  if (!Number.isFinite(py)) return;
  pen.fillStyle = color;
  pen.beginPath();
  pen.arc(px, py, MARKER, 0, 2 * Math.PI);
  pen.fill();
}

/**
 * The path of a line: a gap wherever there is no number, or none that the axis can show.
 * @param {Pen} pen
 * @param {number[]} x
 * @param {(number | null)[]} y
 * @param {PlotlyAxis} xaxis
 * @param {PlotlyAxis} yaxis
 */
function trail(pen, x, y, xaxis, yaxis) {
  const left = xaxis.l2p(0);
  const wide = xaxis.l2p(1) - left;
  const bottom = yaxis.l2p(0);
  const high = yaxis.l2p(1) - bottom;
  const log = yaxis.type === "log";
  let begun = false;
  for (let i = 0; i < x.length; i += 1) {
    const value = y[i];
    if (value === null || (log && value <= 0)) {
      begun = false;
      continue;
    }
    const px = left + wide * x[i];
    const py = Math.max(-FAR, Math.min(FAR, bottom + high * (log ? Math.log10(value) : value)));
    if (begun) pen.lineTo(px, py);
    else pen.moveTo(px, py);
    begun = true;
  }
}

/**
 * An upright line over the whole height.
 * @param {Pen} pen
 * @param {number} step
 * @param {string} color
 * @param {number} width
 * @param {PlotlyAxis} xaxis
 * @param {PlotlyAxis} yaxis
 */
export function drawUpright(pen, step, color, width, xaxis, yaxis) {
  pen.fillStyle = color;
  pen.fillRect(xaxis.d2p(step) - width / 2, 0, width, yaxis._length);
}
