// Home's cards: a link to each page, with a picture of it.

import { create } from "../shared/live/js/dom.js";
import { keep } from "../shared/live/js/mounting.js";
import { loadStyles } from "../shared/live/js/styles.js";
import { readTheme } from "../shared/live/js/theme.js";

loadStyles("./home.css", import.meta.url);

const WIDTH = 320;
const HEIGHT = 180;

class Cards {
  /** @type {Component<CardsData>} */
  component;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.element = create("nav", { class: "tp-cards", "data-testid": "home-cards" });
    parent.append(this.element);
  }

  /** @param {Component<CardsData>} component */
  update(component) {
    this.component = component;
    const { dark } = readTheme(this.element);
    this.element.setAttribute("aria-label", component.data.label);
    const made = JSON.stringify([component.data, dark]);
    if (made === this.element.dataset.made) return;
    this.element.dataset.made = made;
    this.element.replaceChildren(...component.data.cards.map((card) => this.card(card, dark)));
  }

  /**
   * @param {CardsData["cards"][number]} card
   * @param {boolean} dark
   */
  card(card, dark) {
    const { title, sentence, minutes } = this.component.data.text[card.folder];
    return create(
      "a",
      { class: "tp-card", href: card.address, onclick: (event) => this.go(event, card.folder) },
      create("img", { src: dark ? card.dark : card.light, width: WIDTH, height: HEIGHT, alt: "", loading: "lazy" }),
      create("strong", {}, title),
      create("span", {}, sentence),
      create("small", {}, minutes),
    );
  }

  /**
   * A plain click stays in this tab and its session; all others are the browser's.
   * @param {MouseEvent} event
   * @param {string} folder
   */
  go(event, folder) {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.component.setTriggerValue("go", { folder, n: Date.now() });
  }

  destroy() {
    this.element.remove();
  }
}

export const mount = keep("cards", Cards);
