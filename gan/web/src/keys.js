// The keys of all pages: those that press a button of the page, and the list that `?` shows. Widgets hear their own.

import { element } from "./dom.js";

/**
 * Whether a key belongs to something that one types into or moves.
 * @param {KeyboardEvent} event
 */
export function typing(event) {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  return (
    target instanceof Element &&
    target.closest(
      "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], [role=combobox], [role=slider]",
    ) !== null
  );
}

/** What keys do on a page, as `?` shows it. @type {Record<string, [string, string][]>} */
const LISTED = {
  train: [
    ["space", "pause, and go on"],
    ["← →", "look back, moment by moment"],
  ],
  steps: [
    ["space", "slow motion: play and stop"],
    ["← →", "stage by stage"],
  ],
  explore: [
    ["0 … 9", "ask for this digit"],
    ["N", "draw a new latent"],
  ],
  flatland: [
    ["space", "play and pause"],
    ["→", "the next move"],
    ["D, G", "a move of the detective, of the forger"],
  ],
  quiz: [["R, F", "real, forged"]],
};
/** @type {[string, string][]} */
const EVERYWHERE = [
  ["PageDown, PageUp", "next and previous step of the lesson"],
  ["?", "show and hide these keys"],
];

const page = () => location.pathname.split("/").at(-1) ?? "";

/**
 * Presses the first button that is there.
 * @param {string} selector
 */
function press(selector) {
  /** @type {HTMLButtonElement | null} */
  const button = document.querySelector(selector);
  if (!button || button.disabled) return false;
  button.click();
  return true;
}

/** @type {HTMLElement | undefined} */
let sheet;

function hide() {
  sheet?.remove();
  sheet = undefined;
}

function list() {
  if (sheet) {
    hide();
    return;
  }
  const rows = [...(LISTED[page()] ?? []), ...EVERYWHERE].flatMap(([key, what]) => [
    element("kbd", { textContent: key }),
    element("span", { textContent: what }),
  ]);
  sheet = element("div", { className: "keys-sheet", role: "dialog", "aria-label": "Keys", onclick: hide }, ...rows);
  // Within the app, whose scheme it wears.
  (document.querySelector(".stApp") ?? document.body).append(sheet);
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key === "Escape") hide();
  if (event.defaultPrevented || typing(event)) return;
  let done = false;
  if (event.key === "?") {
    list();
    done = true;
  } else if (event.key === "PageDown") done = press(".st-key-lesson-next button");
  else if (event.key === "PageUp") done = press(".st-key-lesson-back button");
  else if (event.key === " " && page() === "train") {
    // On a button, the space bar presses that one.
    const target = event.composedPath()[0];
    if (target instanceof Element && target.closest("button, a, summary")) return;
    done = press(":is(.st-key-pause, .st-key-resume) button");
  }
  if (done) event.preventDefault();
}

/** A step of a lesson is read from its beginning. @param {MouseEvent} event */
function clicked({ target }) {
  const step = ':is(.st-key-lesson-next, .st-key-lesson-back, [class*="st-key-lesson-open-"]) button';
  if (target instanceof Element && target.closest(step))
    document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });
}

export const listen = () => {
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", clicked);
};
