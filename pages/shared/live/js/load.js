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

/** @param {string} file */
async function load(file) {
  if (!loaded.has(file)) {
    const module = await import(new URL(file, document.baseURI).href);
    await stylesLoaded();
    loaded.set(file, module);
  }
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
  else if (module) Promise.all(files.map(load)).then(mount);
  return () => {
    gone = true;
    if (leave) leave();
  };
}
