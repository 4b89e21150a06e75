// From a picture back to a latent: gradient descent on z through the generator, in the page. Needs runtime.js, share.js.

const STARTS = 4;
/** [how many descents go on, steps of each] of the rounds; the worse ones are left behind. */
const ROUNDS = [[6, 25], [2, 120]];
const LEARNING_RATE = 0.2;
/** Pull towards the prior's mean: a latent should lie where the generator was trained. */
const PRIOR = 0.002;

/** Mean squared difference of two pictures in [-1, 1], where black against white counts as 1. */
function difference(pixels, target) {
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += (pixels[i] - target[i]) ** 2;
  return sum / pixels.length / 4;
}

/** One descent on z with Adam (Kingma and Ba 2015). `z` and `error` are the best so far. */
class Descent {
  constructor(program, target, z, mix) {
    Object.assign(this, { program, target, mix, steps: 0, at: z, z, error: Infinity });
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
    const { at, target, mean, square } = this;
    const gradient = this.program.slopes(pixels.map((value, i) => (value - target[i]) / 2 / pixels.length));
    this.steps += 1;
    for (let i = 0; i < at.length; i++) {
      const slope = gradient[i] + (PRIOR * at[i]) / at.length;
      mean[i] = 0.9 * mean[i] + 0.1 * slope;
      square[i] = 0.99 * square[i] + 0.01 * slope * slope;
      const scale = Math.sqrt(square[i] / (1 - 0.99 ** this.steps)) + 1e-8;
      at[i] -= (LEARNING_RATE * mean[i]) / (1 - 0.9 ** this.steps) / scale;
    }
  }
}

const best = (descents) => descents.reduce((a, b) => (b.error < a.error ? b : a));

/**
 * Finds a latent and a digit whose picture is like `target`, 784 pixels in [-1, 1]. A generator: it yields the best descent
 * so far after each step, so that whoever calls it decides when to go on, when to stop, and what to show.
 */
function* fit(program, target, random = normal) {
  const { conditional, latent_dim } = program.header;
  let descents = [];
  for (let digit = 0; digit < (conditional ? 10 : 1); digit++)
    for (let start = 0; start < STARTS; start++) {
      const z = Float32Array.from({ length: latent_dim }, () => (start ? random() : 0));
      descents.push(new Descent(program, target, z, only(digit)));
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

const FIELD = 28;
/** MNIST's digits fill a box of 20 × 20 pixels in one direction. */
const BOX = 20;

/**
 * A drawing as MNIST has its digits (LeCun et al. 1998): the ink's box scaled into 20 × 20, sides in proportion, and placed,
 * by whole pixels, so that the centre of mass lies in the pixel right and below of the middle of 28 × 28, as it does in
 * all of MNIST's. `ink` is grey values from 0 to 255, `side` × `side`. Returns 784
 * pixels in [-1, 1], or null where nothing is drawn.
 */
function asMnist(ink, side) {
  let [left, right, top, bottom] = [side, -1, side, -1];
  let mass = 0, massX = 0, massY = 0;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const value = ink[y * side + x];
      if (!value) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      mass += value;
      massX += value * (x + 0.5);
      massY += value * (y + 0.5);
    }
  if (!mass) return null;
  const scale = BOX / Math.max(right - left + 1, bottom - top + 1);
  const place = (centre, start) => FIELD / 2 - Math.floor((centre - start) * scale) - start * scale;
  const [offsetX, offsetY] = [place(massX / mass, left), place(massY / mass, top)];
  // Each large pixel spreads its ink over the small ones that it covers.
  const small = new Float32Array(FIELD * FIELD);
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const value = ink[y * side + x];
      if (!value) continue;
      const [fromX, toX] = [x * scale + offsetX, (x + 1) * scale + offsetX];
      const [fromY, toY] = [y * scale + offsetY, (y + 1) * scale + offsetY];
      for (let row = Math.max(0, Math.floor(fromY)); row < Math.min(FIELD, toY); row++)
        for (let column = Math.max(0, Math.floor(fromX)); column < Math.min(FIELD, toX); column++) {
          const width = Math.min(toX, column + 1) - Math.max(fromX, column);
          const height = Math.min(toY, row + 1) - Math.max(fromY, row);
          small[row * FIELD + column] += value * width * height;
        }
    }
  return small.map((value) => Math.min(255, value) / 127.5 - 1);
}
