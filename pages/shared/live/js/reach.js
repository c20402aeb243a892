// Why the server can't be reached by a page that never was connected to it.

const PATIENCE = 5000;

/**
 * Ask by a plain request.
 * @param {string} path the run's address
 * @returns {Promise<Unreached>}
 */
export async function whyUnreached(path) {
  const url = new URL(path, document.baseURI);
  const about = { address: url.pathname, page: window.location.origin };
  url.pathname += "/reach";
  url.searchParams.set("page", about.page);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE);
  try {
    const answer = await fetch(url, { cache: "no-store", credentials: "same-origin", signal: late.signal });
    const text = await answer.text();
    return { ...about, reason: reasonIn(answer.ok, text), status: answer.status };
  } catch {
    return { ...about, reason: "server", status: 0 };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {boolean} ok
 * @param {string} text
 */
export function reasonIn(ok, text) {
  try {
    if (ok) return JSON.parse(text).reason || "blocked";
  } catch {
    // Something else answers there.
  }
  return "elsewhere";
}
