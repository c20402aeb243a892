// How a view lives inside a Streamlit component, which calls it again at every change of data or theme.

import "./styles.js";

const SETTLE = 50;

/**
 * Make `mount(component, picture)`: one view a parent element, built once, then updated.
 * @param {string} name
 * @param {new (parent: HTMLElement, component: Component<any>, picture: PictureModule) => View<any>} View
 */
export function keep(name, View) {
  // On window, so that a second copy of this module finds the view that is already there.
  const key = Symbol.for(`torch-playground.views.${name}`);
  window[key] ??= new WeakMap();
  const views = window[key];

  /**
   * @param {Component<any>} component
   * @param {PictureModule} picture
   */
  return function mount(component, picture) {
    const parent = component.parentElement;
    let held = views.get(parent);
    if (!held) {
      held = { view: new View(parent, component, picture), turn: 0 };
      views.set(parent, held);
    }
    held.turn += 1;
    const turn = held.turn;
    held.view.update(component, picture);
    return () => {
      // Streamlit may clean up an overtaken call while its component stays on the page.
      setTimeout(() => {
        if (views.get(parent) !== held || (held.turn !== turn && parent.isConnected)) return;
        views.delete(parent);
        held.view.destroy();
      }, SETTLE);
    };
  };
}
