/** @param {HTMLCanvasElement} canvas */
const penOf = (canvas) => /** @type {Pen} */ (canvas.getContext("2d"));

/** @param {string} color */
function rgb(color) {
  const hex = /^#([0-9a-f]{6})/i.exec(color.trim())?.[1];
  if (hex) return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return (color.match(/[\d.]+/g) ?? [128, 128, 128]).slice(0, 3).map(Number);
}

/** @param {string} text */
function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * @param {AnswersSide} side
 * @param {AnswersData} data
 * @param {AnswersPalette} palette
 * @param {RGB} paper
 */
function plane(side, data, palette, paper) {
  const canvas = document.createElement("canvas");
  canvas.className = "plane";
  const size = data.size,
    scale = 4;
  canvas.width = canvas.height = size * scale;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", side.label);
  const small = document.createElement("canvas");
  small.width = small.height = size;
  const picture = penOf(small).createImageData(size, size);
  const decision = bytes(side.decision);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const value = decision[(size - 1 - row) * size + column];
      const colour = rgb(palette.classes[Math.floor(value / data.levels) % 5]);
      const sure = 0.12 + (0.5 * (value % data.levels)) / Math.max(1, data.levels - 1);
      const at = 4 * (row * size + column);
      for (let i = 0; i < 3; i += 1) picture.data[at + i] = paper[i] + (colour[i] - paper[i]) * sure;
      picture.data[at + 3] = 255;
    }
  penOf(small).putImageData(picture, 0, 0);
  const pen = penOf(canvas);
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
  const [x0, x1, y0, y1] = data.domain;
  for (const [x, y, label] of data.points) {
    pen.beginPath();
    pen.arc(((x - x0) / (x1 - x0)) * canvas.width, ((y1 - y) / (y1 - y0)) * canvas.height, 5, 0, 7);
    pen.fillStyle = palette.classes[label % 5];
    pen.strokeStyle = "rgba(255, 255, 255, 0.9)";
    pen.lineWidth = 1.5;
    pen.fill();
    pen.stroke();
  }
  return canvas;
}

/**
 * @param {AnswersSide} side
 * @param {AnswersData} data
 * @param {AnswersPalette} palette
 */
function tiles(side, data, palette) {
  const box = document.createElement("div");
  box.className = "tiles";
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", side.label);
  const [height, width, channels] = data.shape;
  const pixels = bytes(data.images);
  data.labels.forEach((label, index) => {
    const tile = document.createElement("div");
    tile.className = "tile";
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const pen = penOf(canvas);
    const picture = pen.createImageData(width, height);
    for (let i = 0; i < width * height; i += 1) {
      for (let c = 0; c < 3; c += 1) {
        const plane = channels === 3 ? c : 0;
        picture.data[4 * i + c] = pixels[(index * channels + plane) * width * height + i];
      }
      picture.data[4 * i + 3] = 255;
    }
    pen.putImageData(picture, 0, 0);
    const said = document.createElement("span");
    said.textContent = `${side.answers[index]} · ${Math.round(100 * side.sure[index])} %`;
    tile.style.setProperty("--line", side.right[index] ? palette.positive : palette.wrong);
    tile.title = side.right[index] ? side.answers[index] : `${side.answers[index]} ≠ ${label}`;
    tile.append(canvas, said);
    box.append(tile);
  });
  return box;
}

/** @param {Component<AnswersData>} options */
export default function ({ data, parentElement }) {
  let view = parentElement.querySelector(".answers");
  if (!view) {
    view = document.createElement("div");
    view.className = "answers";
    parentElement.append(view);
  }
  const style = getComputedStyle(/** @type {{ host?: Element }} */ (parentElement).host ?? parentElement);
  const paper = rgb(style.getPropertyValue("--st-background-color"));
  const palette = paper[0] + paper[1] + paper[2] < 384 ? data.palette.dark : data.palette.light;
  view.replaceChildren(
    ...data.sides.map((side) => {
      const figure = document.createElement("figure");
      const caption = document.createElement("figcaption");
      const title = document.createElement("b");
      title.textContent = side.title;
      const score = document.createElement("span");
      score.textContent = side.told;
      caption.append(title, score);
      figure.append(caption, data.kind === "plane" ? plane(side, data, palette, paper) : tiles(side, data, palette));
      return figure;
    }),
  );
}
