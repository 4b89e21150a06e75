// From a picture back to a latent: gradient descent on z through the generator, in the page.

import { rounded } from "./half.js";
import { LatentSpec, mixOfClass } from "./latents.js";
import { meanSquaredError } from "./runtime.js";

/** @import { Random } from "./latents.js" */
/** @import { Program } from "./runtime.js" */

/**
 * A latent and a mix whose picture is like a target, and how much it differs.
 * @typedef {import("./links.js").Pin & { error: number }} Found
 */

/** Latents that a search tries first, in all; each class and each value of a code gets its share of them. */
const STARTS = 40;
/** Where codes have so many combinations of values that each of them once would take too long, the first ones do. */
const MOST = 200;
/** [how many descents go on, steps of each] of the rounds; the worse ones are left behind. */
const ROUNDS = [
  [10, 20],
  [3, 30],
  [1, 120],
];
const LEARNING_RATE = 0.2;
/** Pull towards the prior's mean: a latent should lie where the generator was trained. */
const PRIOR = 0.002;

/**
 * Mean squared difference of two pictures in [-1, 1], where black against white counts as 1.
 * @param {ArrayLike<number>} pixels
 * @param {ArrayLike<number>} target
 */
export const pictureError = (pixels, target) => meanSquaredError(pixels, target) / 4;

/** One descent on z with Adam (Kingma and Ba 2015). `z` and `error` are the best so far. Uniform codes stay within their
 * bounds, and categorical ones as they are: between their values there is nothing to walk through. */
class Descent {
  /**
   * @param {Program} program
   * @param {Float32Array} target
   * @param {LatentSpec} latents
   * @param {Float32Array} z
   * @param {Float32Array} mix
   */
  constructor(program, target, latents, z, mix) {
    this.program = program;
    this.target = target;
    this.latents = latents;
    this.mix = mix;
    this.steps = 0;
    this.current = z;
    this.z = z;
    this.error = Number.POSITIVE_INFINITY;
    this.mean = new Float32Array(z.length);
    this.square = new Float32Array(z.length);
    this.evaluate();
  }

  /** The picture of where the descent is. */
  evaluate() {
    const pixels = this.program.sample(this.current, this.mix);
    const error = pictureError(pixels, this.target);
    if (error < this.error) [this.error, this.z] = [error, this.current.slice()];
    return pixels;
  }

  step() {
    const pixels = this.evaluate();
    const { current, target, mean, square, latents } = this;
    const gradient = this.program.vjp(pixels.map((value, i) => (value - target[i]) / 2 / pixels.length));
    this.steps += 1;
    const move = (/** @type {number} */ i, /** @type {number} */ derivative) => {
      mean[i] = 0.9 * mean[i] + 0.1 * derivative;
      square[i] = 0.99 * square[i] + 0.01 * derivative * derivative;
      const scale = Math.sqrt(square[i] / (1 - 0.99 ** this.steps)) + 1e-8;
      current[i] -= (LEARNING_RATE * mean[i]) / (1 - 0.9 ** this.steps) / scale;
    };
    for (let i = 0; i < latents.normal; i++) move(i, gradient[i] + (PRIOR * current[i]) / latents.normal);
    for (const { size, start } of latents.ofKind("uniform"))
      for (let i = start; i < start + size; i++) {
        move(i, gradient[i]);
        current[i] = Math.max(-1, Math.min(1, current[i]));
      }
  }
}

/** @param {Descent[]} descents */
const best = (descents) => descents.reduce((a, b) => (b.error < a.error ? b : a));

/**
 * Finds a latent and a class whose picture is like `target`, 784 pixels in [-1, 1]. A generator: it yields the best
 * descent so far after each step, so that whoever calls it decides when to go on, when to stop, and what to show.
 * @param {Program} program
 * @param {Float32Array} target
 * @param {Random} random
 * @returns {Generator<Descent, void>}
 */
export function* fit(program, target, random = Math.random) {
  const latents = new LatentSpec(program.header.latents);
  const classes = program.header.classes.length;
  const labels = program.header.conditional ? classes : 1;
  const combinations = Math.min(labels * latents.combinations, MOST);
  /** @type {Descent[]} */
  let descents = [];
  for (let start = 0; start < Math.max(STARTS, combinations); start++) {
    const from = start < combinations ? latents.centre() : latents.draw(random);
    const z = latents.withCombination(from, Math.floor(start / labels));
    descents.push(new Descent(program, target, latents, z, mixOfClass(start % labels, classes)));
    yield best(descents);
  }
  for (const [kept, steps] of ROUNDS) {
    descents = descents.sort((a, b) => a.error - b.error).slice(0, kept);
    for (let step = 0; step < steps; step++)
      for (const descent of descents) {
        descent.step();
        yield best(descents);
      }
  }
}

/** Milliseconds of work after which a search, any search, ends with what it has, where it is slow. */
const PATIENCE = 2000;

/** A search for a latent that goes on bit by bit. */
export class LatentSearch {
  /**
   * @param {Program} program
   * @param {Float32Array} target
   */
  constructor(program, target) {
    this.program = program;
    this.target = target;
    this.steps = fit(program, target);
    /** @type {Found | null} */
    this.best = null;
    this.elapsed = 0;
  }

  /**
   * Goes on for so many milliseconds. What was found, if it is at its end.
   * @param {number} milliseconds
   */
  work(milliseconds) {
    const started = performance.now();
    let done = false;
    /** @type {Descent | undefined} */
    let latest;
    do {
      const turn = this.steps.next();
      if (turn.done) done = true;
      else latest = turn.value;
    } while (!done && performance.now() - started < milliseconds);
    if (latest) {
      const z = rounded(latest.z); // as a pin or a link holds it
      const { mix } = latest;
      this.best = { z, mix, error: pictureError(this.program.sample(z, mix), this.target) };
    }
    this.elapsed += performance.now() - started;
    return done || this.elapsed > PATIENCE ? this.best : null;
  }
}
