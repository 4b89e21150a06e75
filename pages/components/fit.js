// From a picture back to a latent: gradient descent on z through the generator, in the page. Needs runtime.js, share.js,
// latents.js and hand.js.

/** Latents that a search tries first, in all; each digit and each value of a code gets its share of them. */
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

/** Mean squared difference of two pictures in [-1, 1], where black against white counts as 1. */
const difference = (pixels, target) => squaredDifference(pixels, target) / 4;

/** One descent on z with Adam (Kingma and Ba 2015). `z` and `error` are the best so far. Uniform codes stay within their
 * bounds, and categorical ones as they are: between their values there is nothing to walk through. */
class Descent {
  constructor(program, target, latents, z, mix) {
    Object.assign(this, { program, target, latents, mix, steps: 0, at: z, z, error: Infinity });
    this.mean = new Float32Array(z.length);
    this.square = new Float32Array(z.length);
    this.look();
  }

  look() {
    const pixels = this.program.forge(this.at, this.mix);
    const error = difference(pixels, this.target);
    if (error < this.error) [this.error, this.z] = [error, this.at.slice()];
    return pixels;
  }

  step() {
    const pixels = this.look();
    const { at, target, mean, square, latents } = this;
    const gradient = this.program.slopes(pixels.map((value, i) => (value - target[i]) / 2 / pixels.length));
    this.steps += 1;
    const move = (i, slope) => {
      mean[i] = 0.9 * mean[i] + 0.1 * slope;
      square[i] = 0.99 * square[i] + 0.01 * slope * slope;
      const scale = Math.sqrt(square[i] / (1 - 0.99 ** this.steps)) + 1e-8;
      at[i] -= (LEARNING_RATE * mean[i]) / (1 - 0.9 ** this.steps) / scale;
    };
    for (let i = 0; i < latents.normal; i++) move(i, gradient[i] + (PRIOR * at[i]) / latents.normal);
    for (const { size, start } of latents.ofKind("uniform"))
      for (let i = start; i < start + size; i++) {
        move(i, gradient[i]);
        at[i] = Math.max(-1, Math.min(1, at[i]));
      }
  }
}

const best = (descents) => descents.reduce((a, b) => (b.error < a.error ? b : a));

/**
 * Finds a latent and a digit whose picture is like `target`, 784 pixels in [-1, 1]. A generator: it yields the best
 * descent so far after each step, so that whoever calls it decides when to go on, when to stop, and what to show.
 */
function* fit(program, target, random = Math.random) {
  const latents = new Latents(program.header.latents);
  const digits = program.header.conditional ? 10 : 1;
  const choices = Math.min(digits * latents.choices, MOST);
  let descents = [];
  for (let start = 0; start < Math.max(STARTS, choices); start++) {
    const z = latents.choose(start < choices ? latents.middle() : latents.draw(random), Math.floor(start / digits));
    descents.push(new Descent(program, target, latents, z, only(start % digits)));
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
class Search {
  constructor(program, target) {
    Object.assign(this, { program, target });
    this.steps = fit(program, target);
    this.best = null;
    this.spent = 0;
  }

  /** Goes on for so many milliseconds; whether it is at its end. */
  work(milliseconds) {
    const started = performance.now();
    let turn;
    let best;
    do {
      turn = this.steps.next();
      best = turn.value ?? best;
    } while (!turn.done && performance.now() - started < milliseconds);
    if (best) {
      const z = rounded(best.z); // as a pin or a link holds it
      this.best = { z, mix: best.mix, error: difference(this.program.forge(z, best.mix), this.target) };
    }
    this.spent += performance.now() - started;
    return turn.done || this.spent > PATIENCE;
  }
}
