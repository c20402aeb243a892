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

/** @param {Component} component */
export default function (component) {
  /** @type {(() => void) | null} */
  let leave = null;
  let gone = false;
  const { module, picture } = component.data ?? {};
  /** @param {string | undefined} file */
  const load = (file) => file && import(new URL(file, window.location.origin).href);
  if (module) {
    Promise.all([load(module), load(picture?.module)]).then(async ([view, drawn]) => {
      await stylesLoaded();
      if (!gone) leave = view.mount(component, drawn);
    });
  }
  return () => {
    gone = true;
    if (leave) leave();
  };
}
