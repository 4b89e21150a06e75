// A walk through the latent space of the generator that ships: its pictures, and the sliders that one would move for it.

import { bytes, FONT, greyCanvas } from "./scene.js";

/** @import { Scene } from "./scene.js" */

/**
 * @typedef {object} Walk
 * @property {string} pictures base64 of grey levels, one picture below the other
 * @property {number[]} digits which one is asked for in each
 * @property {number[][]} sliders where two of them stand in each, from −1 to 1
 */

const SIDE = 28;
const DIGITS = 10;
const FRAMES_EACH = 2;

/**
 * @param {Walk} walk
 * @returns {Scene}
 */
export function walking({ pictures, digits, sliders }) {
  const sheet = greyCanvas(bytes(pictures), SIDE);
  return {
    label: "A forged digit that changes as sliders move",
    still: 0,
    paint(context, colours, frame, width, height) {
      const at = Math.floor(frame / FRAMES_EACH) % digits.length;
      const side = Math.min(height, width * 0.5);
      context.imageSmoothingEnabled = false;
      context.drawImage(sheet, 0, at * SIDE, SIDE, SIDE, 0, (height - side) / 2, side, side);
      const left = side + 16;
      const right = width - 8;
      sliders[at].forEach((value, number) => {
        const y = height * (0.22 + 0.26 * number);
        context.strokeStyle = colours.ink;
        context.globalAlpha = 0.3;
        context.lineWidth = 3;
        context.lineCap = "round";
        context.beginPath();
        context.moveTo(left, y);
        context.lineTo(right, y);
        context.stroke();
        context.globalAlpha = 1;
        context.fillStyle = colours.generator;
        context.beginPath();
        context.arc(left + ((value + 1) / 2) * (right - left), y, 7, 0, 7);
        context.fill();
      });
      context.font = FONT;
      context.textAlign = "center";
      const pitch = (right - left) / (DIGITS / 2);
      for (let digit = 0; digit < DIGITS; digit += 1) {
        const x = left + pitch * ((digit % 5) + 0.5);
        const y = height * (digit < 5 ? 0.74 : 0.92);
        const on = digit === digits[at];
        if (on) {
          context.fillStyle = colours.generator;
          context.beginPath();
          context.arc(x, y, 10, 0, 7);
          context.fill();
        }
        context.fillStyle = on ? colours.ground : colours.ink;
        context.fillText(String(digit), x, y + 4.5);
      }
    },
  };
}
