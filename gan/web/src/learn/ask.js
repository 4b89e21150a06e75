// Chapter 8: ask the generator that ships for a digit.

import { element } from "../dom.js";
import { mixOfClass } from "../latents.js";
import { toQuery } from "../links.js";
import { PictureGrid, picture } from "../painter.js";
import { LatentSelection } from "../selection.js";
import { choice, line, whenNear } from "./parts.js";

/** @import { Program } from "../runtime.js" */
/** @import { Thing, Tools } from "./parts.js" */

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

/**
 * @param {HTMLElement} root
 * @param {unknown} _told
 * @param {Tools} tools
 * @returns {Thing}
 */
export function mountAsk(root, _told, tools) {
  /** @type {{ program: Program, selection: LatentSelection } | undefined} */
  let held;
  let [asked, drawn] = [false, false];
  const large = picture({ className: "large", "aria-label": "A forged digit", "data-testid": "asked-for" });
  const all = new PictureGrid(10, 1, (digit) => ({ z: held?.selection.z ?? [], mix: mixOfClass(digit, 10) }), {
    className: "strip",
    role: "img",
    "aria-label": "All ten digits of this latent",
  });
  const digits = choice(
    DIGITS.map((digit) => /** @type {const} */ ([digit, digit])),
    (digit) => {
      asked = true;
      held?.selection.setMix(mixOfClass(Number(digit), 10));
      show();
    },
    "Which digit",
  );
  digits.show("3");
  const another = element("button", {
    type: "button",
    className: "main",
    textContent: "Another latent",
    "data-testid": "another-latent",
    onclick: () => {
      drawn = true;
      held?.selection.setLatent(held.selection.latents.draw());
      show();
    },
  });
  const link = (/** @type {string} */ text) => element("a", { target: "_self", textContent: text });
  const [explore, draw, walk] = [
    link("Move along its directions"),
    link("Let it imitate your hand"),
    link("Walk between two"),
  ];
  draw.href = "draw";
  walk.href = "interpolate";
  explore.href = "explore";
  const show = () => {
    if (!held) return;
    const { program, selection } = held;
    large.show(program.sample(selection.z, selection.mix));
    all.restart();
    while (all.left) all.paint(program);
    explore.href = `explore?${new URLSearchParams({ model: program.header.link, ...toQuery(selection.z, selection.mix) })}`;
    if (asked && drawn) tools.tried();
  };
  const node = element(
    "div",
    { className: "ask" },
    large.node,
    element(
      "div",
      { className: "asking" },
      line("quiet", "ask for a"),
      digits.node,
      another,
      line("quiet", "go on with this one"),
      element("p", { className: "links" }, explore, draw, walk),
    ),
    line("quiet wide", "all ten digits of this very latent"),
    all.node,
  );
  root.append(node);
  const end = whenNear(node, tools.near);
  return {
    take(program) {
      held = { program, selection: new LatentSelection(program) };
      show();
    },
    end,
  };
}
