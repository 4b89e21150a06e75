// The big picture: real and forged points, what the detective says of every place, the pull on the forgeries, and the
// latent space as the forger bends it.

import { context2d, element } from "../dom.js";
import { CURVE, EDGE, LINES, MAP, ON_LINE } from "./session.js";

/** @import { Picture } from "./session.js" */

/**
 * Colours of the scheme, as canvas takes them.
 * @typedef {{ ink: string, ground: string, generator: string, discriminator: string, real: string }} Colours
 */

/** @param {string} colour any CSS colour @returns {number[]} red, green, blue */
function channels(colour) {
  const context = context2d(element("canvas", { width: 1, height: 1 }));
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

export class Board {
  constructor() {
    this.canvas = element("canvas", { "data-testid": "flat-canvas", role: "img", tabIndex: 0 });
    this.context = context2d(this.canvas);
    this.map = element("canvas", { width: MAP, height: MAP });
    this.image = new ImageData(MAP, MAP);
    /** @type {Colours} */
    this.colours = { ink: "#000", ground: "#fff", generator: "#000", discriminator: "#000", real: "#000" };
    /** For each opinion from 0 to 255 three channels. */
    this.ramp = new Uint8ClampedArray(3 * 256);
    this.side = 1;
    this.height = 1;
    /** @type {Picture | undefined} */
    this.picture = undefined;
    /** @type {Float32Array} */
    this.real = new Float32Array(0);
    /** @type {Float32Array} */
    this.realDensity = new Float32Array(0);
    this.dims = 2;
    this.latents = 2;
    this.show = "rfma";
    this.emphasis = "";
    this.drawing = false;
    /** @type {Float64Array} */
    this.points = new Float64Array(0);
  }

  /** @param {Colours} colours */
  dress(colours) {
    this.colours = colours;
    const [ground, forged, real] = [colours.ground, colours.generator, colours.discriminator].map(channels);
    for (let value = 0; value < 256; value += 1) {
      const sure = value / 127.5 - 1;
      const towards = sure < 0 ? forged : real;
      const strength = 0.5 * Math.abs(sure) ** 0.8;
      for (let c = 0; c < 3; c += 1) this.ramp[3 * value + c] = ground[c] + strength * (towards[c] - ground[c]);
    }
  }

  /** Follows the size that the page gives. */
  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const scale = Math.min(2, devicePixelRatio || 1);
    this.side = Math.max(50, width);
    this.height = Math.max(50, height);
    const wanted = [Math.round(this.side * scale), Math.round(this.height * scale)];
    if (this.canvas.width !== wanted[0] || this.canvas.height !== wanted[1]) {
      [this.canvas.width, this.canvas.height] = wanted;
    }
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
  }

  /** @param {number} x in the plane */
  across(x) {
    return ((x / EDGE + 1) / 2) * this.side;
  }

  /** @param {number} y in the plane */
  down(y) {
    return ((1 - y / EDGE) / 2) * this.height;
  }

  /**
   * A place in the plane, of one on the screen.
   * @param {{ clientX: number, clientY: number }} event
   */
  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: EDGE * ((2 * (clientX - box.left)) / box.width - 1),
      y: EDGE * (1 - (2 * (clientY - box.top)) / box.height),
    };
  }

  /**
   * What D says there, from 0 to 1; undefined where it was not asked.
   * @param {{ x: number, y: number }} place
   */
  opinionAt({ x, y }) {
    const opinion = this.picture?.opinion;
    if (!opinion?.length) return undefined;
    const at = (/** @type {number} */ value, /** @type {number} */ n) =>
      Math.max(0, Math.min(n - 1, Math.round(((value / EDGE + 1) / 2) * (n - 1))));
    return this.dims === 1 ? opinion[at(x, CURVE)] : opinion[at(-y, MAP) * MAP + at(x, MAP)];
  }

  paint() {
    const { context, colours, picture, side, height } = this;
    context.globalAlpha = 1;
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, side, height);
    if (this.drawing) this.#paintDrawing();
    else if (picture && this.dims === 2) this.#paintPlane(picture);
    else if (picture) this.#paintLine(picture);
  }

  /** @param {number} alpha */
  #paintMap(alpha) {
    const opinion = this.picture?.opinion ?? [];
    if (opinion.length !== MAP * MAP) return;
    const { data } = this.image;
    for (let i = 0; i < opinion.length; i += 1) {
      const value = Math.round(255 * opinion[i]);
      data[4 * i] = this.ramp[3 * value];
      data[4 * i + 1] = this.ramp[3 * value + 1];
      data[4 * i + 2] = this.ramp[3 * value + 2];
      data[4 * i + 3] = 255;
    }
    context2d(this.map).putImageData(this.image, 0, 0);
    this.context.globalAlpha = alpha;
    this.context.imageSmoothingEnabled = true;
    const { side, height } = this;
    // A pixel of the map is a place, and its middle lies on it.
    const pad = 0.5 / (MAP - 1);
    this.context.drawImage(this.map, -pad * side, -pad * height, side * (1 + 2 * pad), height * (1 + 2 * pad));
    this.context.globalAlpha = 1;
  }

  /** @param {Picture} picture */
  #paintPlane(picture) {
    const { context, colours, show } = this;
    const dot = Math.max(2, this.side / 170);
    if (show.includes("m")) this.#paintMap(1);
    if (show.includes("g")) this.#paintGrid(picture.grid);
    if (show.includes("r")) {
      // Rings for real, discs for forged: they differ without colour too.
      context.strokeStyle = colours.ink;
      context.lineWidth = 1.1;
      context.globalAlpha = this.emphasis === "forged" ? 0.25 : 0.75;
      context.beginPath();
      for (let i = 0; i < this.real.length; i += 2) {
        const [x, y] = [this.across(this.real[i]), this.down(this.real[i + 1])];
        context.moveTo(x + dot, y);
        context.arc(x, y, dot, 0, 7);
      }
      context.stroke();
    }
    if (show.includes("f")) {
      context.fillStyle = colours.generator;
      context.strokeStyle = colours.ground;
      context.lineWidth = 0.8;
      context.globalAlpha = 1;
      context.beginPath();
      for (let i = 0; i < picture.fake.length; i += 2) {
        const [x, y] = [this.across(picture.fake[i]), this.down(picture.fake[i + 1])];
        context.moveTo(x + dot * 1.15, y);
        context.arc(x, y, dot * 1.15, 0, 7);
      }
      context.fill();
      context.stroke();
    }
    if (show.includes("a") || this.emphasis === "arrows") this.#paintArrows(picture);
    context.globalAlpha = 1;
  }

  /** @param {Picture} picture */
  #paintArrows({ arrows, fake }) {
    const { context, colours } = this;
    context.strokeStyle = colours.ink;
    context.lineWidth = this.emphasis === "arrows" ? 1.8 : 1.2;
    context.globalAlpha = 0.9;
    context.beginPath();
    for (let i = 0; i < arrows.length; i += 2) {
      const strength = Math.hypot(arrows[i], arrows[i + 1]);
      const long = (0.22 * strength) / (strength + 2);
      if (long < 0.004) continue;
      const [dx, dy] = [(arrows[i] / strength) * long, (arrows[i + 1] / strength) * long];
      this.#arrow(this.across(fake[i]), this.down(fake[i + 1]), this.across(fake[i] + dx), this.down(fake[i + 1] + dy));
    }
    context.stroke();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} toX
   * @param {number} toY
   */
  #arrow(x, y, toX, toY) {
    const { context } = this;
    const angle = Math.atan2(toY - y, toX - x);
    const head = Math.min(6, 0.4 * Math.hypot(toX - x, toY - y));
    context.moveTo(x, y);
    context.lineTo(toX, toY);
    for (const turn of [2.6, -2.6]) {
      context.moveTo(toX, toY);
      context.lineTo(toX + head * Math.cos(angle + turn), toY + head * Math.sin(angle + turn));
    }
  }

  /** @param {Float32Array} grid */
  #paintGrid(grid) {
    const { context, colours } = this;
    context.strokeStyle = colours.generator;
    context.lineWidth = 1;
    context.globalAlpha = 0.75;
    context.beginPath();
    const line = this.latents === 1 ? LINES * ON_LINE : ON_LINE;
    for (let i = 0; i < grid.length / 2; i += 1) {
      const [x, y] = [this.across(grid[2 * i]), this.down(grid[2 * i + 1])];
      if (i % line) context.lineTo(x, y);
      else context.moveTo(x, y);
    }
    context.stroke();
  }

  /** In one dimension: D's answer as a curve above, the clouds as hills below. @param {Picture} picture */
  #paintLine(picture) {
    const { context, colours, side, height, show } = this;
    const top = 0.06 * height;
    const foot = 0.45 * height;
    const ground = 0.86 * height;
    const hill = 0.33 * height;
    const { opinion, best, density, fake } = picture;
    const x = (/** @type {number} */ i) => (i / (CURVE - 1)) * side;
    const y = (/** @type {number} */ value) => foot - value * (foot - top);
    context.font = `${Math.max(11, side / 45)}px system-ui, sans-serif`;
    context.lineWidth = 1;
    context.fillStyle = colours.ink;
    for (const [value, text] of /** @type {[number, string][]} */ ([
      [1, "real"],
      [0.5, "cannot tell"],
      [0, "forged"],
    ])) {
      context.globalAlpha = 0.35;
      context.strokeStyle = colours.ink;
      context.setLineDash(value === 0.5 ? [3, 4] : []);
      context.beginPath();
      context.moveTo(0, y(value));
      context.lineTo(side, y(value));
      context.stroke();
      context.globalAlpha = 0.8;
      context.fillText(`D: ${text}`, 6, y(value) - 4);
    }
    context.setLineDash([]);
    const peak = Math.max(...this.realDensity, 0.01) * 1.25;
    const hillAt = (/** @type {number} */ value) => ground - Math.min(1.15, value / peak) * hill;
    const curve = (/** @type {ArrayLike<number>} */ values, /** @type {(value: number) => number} */ at) => {
      let down = false;
      for (let i = 0; i < values.length; i += 1) {
        if (Number.isNaN(values[i])) down = false;
        else if (down) context.lineTo(x(i), at(values[i]));
        else context.moveTo(x(i), at(values[i]));
        down = !Number.isNaN(values[i]);
      }
    };
    const fill = (
      /** @type {ArrayLike<number>} */ values,
      /** @type {string} */ colour,
      /** @type {number[]} */ dash,
    ) => {
      context.beginPath();
      curve(values, hillAt);
      context.strokeStyle = colour;
      context.setLineDash(dash);
      context.lineWidth = 2;
      context.globalAlpha = 1;
      context.stroke();
      context.setLineDash([]);
      context.lineTo(side, ground);
      context.lineTo(0, ground);
      context.globalAlpha = 0.18;
      context.fillStyle = colour;
      context.fill();
    };
    if (show.includes("r")) fill(this.realDensity, colours.real, [5, 3]);
    if (show.includes("f")) fill(density, colours.generator, []);
    if (show.includes("m")) {
      context.globalAlpha = 1;
      context.lineWidth = 1.8;
      context.strokeStyle = colours.ink;
      context.setLineDash([2, 3]);
      context.beginPath();
      curve(best, y);
      context.stroke();
      context.setLineDash([]);
      context.lineWidth = 2.6;
      context.strokeStyle = colours.discriminator;
      context.beginPath();
      curve(opinion, y);
      context.stroke();
    }
    context.globalAlpha = 0.4;
    context.strokeStyle = colours.ink;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, ground);
    context.lineTo(side, ground);
    context.stroke();
    const low = 0.95 * height;
    if (show.includes("g") && this.latents === 1) {
      const lines = picture.grid.length;
      context.strokeStyle = colours.generator;
      context.globalAlpha = 0.6;
      context.beginPath();
      for (let i = 0; i < lines; i += 5) {
        context.moveTo((i / (lines - 1)) * side * 0.8 + 0.1 * side, height);
        context.lineTo(this.across(picture.grid[i]), ground);
      }
      context.stroke();
    }
    if (show.includes("f")) {
      context.fillStyle = colours.generator;
      context.globalAlpha = 0.5;
      for (let i = 0; i < fake.length; i += 1) context.fillRect(this.across(fake[i]) - 1, ground + 2, 2, 8);
    }
    if (show.includes("a") || this.emphasis === "arrows") {
      context.strokeStyle = colours.ink;
      context.lineWidth = 1.4;
      context.globalAlpha = 0.85;
      context.beginPath();
      for (let i = 0; i < Math.min(24, picture.arrows.length); i += 1) {
        const strength = Math.abs(picture.arrows[i]);
        const long = Math.sign(picture.arrows[i]) * ((0.22 * strength) / (strength + 2));
        const row = low + ((i % 4) - 1.5) * 0.018 * height;
        if (Math.abs(long) > 0.004) this.#arrow(this.across(fake[i]), row, this.across(fake[i] + long), row);
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #paintDrawing() {
    const { context, colours } = this;
    context.strokeStyle = colours.ink;
    context.globalAlpha = 0.3;
    context.setLineDash([4, 4]);
    const [left, top] = [this.across(-1), this.down(1)];
    context.strokeRect(left, top, this.across(1) - left, this.down(-1) - top);
    context.setLineDash([]);
    context.globalAlpha = 0.9;
    context.lineWidth = 1.1;
    const dot = Math.max(2, this.side / 170);
    context.beginPath();
    for (let i = 0; i < this.points.length; i += 2) {
      const [x, y] = [this.across(this.points[i]), this.down(this.dims === 1 ? 0 : this.points[i + 1])];
      context.moveTo(x + dot, y);
      context.arc(x, y, dot, 0, 7);
    }
    context.stroke();
    context.globalAlpha = 1;
  }
}
