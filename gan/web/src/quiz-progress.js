// How far a quiz has come: a mark for each picture, and the pictures that were answered, by what they are.

import { context2d, element } from "./dom.js";
import { SIDE } from "./painter.js";

/** @import { About } from "./quiz.js" */

export class Progress {
  constructor() {
    this.number = element("span", { className: "number" });
    this.score = element("span", { className: "quiet" });
    this.marks = element("ol", { className: "marks", "aria-hidden": "true" });
    const pile = () => element("span", { className: "pile" });
    this.piles = { r: pile(), f: pile() };
    const line = (/** @type {"r" | "f"} */ letter, /** @type {string} */ name) =>
      element(
        "div",
        {},
        element("span", { className: name }, `${name === "real" ? "Real" : "Forged"} so far`),
        this.piles[letter],
      );
    this.nodes = [
      element("div", { className: "line" }, this.number, this.score),
      this.marks,
      element("div", { className: "piles", "data-testid": "quiz-piles" }, line("r", "real"), line("f", "forged")),
    ];
  }

  /** @param {number} count of pictures */
  begin(count) {
    this.marks.replaceChildren(...Array.from({ length: count }, () => element("li")));
    for (const pile of Object.values(this.piles)) pile.replaceChildren();
  }

  /**
   * @param {About} about
   * @param {number} seen how many were answered and shown
   * @param {number} at the number of the picture that is looked at
   */
  show({ truth, given, count }, seen, at) {
    const right = [...truth].filter((one, index) => one === given[index]).length;
    this.number.textContent = `Picture ${at} of ${count}`;
    this.score.textContent = seen ? `${right} of ${seen} right` : "";
    [...this.marks.children].forEach((mark, index) => {
      const done = index < seen;
      const good = truth[index] === given[index];
      mark.className = done ? (good ? "right" : "wrong") : index === at - 1 ? "now" : "";
      mark.textContent = done ? (good ? "✓" : given[index] === "-" ? "–" : "✗") : "";
    });
  }

  /**
   * Puts a picture that was answered to those of its kind.
   * @param {HTMLCanvasElement} picture
   * @param {string} truth
   * @param {boolean} right whether the answer was
   */
  add(picture, truth, right) {
    const copy = element("canvas", {
      width: SIDE,
      height: SIDE,
      className: right ? "" : "wrong",
      "aria-hidden": "true",
    });
    context2d(copy).drawImage(picture, 0, 0);
    this.piles[truth === "r" ? "r" : "f"].append(copy);
  }
}
