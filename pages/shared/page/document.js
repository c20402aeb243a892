// Unseen: the language of the document, which Streamlit always calls English; and on a phone the sheet with settings and
// navigation, which closes when a page is chosen in it.

const SHEET = '[data-testid="stSidebar"]';
const CLOSE = `${SHEET}[data-collapsed="false"] [data-testid="stSidebarCollapseButton"] button`;
const phone = window.matchMedia("(max-width: 768px)");

/** @param {MouseEvent} event */
function closeSheet({ target }) {
  if (!phone.matches || !(target instanceof Element) || !target.closest(`${SHEET} [data-testid="stSidebarNavLink"]`)) {
    return;
  }
  /** @type {HTMLElement | null} */
  const close = document.querySelector(CLOSE);
  close?.click();
}

/** @param {Component<{ lang: string }>} component */
export default function ({ data }) {
  document.documentElement.lang = data.lang;
  document.addEventListener("click", closeSheet);
  return () => document.removeEventListener("click", closeSheet);
}
