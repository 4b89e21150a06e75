// Chapter 3: one step of a run, as it was recorded: two moves of seven stages each.

import { element } from "../dom.js";
import { choice, line, strip } from "./parts.js";

/** @import { Thing, Tools } from "./parts.js" */

/** @typedef {{ real: string, forged: string, toward?: string, d_real: number[], d_forged: number[] }} Standing */
/** @typedef {{ player: "discriminator" | "generator", loss: [number, number], moved: number, after: Standing }} Move */

const STAGES = ["draw z", "forge", "show D", "score", "loss", "slope", "update"];
/** Milliseconds of a stage that plays by itself. */
const PACE = 1800;
const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * What happens in a stage of a move.
 * @param {Move} move
 * @param {Standing} before
 */
function captions({ player, loss: [first, then], moved, after }, before) {
  const own = player === "discriminator";
  const [real, forged] = [mean(before.d_real).toFixed(2), mean(before.d_forged).toFixed(2)];
  return [
    "Ten latents are drawn: each column of bars is one, a few of its random numbers.",
    own
      ? "G makes a picture of each latent, on demand a 0, a 1, … a 9. G is frozen in this move."
      : "G makes a picture of each latent. In this move G is the one that learns; D is frozen.",
    own
      ? "D is shown these forgeries, and as many real digits. It is told which are which."
      : "D is shown the forgeries only. G's loss asks for nothing else.",
    own
      ? `D scores each picture: ${real} on average for real ones, ${forged} for forged ones.`
      : `D scores the forgeries: ${forged} on average. G would like 1.`,
    own
      ? `D's loss is small if real scores are near 1 and forged ones near 0. On this batch it is ${first.toFixed(2)}.`
      : `G's loss is small if D says 1 of its forgeries. On this batch it is ${first.toFixed(2)}.`,
    own
      ? "Backwards through D: how should each weight of D change, so that the loss gets smaller?"
      : "Backwards through D into the pictures: more ink where it is red, less where it is blue. And on into G's weights.",
    own
      ? `D's weights moved by ${moved.toFixed(2)}, G's by 0. The loss on this batch is now ${then.toFixed(2)}; D gives the forgeries ${mean(after.d_forged).toFixed(2)}.`
      : `G's weights moved by ${moved.toFixed(2)}, D's by 0. The loss on this batch is now ${then.toFixed(2)}; D gives the new forgeries ${mean(after.d_forged).toFixed(2)}.`,
  ];
}

/**
 * The latents as columns of small bars.
 * @param {number[][]} latents
 */
function bars(latents) {
  const columns = latents.map((z) =>
    element(
      "span",
      {},
      ...z.map((value) => {
        const bar = element("i");
        bar.style.setProperty("--value", String(Math.max(-1, Math.min(1, value / 2.5))));
        return bar;
      }),
    ),
  );
  return element("div", { className: "latents", role: "img", "aria-label": "Ten latents" }, ...columns);
}

/**
 * Ten numbers below ten pictures.
 * @param {"real" | "generator"} role
 */
function numbers(role) {
  const cells = Array.from({ length: 10 }, () => element("span"));
  return {
    node: element("div", { className: `numbers ${role}` }, ...cells),
    /** @param {number[] | null} values */
    show(values) {
      cells.forEach((cell, i) => {
        cell.textContent = values ? values[i].toFixed(2) : "";
      });
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {{ images: number, z: number[][], before: Standing, moves: Move[] }} told
 * @param {Tools} tools
 * @returns {Thing}
 */
export function mountStep(root, told, tools) {
  const befores = [told.before, ...told.moves.map((move) => move.after)];
  const seen = new Set();
  let move = 0;
  let stage = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  const moves = choice(
    /** @type {const} */ ([
      ["0", "D's move"],
      ["1", "G's move"],
    ]),
    (value) => go(Number(value), 0),
    "Which move",
  );
  const stages = STAGES.map((name, i) =>
    element("button", { type: "button", textContent: name, onclick: () => go(move, i), "data-testid": `stage-${i}` }),
  );
  const play = element("button", {
    type: "button",
    className: "main",
    "data-testid": "step-on",
    onclick: () => forward(),
  });
  const auto = element("button", {
    type: "button",
    onclick: () => {
      if (timer) return stop();
      timer = setInterval(() => (move === 1 && stage === 6 ? stop() : forward(true)), PACE);
      forward(true);
      show();
    },
  });
  const who = {
    discriminator: element("span", { className: "player discriminator" }),
    generator: element("span", { className: "player generator" }),
  };
  const latents = bars(told.z);
  const forged = strip("Ten forgeries");
  const real = strip("Ten real digits");
  const [forgedNumbers, realNumbers] = [numbers("generator"), numbers("real")];
  const realLine = line("quiet real");
  const caption = line("caption");
  caption.setAttribute("aria-live", "polite");

  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    show();
  };
  const forward = (playing = false) => {
    if (!playing) stop();
    if (stage < 6) go(move, stage + 1, playing);
    else go(move ? 0 : 1, 0, playing);
  };
  const go = (/** @type {number} */ toMove, /** @type {number} */ toStage, playing = false) => {
    if (!playing) clearInterval(timer);
    if (!playing) timer = undefined;
    [move, stage] = [toMove, toStage];
    seen.add(`${move} ${stage}`);
    if (seen.has("0 6") && seen.has("1 6")) tools.tried();
    show();
  };
  const show = () => {
    const now = told.moves[move];
    const own = now.player === "discriminator";
    const before = befores[move];
    const standing = stage === 6 ? now.after : before;
    moves.show(move ? "1" : "0");
    stages.forEach((button, i) => {
      button.setAttribute("aria-current", String(i === stage));
    });
    who.discriminator.textContent = own ? "D learns" : "🔒 D is frozen";
    who.generator.textContent = own ? "🔒 G is frozen" : "G learns";
    who.discriminator.classList.toggle("frozen", !own);
    who.generator.classList.toggle("frozen", own);
    forged.show(stage === 5 && !own && before.toward ? before.toward : standing.forged);
    real.show(standing.real);
    forged.node.classList.toggle("hidden", stage < 1);
    real.node.classList.toggle("hidden", stage < 2 || !own);
    forgedNumbers.show(stage < 3 ? null : standing.d_forged);
    realNumbers.show(stage < 3 || !own ? null : standing.d_real);
    realLine.textContent = own ? "real, x, and what D says of each" : "real, x: nobody looks at them in this move";
    caption.textContent = captions(now, before)[stage];
    play.textContent = stage < 6 ? "Next" : move ? "Again" : "Now G's move";
    auto.textContent = timer ? "Stop" : "Play";
  };
  root.append(
    element(
      "div",
      { className: "step" },
      element("div", { className: "buttons" }, moves.node, who.discriminator, who.generator),
      element("div", { className: "stages" }, ...stages),
      caption,
      element("div", { className: "buttons" }, play, auto),
      line("quiet", "latents z"),
      latents,
      line("quiet generator", "forged, G(z), and what D says of each"),
      forged.node,
      forgedNumbers.node,
      realLine,
      real.node,
      realNumbers.node,
    ),
  );
  show();
  return { end: () => clearInterval(timer) };
}
