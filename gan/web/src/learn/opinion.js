// Chapter 2: what the discriminator says of a drawing, as each of the ten digits; and of what lies between noise and a
// forgery.

import { element } from "../dom.js";
import { mixOfClass, normal } from "../latents.js";
import { picture, SIDE } from "../painter.js";
import { drawingPaper } from "../paper.js";
import { LatentSelection } from "../selection.js";
import { line, meter, whenNear } from "./parts.js";

/** @import { Program } from "../runtime.js" */
/** @import { Thing, Tools } from "./parts.js" */

const START = "Draw a digit: D says how real it looks as each of the ten.";
const chance = (/** @type {number} */ logit) => 1 / (1 + Math.exp(-logit));

/**
 * @param {HTMLElement} root
 * @param {unknown} _told
 * @param {Tools} tools
 * @returns {Thing}
 */
export function mountOpinion(root, _told, tools) {
  /** @type {Program | undefined} */
  let program;
  /** @type {Float32Array | null} */
  let target = null;
  const noise = Float32Array.from({ length: SIDE * SIDE }, () => Math.max(-1, Math.min(1, normal() * 0.6)));
  /** @type {Float32Array} */
  let forgery = noise;

  const bars = Array.from({ length: 10 }, (_, digit) => meter(`a ${digit}`, "discriminator"));
  const says = line("says", START);
  says.setAttribute("aria-live", "polite");
  says.dataset.testid = "opinion";
  const judge = () => {
    const answers = bars.map((bar, digit) => {
      const value = program && target ? chance(program.discriminate(target, mixOfClass(digit, 10))) : 0;
      bar.show(value);
      return value;
    });
    if (!program || !target) return;
    const best = answers.indexOf(Math.max(...answers));
    says.textContent = `Told that it is a ${best}, D says ${answers[best].toFixed(2)}. It has learned to tell real from forged, not one digit from another.`;
  };
  const paper = drawingPaper("a digit", {
    onstroke: () => {},
    onlift: (found) => {
      target = found;
      judge();
      if (program) tools.tried();
    },
    onclear: () => {
      target = null;
      says.textContent = START;
      judge();
    },
  });
  target = paper.target();

  const between = picture({ "aria-label": "A picture between noise and a forged 3" });
  const opinion = meter("D, told that it is a 3", "discriminator");
  const slider = element("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.01,
    value: 0,
    "aria-label": "From noise to a forgery",
    "data-testid": "noise-to-digit",
    oninput: () => {
      blend();
      if (program && Number(slider.value) > 0.9) tools.tried();
    },
  });
  const blend = () => {
    const share = Number(slider.value);
    const pixels = noise.map((value, i) => (1 - share) * value + share * forgery[i]);
    between.show(pixels);
    opinion.show(program ? chance(program.discriminate(pixels, mixOfClass(3, 10))) : 0);
  };

  const node = element(
    "div",
    { className: "opinion" },
    element("div", {}, paper.node, element("div", { className: "buttons" }, ...paper.buttons)),
    element("div", { className: "bars" }, says, ...bars.map((bar) => bar.node)),
    element(
      "div",
      { className: "between" },
      between.node,
      element(
        "div",
        {},
        element("div", { className: "ends" }, line("quiet", "noise"), line("quiet", "a forged 3")),
        slider,
        opinion.node,
        line("quiet", "At 0.5 D cannot decide."),
      ),
    ),
  );
  root.append(node);
  judge();
  blend();
  const end = whenNear(node, tools.near);
  return {
    take(found) {
      program = found;
      const selection = new LatentSelection(program);
      forgery = Float32Array.from(program.sample(selection.z, mixOfClass(3, 10)));
      judge();
      blend();
    },
    end,
  };
}
