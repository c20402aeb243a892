// In every page before Streamlit's own script: a random token of this tab, by which the server knows it where the browser
// sends no cookie, as in a frame of another site. It goes with each request and socket to the page's own server, never in
// an address. See pages/shared/server/tab_token.py.
{
  const NAME = "torch-playground";
  const HEADER = "Torch-Playground-Tab";
  /** 128 random bits. */
  const made = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  /** The token is the same after a reload: kept with the tab, or where the browser forbids that, in its history. */
  const token = (() => {
    try {
      const kept = sessionStorage.getItem(NAME) ?? made();
      sessionStorage.setItem(NAME, kept);
      return kept;
    } catch {
      return keptInHistory();
    }
  })();

  /** Every entry that the page makes in the tab's history has the token; pages of other sites can't read it there. */
  function keptInHistory() {
    const kept = history.state?.[NAME] ?? made();
    const { pushState, replaceState } = history;
    for (const [name, plain] of Object.entries({ pushState, replaceState })) {
      history[/** @type {"pushState" | "replaceState"} */ (name)] = (state, ...rest) =>
        plain.call(history, { ...state, [NAME]: kept }, ...rest);
    }
    history.replaceState(history.state, "");
    // When the page around a frame is reloaded, its history begins anew.
    if (window.parent !== window) document.documentElement.dataset.forgets = "";
    return kept;
  }

  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    /**
     * @param {string | URL} url
     * @param {string | string[]} [protocols]
     */
    constructor(url, protocols = []) {
      const ours = new URL(url, location.href).host === location.host;
      super(url, ours ? [...[protocols].flat(), NAME, `${NAME}.${token}`] : protocols);
    }
  };

  const plainFetch = window.fetch;
  window.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI);
    if (url.origin !== location.origin) return plainFetch(input, init);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set(HEADER, token);
    return plainFetch(input, { ...init, headers });
  };
}
