// The parts of Step by step that show numbers: a picture with what D says of it, a row of them, the layers of a network.

import { context2d, element } from "../dom.js";
import { NAMES, SHOWN, SIZE } from "./scene.js";

/** @import { RowName } from "./scene.js" */

const MORE = [226, 58, 46];
const LESS = [64, 128, 255];

export const mixed = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ share) =>
  from + (to - from) * share;

/**
 * @param {number | null | undefined} value
 * @param {boolean} chance
 */
export function written(value, chance) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = chance
    ? value.toFixed(2)
    : size >= 100
      ? value.toFixed(0)
      : size >= 10
        ? value.toFixed(1)
        : size < 0.1
          ? value.toFixed(3)
          : value.toFixed(2);
  return text.replace("-", "−");
}

/** One of the ten pictures of a row, with what D says of it. */
class Figure {
  constructor() {
    this.canvas = element("canvas", { width: SIZE, height: SIZE });
    this.context = context2d(this.canvas);
    this.pixels = this.context.createImageData(SIZE, SIZE);
    this.number = element("span", { className: "number" });
    this.fill = element("i");
    this.tick = element("b");
    this.bar = element("span", { className: "meter" }, this.fill, this.tick);
    this.line = element("span", { className: "reading" });
    this.drawn = element("canvas", { width: SIZE, height: SIZE, className: "drawn" });
    this.node = element(
      "figure",
      {},
      this.canvas,
      this.drawn,
      element("figcaption", {}, this.number, this.bar, this.line),
    );
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} index
   * @param {[Uint8Array, Uint8Array]} images before and after
   * @param {[Float32Array, Float32Array] | null} toward
   * @param {number} share
   * @param {Uint8Array | null} latent shown in the picture's place, as far as `hidden` says
   * @param {number} hidden
   */
  paint(canvas, index, [before, after], toward, share, latent = null, hidden = 0) {
    const { data } = this.pixels;
    const start = index * SIZE * SIZE;
    for (let at = 0; at < SIZE * SIZE; at++) {
      const forged = mixed(before[start + at], after[start + at], share);
      const ink = latent ? mixed(forged, latent[at], hidden) : forged;
      const push = toward ? (1 - hidden) * mixed(toward[0][start + at], toward[1][start + at], share) : 0;
      const colour = push > 0 ? MORE : LESS;
      const cover = 0.9 * Math.abs(push) ** 0.8;
      const base = toward ? ink * 0.8 : ink;
      for (let channel = 0; channel < 3; channel++) data[4 * at + channel] = mixed(base, colour[channel], cover);
      data[4 * at + 3] = 255;
    }
    context2d(canvas).putImageData(this.pixels, 0, 0);
  }
}

/** Ten pictures, five beside each other. */
export class RowPanel {
  /**
   * @param {RowName} name
   * @param {string} title
   */
  constructor(name, title) {
    this.name = name;
    this.figures = Array.from({ length: SHOWN }, () => new Figure());
    this.title = element("span", { className: `title ${name}` }, title);
    this.note = element("span", { className: "quiet" });
    this.mean = element("span", { className: "mean quiet" });
    this.grid = element("div", { className: "pictures" }, ...this.figures.map(({ node }) => node));
    const head = element("div", { className: "head" }, this.title, this.note, this.mean);
    this.node = element("section", { className: "panel", "data-testid": `${name}-row` }, head, this.grid);
  }
}

/** The layers of a network: how long the gradient was, and how far each moved. */
export class LayerPanel {
  /** @param {string} player */
  constructor(player) {
    this.player = player;
    this.lock = element("span", { className: "lock" });
    this.list = element("div", { className: "layers" });
    const letter = player === "discriminator" ? "D" : "G";
    const name = element("span", { className: `title ${player}` }, `${NAMES[player].slice(4, -2)} ${letter}`);
    const head = element("div", { className: "head" }, name, this.lock);
    this.node = element("div", { className: "network", "data-testid": `layers-${player}` }, head, this.list);
    /** @type {{ gradient: HTMLElement, update: HTMLElement, value: HTMLElement }[]} */
    this.rows = [];
    /** @type {string[]} */
    this.names = [];
  }

  /** @param {string[]} names */
  name(names) {
    if (names.join() === this.names.join()) return;
    this.names = names;
    this.rows = names.map(() => ({
      gradient: element("i", { className: "gradient" }),
      update: element("i", { className: `update ${this.player}` }),
      value: element("span", { className: "value" }),
    }));
    this.list.replaceChildren(
      ...this.rows.flatMap(({ gradient, update, value }, index) => [
        element("span", { className: "name" }, names[index]),
        element("span", { className: "bars" }, update, gradient),
        value,
      ]),
    );
  }
}
