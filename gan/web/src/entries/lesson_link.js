// The link of a lesson that one makes of a page: the page's address as it is now, with the lesson in it.

import { copy, element } from "../dom.js";
import { OF_LESSON } from "../links.js";
import "../lesson_link.css";

/**
 * @typedef {object} Told
 * @property {string} code the lesson, as an address holds it; empty where there is none yet
 * @property {string} file the lesson as a file, with `"@query"` where the page's state belongs
 */
/**
 * @typedef {object} Component
 * @property {HTMLElement} parentElement
 * @property {Told} data
 */
/** @typedef {HTMLElement & { show?: (told: Told) => void }} Root */

/** @param {Root} root */
function build(root) {
  /** @type {Told} */
  let told = { code: "", file: "" };
  const state = () => {
    const query = new URLSearchParams(location.search);
    for (const name of OF_LESSON) query.delete(name);
    return query;
  };
  const link = () => {
    const query = state();
    query.set("lesson", told.code);
    return `${location.origin}${location.pathname}?${query}`;
  };
  const file = () => told.file.replace('"@query"', () => JSON.stringify(String(state())));
  const address = element("input", { readOnly: true, "aria-label": "The link", "data-testid": "lesson-link" });
  const text = element("textarea", {
    readOnly: true,
    rows: 7,
    "aria-label": "The lesson as a file",
    "data-testid": "lesson-file",
  });
  const refresh = () => {
    address.value = told.code ? link() : "";
    text.value = told.code ? file() : "";
  };
  /** @type {HTMLButtonElement} */
  const copyLink = element("button", {
    textContent: "Copy",
    onclick: () => {
      refresh();
      void copy(copyLink, link());
    },
  });
  /** @type {HTMLButtonElement} */
  const copyFile = element("button", {
    textContent: "Copy the file",
    onclick: () => {
      refresh();
      void copy(copyFile, file());
    },
  });
  const shown = element(
    "div",
    { className: "made" },
    element("div", { className: "row" }, address, copyLink),
    element(
      "details",
      { ontoggle: refresh },
      element("summary", { textContent: "As a file for the folder of lessons" }),
      text,
      copyFile,
    ),
  );
  root.replaceChildren(shown);
  address.addEventListener("focus", () => {
    refresh();
    address.select();
  });
  return (/** @type {Told} */ next) => {
    told = next;
    shown.hidden = !told.code;
    refresh();
  };
}

/** @param {Component} component */
export default ({ parentElement, data }) => {
  const root = /** @type {Root} */ (parentElement.querySelector(".root"));
  root.show ??= build(root);
  root.show(data);
};
