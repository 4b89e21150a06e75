// Chapter 4: the generator moves alone from one and the same moment, with D frozen or not, as it was recorded.

import { element } from "../dom.js";
import { curveChart } from "./curves.js";
import { choice, line, meter, strip } from "./parts.js";

/** @import { Role, Thing, Tools } from "./parts.js" */

/** @typedef {{ moves: number, d_real: number, d_forged: number, changed: number, forged: string }} Moment */

/**
 * @param {HTMLElement} root
 * @param {{ frozen: Moment[], free: Moment[] }} told
 * @param {Tools} tools
 * @returns {Thing}
 */
export function mountFrozen(root, told, tools) {
  /** @type {"frozen" | "free"} */
  let mode = "frozen";
  let at = 0;
  const modes = choice(
    /** @type {const} */ ([
      ["frozen", "🔒 D is frozen"],
      ["free", "D is free to move"],
    ]),
    (value) => {
      mode = value;
      show();
    },
    "Whether D moves too",
  );
  const last = told.frozen.length - 1;
  const move = element("button", {
    type: "button",
    className: "main",
    "data-testid": "g-moves",
    onclick: () => {
      at = at < last ? at + 1 : 0;
      show();
    },
  });
  const first = strip("Ten forgeries before");
  const now = strip("The same latents now");
  first.show(told.frozen[0].forged);
  const [real, forged] = [meter("D(x), real digits", "real"), meter("D(G(z)), forgeries", "generator")];
  const says = line("says");
  says.setAttribute("aria-live", "polite");
  const chartOf = (/** @type {Moment[]} */ course, /** @type {string} */ title) => {
    const curve = (
      /** @type {string} */ label,
      /** @type {Role} */ role,
      /** @type {"d_real" | "d_forged"} */ key,
      dashed = false,
    ) => ({
      label,
      role,
      dashed,
      points: course.map((moment) => /** @type {[number, number]} */ ([moment.moves, moment[key]])),
    });
    return curveChart({
      title,
      curves: [curve("D(x)", "real", "d_real", true), curve("D(G(z))", "generator", "d_forged")],
      bounds: [0, 1],
      last: course[last].moves,
      unit: `moves of G, to ${course[last].moves}`,
    });
  };
  const charts = { frozen: chartOf(told.frozen, "D frozen"), free: chartOf(told.free, "D free") };
  const show = () => {
    const moment = told[mode][at];
    now.show(moment.forged);
    real.show(moment.d_real);
    forged.show(moment.d_forged);
    for (const name of /** @type {const} */ (["frozen", "free"])) {
      charts[name].mark(told[name][at].moves);
      charts[name].node.classList.toggle("off", name !== mode);
    }
    const percent = (100 * moment.changed).toFixed(1);
    says.textContent = at
      ? `After ${moment.moves} ${moment.moves > 1 ? "moves" : "move"} of G: D gives forgeries ${moment.d_forged.toFixed(2)}, real digits ${moment.d_real.toFixed(2)}. A pixel has changed by ${percent} % on average.`
      : "G has not moved yet.";
    move.textContent = at < last ? "Let G move" : "Back to the start";
    if (mode === "free" && at > 0) tools.tried();
  };
  root.append(
    element(
      "div",
      { className: "frozen" },
      element("div", { className: "buttons" }, modes.node, move),
      says,
      line("quiet", "before"),
      first.node,
      line("quiet", "now, the same latents"),
      now.node,
      real.node,
      forged.node,
      element("div", { className: "two" }, charts.frozen.node, charts.free.node),
    ),
  );
  show();
  return {};
}
