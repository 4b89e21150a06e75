// What paints pictures: one by itself, small ones side by side, and a big one that follows the finger.

import { context2d, element } from "./dom.js";
import { toRgba } from "./runtime.js";

/** @import { Properties } from "./dom.js" */
/** @import { Program } from "./runtime.js" */
/** @import { LatentSelection } from "./selection.js" */

export const SIDE = 28;
/** Milliseconds of a frame that painting may take at most; the rest is the browser's. */
export const BUDGET = 9;
/** A frame that took longer than so many milliseconds was late for a display of 60 Hz. */
const LATE = 19;

/**
 * A small canvas that shows pixels in [-1, 1].
 * @param {Properties} properties
 */
export function picture(properties) {
  const node = element("canvas", { width: SIDE, height: SIDE, role: "img", ...properties });
  const context = context2d(node);
  const image = new ImageData(SIDE, SIDE);
  return {
    node,
    /** @param {ArrayLike<number>} pixels */
    show(pixels) {
      toRgba(pixels, image.data);
      context.putImageData(image, 0, 0);
    },
    clear() {
      context.clearRect(0, 0, SIDE, SIDE);
    },
  };
}

/**
 * Paints grey levels, 0 to 255, on a canvas of as many pixels.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} levels
 */
export function paintGreys(canvas, levels) {
  const image = new ImageData(canvas.width, canvas.height);
  levels.forEach((grey, at) => {
    image.data.set([grey, grey, grey, 255], 4 * at);
  });
  context2d(canvas).putImageData(image, 0, 0);
}

/** Small pictures side by side on one canvas, painted one at a time: each call of `paint` fills the next cell. */
export class PictureGrid {
  /**
   * @param {number} columns
   * @param {number} rows
   * @param {(cell: number) => { z: ArrayLike<number>, mix: ArrayLike<number> }} latent of a cell
   * @param {Properties} properties
   */
  constructor(columns, rows, latent, properties) {
    this.columns = columns;
    this.total = columns * rows;
    this.latent = latent;
    this.pitch = SIDE + 1;
    this.node = element("canvas", { width: columns * this.pitch - 1, height: rows * this.pitch - 1, ...properties });
    this.context = context2d(this.node);
    this.image = new ImageData(SIDE, SIDE);
    this.next = 0;
    /** How many cells are out of date. */
    this.left = 0;
  }

  /** All cells are out of date. Painting goes on where it was: while one drags, no cell waits for ever. */
  restart() {
    this.left = this.total;
  }

  /** @param {Program} program */
  paint(program) {
    const { z, mix } = this.latent(this.next);
    toRgba(program.sample(z, mix), this.image.data);
    const column = this.next % this.columns;
    const row = Math.floor(this.next / this.columns);
    this.context.putImageData(this.image, column * this.pitch, row * this.pitch);
    this.next = (this.next + 1) % this.total;
    this.left -= 1;
  }

  clear() {
    this.left = 0;
    this.context.clearRect(0, 0, this.node.width, this.node.height);
  }
}

/** Paints the big picture in every frame in which something has changed, and small ones in what time is left. */
export class Painter {
  /**
   * @param {LatentSelection} selection
   * @param {HTMLCanvasElement} canvas
   * @param {PictureGrid[]} grids
   * @param {(score: number) => void} onPicture gets D's number
   * @param {(fps: number, milliseconds: number) => void} onPace gets 0 frames a second at rest
   */
  constructor(selection, canvas, grids, onPicture, onPace) {
    this.selection = selection;
    this.grids = grids;
    this.onPicture = onPicture;
    this.onPace = onPace;
    this.context = context2d(canvas);
    this.image = new ImageData(SIDE, SIDE);
    /** When the pictures of the last second were made. @type {number[]} */
    this.frames = [];
    this.pictures = 0;
    this.took = 0;
    this.waiting = false;
    this.ended = false;
    this.dirty = false;
    this.turn = 0;
    this.budget = BUDGET / 2;
    /** @type {number | undefined} */
    this.before = undefined;
    this.reported = Number.NEGATIVE_INFINITY;
    this.rest = 0;
    selection.listeners.push(() => this.changed());
    this.changed();
  }

  changed() {
    this.dirty = true;
    this.request();
  }

  request() {
    if (this.waiting || this.ended) return;
    this.waiting = true;
    requestAnimationFrame((now) => this.frame(now));
  }

  /** @param {number} now */
  frame(now) {
    this.waiting = false;
    const { selection, grids } = this;
    const started = performance.now();
    // What a frame has left is seen from whether the last one was late: the browser has work of its own to do.
    const late = now - (this.before ?? now) > LATE;
    this.budget = Math.min(BUDGET, Math.max(0.5, this.budget * (late ? 0.7 : 1.1)));
    this.before = now;
    if (this.dirty) {
      this.dirty = false;
      const pixels = selection.program.sample(selection.z, selection.mix);
      toRgba(pixels, this.image.data);
      this.took = performance.now() - started;
      this.context.putImageData(this.image, 0, 0);
      this.onPicture(selection.program.discriminate(pixels, selection.mix));
      for (const grid of grids) grid.restart();
      this.count(started);
    }
    let waiting = grids.filter((grid) => grid.left);
    while (waiting.length) {
      this.turn = (this.turn + 1) % waiting.length;
      waiting[this.turn].paint(selection.program);
      waiting = grids.filter((grid) => grid.left);
      if (performance.now() - started > this.budget) break; // at least one a frame, however slow the model
    }
    if (this.dirty || waiting.length) this.request();
  }

  /**
   * Pictures in the last second, reported four times a second while something moves. The first few are not: a browser
   * compiles code while it runs, and theirs are not the times of the others.
   * @param {number} now
   */
  count(now) {
    this.pictures += 1;
    if (this.pictures < 6) return;
    this.frames.push(now);
    while (this.frames[0] < now - 1000) this.frames.shift();
    if (now - this.reported < 250) return;
    this.reported = now;
    const span = now - this.frames[0];
    const fps = span > 200 ? ((this.frames.length - 1) * 1000) / span : 0;
    this.onPace(fps, this.took);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.onPace(0, this.took), 1500);
  }

  end() {
    this.ended = true;
    clearTimeout(this.rest);
  }
}
