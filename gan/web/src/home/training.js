// A recorded run: both losses as they go on, and what the generator made of ten latents meanwhile.

import { bytes, FONT, greyCanvas } from "./scene.js";

/** @import { Scene } from "./scene.js" */

/**
 * @typedef {object} Recorded
 * @property {number[]} images seen at the points of the curves
 * @property {number[]} lossG between 0 and 1, of the height of the chart
 * @property {number[]} lossD
 * @property {number[]} moments images seen at each row of the strip
 * @property {string} strip base64 of grey levels: a row of ten pictures a moment
 */

const SIDE = 28;
const DIGITS = 10;
/** Frames of the whole run, and for how many more its end stays. */
const LASTS = 140;
const RESTS = 50;

/**
 * @param {Recorded} recorded
 * @returns {Scene}
 */
export function training({ images, lossG, lossD, moments, strip }) {
  const sheet = greyCanvas(bytes(strip), SIDE * DIGITS);
  const end = images[images.length - 1];
  return {
    label: "The losses of a generator and a discriminator while they train, and ten digits that come out of noise",
    still: LASTS,
    paint(context, colours, frame, width, height) {
      // What is new comes early: the clock of the pictures slows the beginning down.
      const now = end * Math.min(1, (frame % (LASTS + RESTS)) / LASTS) ** 1.8;
      const row = Math.max(0, moments.filter((moment) => moment <= now).length - 1);
      const side = width / DIGITS;
      const top = 6;
      const bottom = height - side - 8;
      context.imageSmoothingEnabled = false;
      context.drawImage(sheet, 0, row * SIDE, SIDE * DIGITS, SIDE, 0, height - side, width, side);
      context.font = FONT;
      context.lineJoin = "round";
      for (const [curve, colour, dash, name, line] of /** @type {const} */ ([
        [lossD, colours.discriminator, [5, 3], "the detective's loss", 2],
        [lossG, colours.generator, [], "the forger's loss", 1],
      ])) {
        context.lineWidth = 2;
        context.strokeStyle = colour;
        context.setLineDash([...dash]);
        context.beginPath();
        images.forEach((seen, i) => {
          if (seen <= now) context.lineTo((width * seen) / end, bottom - curve[i] * (bottom - top));
        });
        context.stroke();
        context.fillStyle = colour;
        context.textAlign = "right";
        context.fillText(name, width - 2, 14 + 16 * line);
      }
      context.setLineDash([]);
      context.fillStyle = colours.ink;
      context.fillText(`${Math.round(now).toLocaleString("en")} images`, width - 2, 14);
      context.globalAlpha = 0.25;
      context.fillRect(0, bottom, width, 1);
      context.globalAlpha = 1;
    },
  };
}
