// What the first HTML itself does, before any other script: where no page has come after a while, it says why. Inline, as
// a file of its own might not come either; arrival.py puts the words before it.

{
  const PATIENCE = 10_000;
  const EVERY = 5000;
  const LOOK = 200;
  /** @type {Words} */
  const words = JSON.parse(document.getElementById("tp-arrival")?.textContent ?? "{}");
  const note = document.createElement("p");
  note.setAttribute("role", "status");
  note.dataset.testid = "not-arrived";
  note.style.cssText =
    "position:fixed;z-index:9999999;top:35%;left:50%;transform:translateX(-50%);width:min(36rem,calc(100vw - 2rem));" +
    "box-sizing:border-box;margin:0;padding:1rem 1.2rem;border:1px solid color-mix(in srgb, currentColor 40%, transparent);border-left:4px solid currentColor;" +
    "border-radius:6px;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere;color-scheme:light dark;" +
    "background:Canvas;color:CanvasText";
  let missing = "";
  let next = PATIENCE;
  let asking = false;

  addEventListener(
    "error",
    ({ target }) => {
      if (target instanceof HTMLScriptElement) missing ||= target.src || document.baseURI;
    },
    true,
  );

  /** Streamlit's grey bars, and what it has before them, hold no text. */
  const isHere = () =>
    [...document.querySelectorAll('[data-testid="stElementContainer"]')].some((element) => element.textContent);
  /** @param {string} path */
  const addressOf = (path) => new URL(path, document.baseURI);

  /**
   * Whether a socket like the page's own opens.
   * @returns {Promise<boolean>}
   */
  const opens = () =>
    new Promise((resolve) => {
      const url = addressOf("_stcore/stream");
      url.protocol = url.protocol.replace("http", "ws");
      const socket = new WebSocket(url, ["streamlit"]);
      const end = (/** @type {boolean} */ open) => {
        resolve(open);
        socket.close();
      };
      socket.onopen = () => end(true);
      socket.onclose = () => end(false);
      setTimeout(end, EVERY, false);
    });

  /**
   * The name of the sentence, and the address and status in it.
   * @returns {Promise<[name: string, address: string, status?: number]>}
   */
  const reason = async () => {
    const started = document.getElementById("root")?.hasChildNodes();
    const broken = !started && (missing || document.readyState === "complete");
    if (!started && !broken) return ["loading", ""];
    const address = new URL(missing || addressOf("_stcore/health"));
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) return ["elsewhere", address.pathname, answer.status];
    const reach = addressOf("live/reach");
    reach.searchParams.set("page", location.origin);
    const told = await fetch(reach, { cache: "no-store" });
    const known = await told.json().catch(() => null);
    if (known?.reason) return [known.reason, ""];
    if (broken) return ["incomplete", ""];
    return (await opens()) ? ["busy", ""] : ["socket", addressOf("_stcore/stream").pathname];
  };

  const say = async () => {
    const [name, address, status] = await reason().catch(() => /** @type {const} */ (["server", "", 0]));
    if (isHere()) return;
    const filled = words[name].replace("{address}", address).replace("{status}", `${status}`);
    note.textContent = filled.replace("{page}", location.origin);
    (document.body ?? document.documentElement).append(note);
  };

  const timer = setInterval(() => {
    if (isHere()) {
      clearInterval(timer);
      note.remove();
    } else if (!asking && performance.now() > next) {
      asking = true;
      say().finally(() => {
        next = performance.now() + EVERY;
        asking = false;
      });
    }
  }, LOOK);
}
