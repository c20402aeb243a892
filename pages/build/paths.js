// Where blocks stand in the list of a network: [3], or [3, 1] inside of a residual block.

/**
 * @param {unknown} one
 * @param {unknown} other
 */
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * The place of the block that an element of the list belongs to.
 * @param {HTMLElement} node
 * @returns {BlockPath}
 */
export function pathOf(node) {
  /** @type {HTMLElement | null} */
  const item = node.closest(".tp-block");
  return (item?.dataset.path ?? "").split(".").map(Number);
}

/**
 * The row of a block.
 * @param {BlockRow[]} rows
 * @param {BlockPath} path
 */
export const rowAt = (rows, path) => rows.find((row) => same(row.path, path));

/**
 * How many blocks there are outside of residual blocks.
 * @param {BlockRow[]} rows
 */
export const countOuter = (rows) => rows.filter(({ path }) => path.length === 1).length;

/**
 * How many blocks a residual block has.
 * @param {BlockRow[]} rows
 * @param {number} index
 */
export const countInner = (rows, index) => rows.filter(({ path }) => path.length === 2 && path[0] === index).length;

/**
 * The place right below a block: inside of a residual block, behind any other one.
 * @param {BlockRow[]} rows
 * @param {BlockPath} path
 * @returns {BlockPath}
 */
export function below(rows, path) {
  if (path.length === 1 && rowAt(rows, path)?.kind === "Residual") return [path[0], 0];
  return [...path.slice(0, -1), path[path.length - 1] + 1];
}

/**
 * Before which place a block stands once it was moved by one; null at the end.
 * @param {BlockRow[]} rows
 * @param {BlockPath} path
 * @param {number} by -1 for up, 1 for down
 * @returns {BlockPath | null}
 */
export function placeAfterMove(rows, path, by) {
  const [index, number] = path;
  if (path.length === 2) {
    if (by < 0) return number > 0 ? [index, number - 1] : [index];
    return number < countInner(rows, index) - 1 ? [index, number + 2] : [index + 1];
  }
  const next = rowAt(rows, [index + by]);
  if (!next) return null;
  const isWhole = rowAt(rows, path)?.kind === "Residual";
  if (next.kind === "Residual" && !isWhole) {
    return by < 0 ? [index - 1, countInner(rows, index - 1)] : [index + 1, 0];
  }
  return by < 0 ? [index - 1] : [index + 2];
}
