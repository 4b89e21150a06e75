// How near the generator comes to real digits, to compare a drawing with.

import { element } from "./dom.js";
import { LatentSearch, pictureError } from "./fit.js";
import { mixOfClass } from "./latents.js";
import { decode, encode, singleClass } from "./links.js";
import { picture } from "./painter.js";

/** @import { Found } from "./fit.js" */
/** @import { Program } from "./runtime.js" */

/**
 * The middle one of sorted numbers, or the mean of the two in the middle.
 * @param {number[]} sorted
 */
export const median = (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;

/**
 * How much two pictures differ, in percent of black to white (root mean square).
 * @param {number} error
 */
export const percent = (error) => `${(100 * Math.sqrt(error)).toFixed(1)} %`;

/**
 * Where an error stands in a row that begins with the smallest: CSS orders by whole numbers.
 * @param {number} error
 */
export const rank = (error) => String(Math.round(1e6 * error));

/** The same search on real test images. Errors are kept in this browser, by the hash of the weights. */
export class Baseline {
  /**
   * @param {Program} program
   * @param {() => void} onmeasured is called after each
   */
  constructor(program, onmeasured) {
    this.program = program;
    this.onmeasured = onmeasured;
    const { real, hash } = program.header;
    this.targets = real.map((text) => Float32Array.from(atob(text), (c) => c.charCodeAt(0) / 127.5 - 1));
    this.key = `counterfeit-yardstick-${hash}`;
    this.found = this.read();
    /** @type {LatentSearch | null} */
    this.search = null;
    this.pairs = this.targets.map((target, number) => {
      const own = picture({ "aria-label": `Real test ${program.header.one ?? "image"} ${number + 1}` });
      const sampled = picture({ "aria-label": "What the generator makes of it" });
      own.show(target);
      const label = element("small", { textContent: "…" });
      const node = element("figure", { className: "pair" }, own.node, sampled.node, label);
      node.style.order = rank(1);
      return { node, sampled, label };
    });
    this.found.forEach((_, number) => {
      this.show(number);
    });
  }

  /** @returns {Found[]} */
  read() {
    try {
      /** @type {{ z: string, digit: number }[]} */
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return kept.map(({ z: text, digit }, number) => {
        const z = decode(text, this.program.header.latent_dim);
        if (!z) throw new Error("another model's");
        const mix = mixOfClass(digit, this.program.header.classes.length);
        return { z, mix, error: pictureError(this.program.sample(z, mix), this.targets[number]) };
      });
    } catch {
      return []; // kept by another version, or by nobody
    }
  }

  get done() {
    return this.found.length === this.targets.length;
  }

  /** The errors so far, smallest first. */
  get errors() {
    return this.found.map(({ error }) => error).sort((a, b) => a - b);
  }

  /**
   * Goes on for so many milliseconds.
   * @param {number} milliseconds
   */
  work(milliseconds) {
    this.search ??= new LatentSearch(this.program, this.targets[this.found.length]);
    const found = this.search.work(milliseconds);
    if (!found) return;
    this.found.push(found);
    this.search = null;
    this.show(this.found.length - 1);
    const kept = this.found.map(({ z, mix }) => ({ z: encode(z), digit: singleClass(mix) }));
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: measured anew each time.
    }
    this.onmeasured();
  }

  /** @param {number} number */
  show(number) {
    const { z, mix, error } = this.found[number];
    const { node, sampled, label } = this.pairs[number];
    sampled.show(this.program.sample(z, mix));
    label.textContent = percent(error);
    node.style.order = rank(error);
  }
}
