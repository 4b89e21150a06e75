// What each player minimises: the losses of gan/games/losses.py, with their gradients.

/**
 * A loss, and its gradient with respect to each score. All are means over the batch.
 * @typedef {object} Game
 * @property {(real: Float64Array, fake: Float64Array, dReal: Float64Array, dFake: Float64Array) => number} d the
 *   detective's loss; fills in the gradients
 * @property {(real: Float64Array, fake: Float64Array, dFake: Float64Array) => number} g the forger's
 * @property {boolean} relative whether the forger's loss takes scores of real points too
 * @property {boolean} clipped whether D's weights are clipped after each of its moves
 * @property {[number, number]} ideal the losses of D and of G at a perfect forger
 */

/** log(1 + eˣ), finite for any x. @param {number} x */
export const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** @param {number} x */
export const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/**
 * A loss that adds up over real and over forged points.
 * @param {(score: number) => [number, number]} onReal value and slope
 * @param {(score: number) => [number, number]} onFake
 * @returns {Game["d"]}
 */
const sum = (onReal, onFake) => (real, fake, dReal, dFake) => {
  let loss = 0;
  for (let i = 0; i < real.length; i += 1) {
    const [value, slope] = onReal(real[i]);
    loss += value / real.length;
    dReal[i] = slope / real.length;
  }
  for (let i = 0; i < fake.length; i += 1) {
    const [value, slope] = onFake(fake[i]);
    loss += value / fake.length;
    dFake[i] = slope / fake.length;
  }
  return loss;
};

/**
 * @param {(score: number) => [number, number]} onFake
 * @returns {Game["g"]}
 */
const mean = (onFake) => (_, fake, dFake) => {
  let loss = 0;
  for (let i = 0; i < fake.length; i += 1) {
    const [value, slope] = onFake(fake[i]);
    loss += value / fake.length;
    dFake[i] = slope / fake.length;
  }
  return loss;
};

const crossEntropy = sum(
  (s) => [softplus(-s), -sigmoid(-s)],
  (s) => [softplus(s), sigmoid(s)],
);
const plain = { relative: false, clipped: false };

/** @type {Record<string, Game>} */
export const GAMES = {
  ns: { ...plain, d: crossEntropy, g: mean((s) => [softplus(-s), -sigmoid(-s)]), ideal: [2 * Math.LN2, Math.LN2] },
  minimax: { ...plain, d: crossEntropy, g: mean((s) => [-softplus(s), -sigmoid(s)]), ideal: [2 * Math.LN2, -Math.LN2] },
  ls: {
    ...plain,
    d: sum(
      (s) => [0.5 * (s - 1) ** 2, s - 1],
      (s) => [0.5 * s * s, s],
    ),
    g: mean((s) => [0.5 * (s - 1) ** 2, s - 1]),
    ideal: [0.25, 0.125],
  },
  wgan: {
    ...plain,
    clipped: true,
    d: sum(
      (s) => [-s, -1],
      (s) => [s, 1],
    ),
    g: mean((s) => [-s, -1]),
    ideal: [0, 0],
  },
  hinge: {
    ...plain,
    d: sum(
      (s) => [Math.max(0, 1 - s), s < 1 ? -1 : 0],
      (s) => [Math.max(0, 1 + s), s > -1 ? 1 : 0],
    ),
    g: mean((s) => [-s, -1]),
    ideal: [2, 0],
  },
  rel: {
    ...plain,
    relative: true,
    d: (real, fake, dReal, dFake) => {
      let loss = 0;
      for (let i = 0; i < fake.length; i += 1) {
        loss += softplus(fake[i] - real[i]) / fake.length;
        dFake[i] = sigmoid(fake[i] - real[i]) / fake.length;
        dReal[i] = -dFake[i];
      }
      return loss;
    },
    g: (real, fake, dFake) => {
      let loss = 0;
      for (let i = 0; i < fake.length; i += 1) {
        loss += softplus(real[i] - fake[i]) / fake.length;
        dFake[i] = -sigmoid(real[i] - fake[i]) / fake.length;
      }
      return loss;
    },
    ideal: [Math.LN2, Math.LN2],
  },
};
