const at = new WeakMap();

/** @param {Component<MovesData>} options */
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".moves") ?? document.createElement("div");
  if (!root.parentNode) {
    root.className = "moves";
    parentElement.append(root);
  }
  /**
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {string} kind
   * @param {string} [text]
   */
  const make = (tag, kind, text) => {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const chips = () => /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".chip"));
  /** @param {boolean} moved */
  const draw = (moved) => {
    const before = new Map();
    for (const chip of chips()) before.set(chip.dataset.name, chip.getBoundingClientRect());
    const stage = Math.min(at.get(parentElement) ?? 0, data.stages.length - 1);
    const { title, code, places, told, error } = data.stages[stage];
    const bar = make("div", "bar");
    const back = make("button", "", data.back),
      next = make("button", "main", data.next);
    back.disabled = stage === 0;
    next.disabled = stage === data.stages.length - 1;
    /** @param {number} by */
    const go = (by) => () => {
      at.set(parentElement, stage + by);
      draw(true);
      root.querySelectorAll("button")[by > 0 ? 1 : 0].focus();
    };
    back.onclick = go(-1);
    next.onclick = go(1);
    const dots = make("span", "dots");
    data.stages.forEach((_, index) => dots.append(make("i", index === stage ? "here" : "")));
    bar.append(back, next, make("span", "title", title), dots);
    const boxes = make("div", "places");
    const cpu = make("div", "place"),
      device = make("div", "place device");
    cpu.append(make("h2", "", data.cpu));
    device.append(make("h2", "", data.device));
    const earlier = new Map((data.stages[stage - 1]?.places ?? []).map((place) => [place.name, place.there]));
    for (const place of places) {
      const chip = make("div", earlier.get(place.name) === place.there ? "chip" : "chip new");
      chip.dataset.name = place.name;
      chip.append(make("span", "", place.name), make("span", "", place.shape));
      (place.there ? device : cpu).append(chip);
    }
    boxes.append(cpu, device);
    const words = make("p", "told", told);
    if (error) words.append(document.createElement("br"), make("span", "error", error));
    root.replaceChildren(bar, make("pre", error ? "fails" : "", code), boxes, words);
    if (!moved || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const chip of chips()) {
      const old = before.get(chip.dataset.name),
        now = chip.getBoundingClientRect();
      if (!old) chip.animate([{ opacity: 0 }, { opacity: 1 }], 300);
      else if (old.x !== now.x || old.y !== now.y) {
        const from = `translate(${old.x - now.x}px, ${old.y - now.y}px)`;
        const how = { duration: 450, easing: "ease-in-out" };
        chip.animate([{ transform: from, zIndex: 2 }, { transform: "none" }], how);
      }
    }
  };
  draw(false);
}
