// The latent and the mix of classes that a person has selected, what can be done to them, and where they are kept.

import { rounded } from "./half.js";
import { LatentSpec, mixOfClass } from "./latents.js";
import { decode, fromQuery, toQuery } from "./links.js";
import { dot } from "./runtime.js";

/** @import { Program } from "./runtime.js" */

/** @param {ArrayLike<number>} z */
export const norm = (z) => Math.sqrt(dot(z, 0, z, 0, z.length));

/**
 * The coordinate of z along a unit vector.
 * @param {ArrayLike<number>} direction
 * @param {ArrayLike<number>} z
 */
export const coordinate = (direction, z) => dot(direction, 0, z, 0, z.length);

/** A latent and a mix of classes, and the program that makes a picture of them. */
export class LatentSelection {
  /** @param {Program} program */
  constructor(program) {
    this.program = program;
    const { latents, classes, digit, start } = program.header;
    this.latents = new LatentSpec(latents);
    this.z = (start && decode(start, this.latents.size)) || this.latents.centre();
    this.mix = mixOfClass(digit ?? 3, classes.length);
    /** Called when something is to be painted anew. @type {(() => void)[]} */
    this.listeners = [];
    /** Called when it is because somebody moved something. @type {(() => void)[]} */
    this.moveListeners = [];
  }

  /**
   * Sets the latent. It is kept as a link would hold it, so that what one sees is what one shares.
   * @param {ArrayLike<number>} z
   */
  setLatent(z) {
    this.z = rounded(z);
    this.moved();
  }

  /**
   * Moves the latent by so much along a direction.
   * @param {ArrayLike<number>} direction
   * @param {number} by
   */
  moveAlong(direction, by) {
    this.setLatent(this.z.map((value, i) => value + by * direction[i]));
  }

  /**
   * Sets the mix; any weights that are not all 0 will do.
   * @param {ArrayLike<number>} weights
   */
  setMix(weights) {
    const shares = Float64Array.from(weights);
    const sum = shares.reduce((total, share) => total + share, 0);
    if (!(sum > 0)) return;
    this.mix = rounded(shares.map((share) => share / sum));
    this.moved();
  }

  notify() {
    for (const listener of this.listeners) listener();
  }

  moved() {
    this.notify();
    for (const listener of this.moveListeners) listener();
  }
}

/** What a tab last had selected of a model: whoever comes back to it finds it there, by whatever way. */
export class LastSelection {
  /** @param {Program} program */
  constructor(program) {
    this.key = `counterfeit-hand-${program.header.model}`;
  }

  /** @param {LatentSelection} selection */
  keep({ z, mix }) {
    try {
      sessionStorage.setItem(this.key, String(new URLSearchParams(toQuery(z, mix))));
    } catch {
      // A browser that keeps nothing: the address alone holds it.
    }
  }

  /** @param {LatentSelection} selection */
  restore(selection) {
    try {
      const kept = new URLSearchParams(sessionStorage.getItem(this.key) ?? "");
      const { z, mix } = fromQuery(kept, selection.z.length, selection.mix.length);
      if (z && mix) Object.assign(selection, { z, mix });
    } catch {
      // as above
    }
  }
}

/**
 * The page's address with what is selected, `named` in the query as well.
 * @param {LatentSelection} selection
 * @param {boolean} standalone
 * @param {Record<string, string>} named
 */
export function addressOf(selection, standalone, named = {}) {
  const query = new URLSearchParams(standalone ? location.hash.slice(1) : location.search);
  for (const name of ["z", "digit", "mix"]) query.delete(name);
  const held = {
    ...toQuery(selection.z, selection.mix),
    weights: selection.program.header.hash,
    ...(standalone ? {} : named),
  };
  for (const [name, value] of Object.entries(held)) query.set(name, value);
  return `${location.href.split(/[?#]/)[0]}${standalone ? "#" : "?"}${query}`;
}
