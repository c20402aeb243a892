// What Streamlit is given of each component that is made of modules: it loads the view, and the picture inside it.

/** The styles that the scripts have asked for are here, or can't be had. */
const stylesLoaded = () => {
  const missing = [...document.querySelectorAll('link[data-view="loading"]')];
  /** @param {Element} link */
  const settled = (link) =>
    new Promise((resolve) => {
      for (const end of ["load", "error"]) link.addEventListener(end, resolve, { once: true });
    });
  return Promise.all(missing.map(settled));
};

// Modules by their addresses, once they are here with their styles. An import would find them as well, but only some
// turns of the browser's loop later, and between two of these all the widgets of a page may be made.
const LOADED = Symbol.for("torch-playground.modules");
window[LOADED] ??= new Map();
const loaded = window[LOADED];

/** Milliseconds until a page says why a view isn't there, and until it asks for it again. */
const PATIENCE = 3000;
const AGAIN = 3000;

/** @param {string} file */
const addressOf = (file) => new URL(file, document.baseURI);

/**
 * @param {string} file
 * @param {number} turn
 */
async function load(file, turn) {
  if (loaded.has(file)) return;
  const address = addressOf(file);
  if (turn) address.hash = String(turn); // what a browser could not get once, it need not ask for again
  const module = await import(address.href);
  await stylesLoaded();
  loaded.set(file, module);
}

/**
 * What is in the way of a script, by the name of its sentence, and what there is to say of it.
 * @param {string} file
 */
async function faultOf(file) {
  const { href, pathname: address } = addressOf(file);
  try {
    const { ok, status, headers } = await fetch(href, { cache: "no-store" });
    const isScript = headers.get("content-type")?.includes("javascript");
    if (ok && isScript) return { name: "broken", address, status };
    return { name: status === 401 || status === 403 ? "forbidden" : "elsewhere", address, status };
  } catch {
    return { name: "server", address, status: 0 };
  }
}

/**
 * Why these scripts are not here, as a sentence.
 * @param {string[]} files
 * @param {Words} text
 */
async function reasonFor(files, text) {
  const missing = files.find((file) => !loaded.has(file)) ?? files[0];
  const { name, address, status } = await faultOf(missing);
  return text[name].replace("{address}", address).replace("{status}", String(status));
}

/** A line in the place of a view that isn't there. */
class Note {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.line = document.createElement("p");
    this.line.setAttribute("role", "status");
    this.line.dataset.testid = "not-loaded";
    this.line.style.cssText =
      "margin:0;padding:10px 12px;border-left:3px solid currentColor;border-radius:4px;font-size:14px;line-height:1.4;" +
      "overflow-wrap:anywhere;background:var(--st-secondary-background-color,transparent);color:var(--st-text-color,inherit)";
  }

  /** @param {string} words */
  say(words) {
    if (this.line.textContent !== words) this.line.textContent = words;
    if (!this.line.isConnected) this.host.append(this.line);
  }
}

/**
 * Load all of these, as often as it takes, and say meanwhile why they are not here.
 * @param {string[]} files
 * @param {Component<any>} component
 * @param {() => boolean} isGone
 */
async function loadAll(files, { data, parentElement }, isGone) {
  const note = new Note(parentElement);
  const text = data.not_loaded;
  let failed = false;
  const say = async () => {
    const words = failed ? await reasonFor(files, text) : text.loading;
    if (!isGone() && !files.every((file) => loaded.has(file))) note.say(words);
  };
  const late = setTimeout(say, PATIENCE);
  const begin = performance.now();
  for (let turn = 0; !isGone(); turn += 1) {
    try {
      await Promise.all(files.map((file) => load(file, turn)));
      break;
    } catch {
      failed = true;
      if (performance.now() - begin > PATIENCE) say();
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
  clearTimeout(late);
  note.line.remove();
}

/** @param {Component} component */
export default function (component) {
  /** @type {(() => void) | null} */
  let leave = null;
  let gone = false;
  const { module, picture } = component.data ?? {};
  const files = [module, picture?.module].filter(Boolean);
  const mount = () => {
    if (!gone) leave = loaded.get(module).mount(component, loaded.get(picture?.module));
  };
  if (module && files.every((file) => loaded.has(file))) mount();
  else if (module) loadAll(files, component, () => gone).then(mount);
  return () => {
    gone = true;
    if (leave) leave();
  };
}
