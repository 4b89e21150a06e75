// Chapter 1: two 3s, one of which is forged.

import { element } from "../dom.js";
import { line } from "./parts.js";

/** @import { Thing, Tools } from "./parts.js" */

/** So many right answers are asked for. */
const ENOUGH = 3;

/**
 * @param {HTMLElement} root
 * @param {{ real: string[], forged: string[] }} told pictures
 * @param {Tools} tools
 * @returns {Thing}
 */
export function mountTell(root, { real, forged }, tools) {
  let right = 0;
  let asked = 0;
  let forgedSide = 0;
  let open = true;
  const draw = (/** @type {string[]} */ from) => from[Math.floor(Math.random() * from.length)];
  const pictures = [0, 1].map((side) => element("img", { alt: side ? "The right picture" : "The left picture" }));
  const marks = [0, 1].map(() => element("small"));
  const buttons = [0, 1].map((side) =>
    element(
      "button",
      { type: "button", className: "picture", "data-testid": `tell-${side}`, onclick: () => answer(side) },
      pictures[side],
      marks[side],
    ),
  );
  const says = line("says");
  says.setAttribute("aria-live", "polite");
  const again = element("button", { type: "button", textContent: "Next pair", onclick: () => next() });
  const next = () => {
    open = true;
    forgedSide = Math.random() < 0.5 ? 0 : 1;
    pictures.forEach((picture, side) => {
      picture.src = draw(side === forgedSide ? forged : real);
    });
    for (const mark of marks) mark.textContent = "this one is forged";
    for (const button of buttons) button.classList.remove("forged", "real");
    says.textContent = asked
      ? `${right} of ${asked} right so far. And here?`
      : "Press the one that a machine has made.";
    again.disabled = true;
  };
  const answer = (/** @type {number} */ side) => {
    if (!open) return;
    open = false;
    asked += 1;
    const found = side === forgedSide;
    if (found) right += 1;
    buttons.forEach((button, own) => {
      button.classList.add(own === forgedSide ? "forged" : "real");
      marks[own].textContent = own === forgedSide ? "forged" : "real";
    });
    says.textContent = `${found ? "Right" : "No"}: the ${forgedSide ? "right" : "left"} one is forged. ${right} of ${asked} right.`;
    again.disabled = false;
    if (right >= ENOUGH) tools.tried();
  };
  const more = element("a", { href: "quiz", target: "_self", textContent: "Twenty of them: the quiz" });
  next();
  root.append(
    element("div", { className: "tell" }, ...buttons, element("div", { className: "beside" }, says, again, more)),
  );
  return {};
}
