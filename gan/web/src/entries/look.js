import { listen } from "../keys.js";

// What pages need a script for. It runs once in a tab, however often a page is drawn.
if (!("counterfeit" in window)) {
  Object.assign(window, { counterfeit: true });
  listen();
  const elementOf = (/** @type {EventTarget | null | undefined} */ target) =>
    target instanceof Element ? target : null;
  // On a phone the navigation is a side bar that covers the page. Streamlit 1.67 leaves it open over the page that
  // was chosen from it.
  document.addEventListener("click", (event) => {
    if (innerWidth < 768 && elementOf(event.target)?.closest('[data-testid="stSidebarNavLink"]'))
      /** @type {HTMLElement | null} */ (
        document.querySelector('[data-testid="stSidebarCollapseButton"] button')
      )?.click();
  });
  // A meaning opens below its line: at the foot of the window, where it would be cut off, above it.
  const place = (/** @type {Event} */ event) => {
    const meaning = elementOf(event.composedPath()[0])?.closest(".term")?.querySelector(".term-meaning");
    meaning?.classList.remove("above");
    if (meaning && meaning.getBoundingClientRect().bottom > innerHeight) meaning.classList.add("above");
  };
  document.addEventListener("pointerover", place);
  document.addEventListener("focusin", place);
  // Escape puts away the meaning of a word.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest(".term"))?.blur();
  });
}
