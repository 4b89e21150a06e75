// Flatland's game, in small and really played: forged points find a ring of real ones, and begin anew.

import { EDGE, Session } from "../flatland/session.js";
import { USUAL } from "../flatland/settings.js";

/** @import { Scene } from "./scene.js" */

const STEPS_A_FRAME = 3;
/** Frames of a game. */
const LASTS = 400;
const SHOWN = 150;

/** @returns {Scene} */
export function playing() {
  let seed = USUAL.seed;
  let session = new Session({ ...USUAL, seed });
  const real = session.shown(SHOWN);
  let played = 0;
  return {
    label: "Points of a forger that learn to lie where the real ones are, on a ring",
    still: LASTS - 1,
    paint(context, colours, frame, width, height) {
      // Whoever wants no motion sees the game as it stands at its end.
      const due = frame % LASTS;
      if (due < played) {
        seed += 1;
        session = new Session({ ...USUAL, seed });
        played = 0;
      }
      for (; played < due; played += 1) for (let step = 0; step < STEPS_A_FRAME; step += 1) session.step();
      const { fake } = session.picture({ map: false, arrows: false, grid: false });
      const scale = height / (2 * EDGE);
      const place = (/** @type {Float32Array} */ points, /** @type {number} */ i) => ({
        x: width / 2 + points[2 * i] * scale,
        y: height / 2 - points[2 * i + 1] * scale,
      });
      context.strokeStyle = colours.ink;
      context.globalAlpha = 0.7;
      for (let i = 0; i < SHOWN; i += 1) {
        const { x, y } = place(real, i);
        context.beginPath();
        context.arc(x, y, 2.5, 0, 7);
        context.stroke();
      }
      context.globalAlpha = 1;
      context.fillStyle = colours.generator;
      for (let i = 0; i < SHOWN; i += 1) {
        const { x, y } = place(fake, i);
        context.beginPath();
        context.arc(x, y, 3, 0, 7);
        context.fill();
      }
    },
  };
}
