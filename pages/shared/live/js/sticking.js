// What stays in sight while one scrolls: it stands below the header once its own place is out of sight there.

/**
 * Keep a bar in sight; returns what ends that.
 * @param {HTMLElement} place keeps the bar's room on the page, and is marked while the bar is elsewhere
 * @param {HTMLElement} bar
 */
export function stick(place, bar) {
  const header = document.querySelector('[data-testid="stHeader"]');
  const measure = () => {
    const { left, width } = place.getBoundingClientRect();
    bar.style.setProperty("--tp-left", `${left}px`);
    bar.style.setProperty("--tp-width", `${width}px`);
  };
  const top = header?.getBoundingClientRect().bottom ?? 0;
  const watching = new IntersectionObserver(
    (entries) => {
      const { boundingClientRect: box, intersectionRatio } = entries[entries.length - 1];
      const stuck = intersectionRatio < 1 && box.top < top && box.height > 0;
      if (stuck === place.hasAttribute("data-stuck")) return;
      measure();
      place.style.height = stuck ? `${box.height}px` : "";
      place.toggleAttribute("data-stuck", stuck);
    },
    { rootMargin: `-${top}px 0px 0px 0px`, threshold: [0, 0.5, 1] },
  );
  watching.observe(place);
  const resizing = new ResizeObserver(measure);
  resizing.observe(place);
  return () => {
    watching.disconnect();
    resizing.disconnect();
  };
}
