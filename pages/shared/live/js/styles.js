// Styles of views: each is loaded once, in the order in which their scripts ask, those of the live view first.

/**
 * Load a style that stands beside a script: loadStyles("./network.css", import.meta.url).
 * @param {string} file
 * @param {string} script
 */
export function loadStyles(file, script) {
  const { href } = new URL(file, script);
  if (document.querySelector(`link[href="${href}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  link.dataset.view = "loading";
  for (const end of ["load", "error"]) {
    link.addEventListener(end, () => {
      link.dataset.view = end;
    });
  }
  document.head.append(link);
}

loadStyles("./live.css", import.meta.url);
