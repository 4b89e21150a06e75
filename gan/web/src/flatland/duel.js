// Two perceptrons that play a game against each other. Its moves are given their batches, so that a test can give the
// same ones to PyTorch.

import { GAMES } from "./games.js";
import { Adam, Descent } from "./optimizers.js";
import { Perceptron } from "./perceptron.js";

/** @import { Activation } from "./perceptron.js" */
/** @import { Random } from "./random.js" */

/**
 * @typedef {object} Players
 * @property {string} game a name in GAMES
 * @property {number} dims coordinates of a point
 * @property {number} latents numbers in a latent
 * @property {number[]} hiddenG units of the hidden layers
 * @property {number[]} hiddenD
 * @property {Activation} activation
 * @property {number} rateG
 * @property {number} rateD
 * @property {"adam" | "sgd"} optimizer
 * @property {[number, number]} betas
 * @property {number} clip how far a weight of D may be from 0, where the game clips
 */

export class Duel {
  /**
   * @param {Players} players
   * @param {Random} random draws the first weights
   */
  constructor(players, random) {
    const { dims, latents, hiddenG, hiddenD, activation } = players;
    this.players = players;
    this.game = GAMES[players.game];
    this.G = new Perceptron([latents, ...hiddenG, dims], activation, random);
    this.D = new Perceptron([dims, ...hiddenD, 1], activation, random);
    const optimizer = (/** @type {Perceptron} */ { parameters }, /** @type {number} */ rate) =>
      players.optimizer === "sgd" ? new Descent(rate) : new Adam(parameters.length, rate, players.betas);
    this.optimizerG = optimizer(this.G, players.rateG);
    this.optimizerD = optimizer(this.D, players.rateD);
    this.both = new Float64Array(0);
    this.flow = new Float64Array(0);
  }

  /**
   * The detective's move: G stands still.
   * @param {Float64Array} x real points, n × dims
   * @param {Float64Array} z latents, n × latents
   * @returns {number} the loss before the move
   */
  moveD(x, z) {
    const { dims, latents, clip } = this.players;
    const n = z.length / latents;
    const fake = this.G.forward(z, n);
    this.#room(2 * n);
    this.both.set(x);
    for (let i = 0; i < n * dims; i += 1) this.both[n * dims + i] = fake[i];
    const scores = this.D.forward(this.both, 2 * n);
    const loss = this.game.d(
      scores.subarray(0, n),
      scores.subarray(n, 2 * n),
      this.flow.subarray(0, n),
      this.flow.subarray(n, 2 * n),
    );
    this.D.backward(this.flow);
    this.optimizerD.step(this.D.parameters, this.D.gradients);
    if (this.game.clipped) {
      const { parameters } = this.D;
      for (let i = 0; i < parameters.length; i += 1) parameters[i] = Math.max(-clip, Math.min(clip, parameters[i]));
    }
    return loss;
  }

  /**
   * The forger's move: D stands still, and only says which way is "more real".
   * @param {Float64Array} z latents, n × latents
   * @param {Float64Array} x real points, which only a relative game compares with
   * @returns {number} the loss before the move
   */
  moveG(z, x) {
    const { latents } = this.players;
    const n = z.length / latents;
    const real = this.game.relative ? this.D.forward(x, n).slice(0, n) : z;
    const fake = this.G.forward(z, n);
    const scores = this.D.forward(fake, n);
    this.#room(n);
    const flow = this.flow.subarray(0, n);
    const loss = this.game.g(real, scores.subarray(0, n), flow);
    this.G.backward(this.D.backward(flow, { own: false, input: true }));
    this.optimizerG.step(this.G.parameters, this.G.gradients);
    return loss;
  }

  /** @param {number} rows */
  #room(rows) {
    const { dims } = this.players;
    if (this.both.length !== rows * dims) this.both = new Float64Array(rows * dims);
    if (this.flow.length !== rows) this.flow = new Float64Array(rows);
  }
}
