// A game as it goes on: its own random numbers, its batches, and what a picture of it shows. Knows no page.

import { CLOUDS, covered, own, sample } from "./clouds.js";
import { discrepancy } from "./distance.js";
import { Duel } from "./duel.js";
import { sigmoid } from "./games.js";
import { Random } from "./random.js";

/** @import { Activation } from "./perceptron.js" */

/**
 * What a game is set up with.
 * @typedef {object} Setup
 * @property {string} data a name in CLOUDS, or "own"
 * @property {number} dims
 * @property {string} game
 * @property {number} k moves of D before each of G
 * @property {number} rateG
 * @property {number} rateD
 * @property {number[]} hiddenG
 * @property {number[]} hiddenD
 * @property {Activation} activation
 * @property {"adam" | "sgd"} optimizer
 * @property {"normal" | "uniform"} noise
 * @property {number} latents
 * @property {number} clip
 * @property {number} batch
 * @property {number} seed
 * @property {Float64Array} points of one's own drawing, n × 2
 */

/**
 * What the page shows of one moment.
 * @typedef {object} Picture
 * @property {number} step how often G has moved
 * @property {number} movesD
 * @property {"D" | "G"} next who moves next
 * @property {number} lossD mean since the last picture; NaN where there was no move
 * @property {number} lossG
 * @property {Float32Array} fake FORGED × dims
 * @property {Float32Array} opinion what D says, from 0 (forged) to 1 (real): MAP × MAP, or CURVE numbers
 * @property {Float32Array} arrows the pull on the first forgeries, ARROWS × dims
 * @property {Float32Array} grid where the lines of the latent space lie
 * @property {Float32Array} best in one dimension the best possible opinion, NaN where there are no points
 * @property {Float32Array} density in one dimension, of forged points
 */

/**
 * @typedef {object} Figures
 * @property {number} distance
 * @property {number} floor of two draws of real points, the mean of several
 * @property {number} blobs how many are covered
 * @property {number} outOf
 */

/** The part of the plane that is shown: from −EDGE to EDGE. */
export const EDGE = 1.2;
export const FORGED = 300;
export const MAP = 40;
export const CURVE = 161;
export const ARROWS = 60;
/** Lines of the latent grid each way, and points on a line. */
export const LINES = 11;
export const ON_LINE = 31;
/** Where the lines of normal latents end. */
const REACH = 2.2;
const SMOOTH = 0.03;
const FOR_DISTANCE = 400;

/**
 * @param {number} n
 * @param {number} reach
 */
const spaced = (n, reach) => Float64Array.from({ length: n }, (_, i) => reach * ((2 * i) / (n - 1) - 1));

/**
 * Densities on the curve's places, by Gaussian kernels.
 * @param {Float64Array} points
 */
function density(points) {
  const bins = new Float64Array(CURVE);
  for (const x of points) {
    const at = Math.round(((x / EDGE + 1) / 2) * (CURVE - 1));
    if (at >= 0 && at < CURVE) bins[at] += 1 / points.length;
  }
  const pitch = (2 * EDGE) / (CURVE - 1);
  const reach = Math.ceil((4 * SMOOTH) / pitch);
  const found = new Float64Array(CURVE);
  for (let i = 0; i < CURVE; i += 1)
    for (let j = Math.max(0, i - reach); j <= Math.min(CURVE - 1, i + reach); j += 1)
      found[i] += bins[j] * Math.exp(-0.5 * ((pitch * (i - j)) / SMOOTH) ** 2);
  return found.map((value) => value / (SMOOTH * Math.sqrt(2 * Math.PI)));
}

/** @param {number} value */
const unit = (value) => Math.max(0, Math.min(1, value));

export class Session {
  /** @param {Setup} setup */
  constructor(setup) {
    this.setup = setup;
    const { dims, latents, noise } = setup;
    this.cloud = setup.data === "own" ? own(setup.points, dims) : CLOUDS[setup.data];
    this.random = new Random(setup.seed);
    this.duel = new Duel({ ...setup, betas: [0.5, 0.99] }, this.random);
    this.movesD = 0;
    this.movesG = 0;
    /** Moves of D since the last one of G. */
    this.since = 0;
    this.sums = { D: 0, G: 0, movesD: 0, movesG: 0 };
    // What is looked at has random numbers of its own, so that looking changes nothing.
    this.looking = new Random(setup.seed + 1_000_003);
    /** The same latents in every picture, so that each forgery moves and none jumps. */
    this.probe = this.latents(FORGED, this.looking);
    const side = spaced(MAP, EDGE);
    this.places = dims === 1 ? spaced(CURVE, EDGE) : new Float64Array(2 * MAP * MAP);
    if (dims === 2)
      for (let i = 0; i < MAP * MAP; i += 1) this.places.set([side[i % MAP], -side[Math.floor(i / MAP)]], 2 * i);
    this.lines = this.#lines(latents, noise === "normal" ? REACH : 1);
    const several = Array.from({ length: 4 }, () =>
      discrepancy(this.#real(FOR_DISTANCE), this.#real(FOR_DISTANCE), dims),
    );
    this.floor = several.reduce((total, value) => total + value, 0) / several.length;
    this.realDensity = dims === 1 ? density(this.#real(6000)) : new Float64Array(0);
    this.manyLatents = dims === 1 ? this.latents(2000, this.looking) : new Float64Array(0);
  }

  /** @param {number} n */
  #real(n) {
    return sample(this.cloud, this.looking, n);
  }

  /** Points of the cloud for the eye. @param {number} n */
  shown(n) {
    return Float32Array.from(sample(this.cloud, new Random(this.setup.seed + 77), n));
  }

  /**
   * @param {number} latents
   * @param {number} reach
   */
  #lines(latents, reach) {
    if (latents === 1) return spaced(LINES * ON_LINE, reach);
    const across = spaced(LINES, reach);
    const along = spaced(ON_LINE, reach);
    const found = [];
    for (const a of across) for (const b of along) found.push(a, b);
    for (const a of across) for (const b of along) found.push(b, a);
    return Float64Array.from(found);
  }

  /**
   * @param {number} n
   * @param {Random} random
   */
  latents(n, random = this.random) {
    const { latents, noise } = this.setup;
    const draw = noise === "normal" ? () => random.normal() : () => 2 * random.uniform() - 1;
    return Float64Array.from({ length: n * latents }, draw);
  }

  /** The next move's player. @returns {"D" | "G"} */
  get next() {
    return this.since < this.setup.k ? "D" : "G";
  }

  /**
   * @param {"D" | "G"} player
   * @returns {number} its loss before the move
   */
  move(player) {
    const { batch } = this.setup;
    const x = sample(this.cloud, this.random, batch);
    const z = this.latents(batch);
    const loss = player === "D" ? this.duel.moveD(x, z) : this.duel.moveG(z, x);
    this.sums[player] += loss;
    if (player === "D") {
      this.movesD += 1;
      this.since += 1;
      this.sums.movesD += 1;
    } else {
      this.movesG += 1;
      this.since = 0;
      this.sums.movesG += 1;
    }
    return loss;
  }

  /** All moves to the end of G's next one. */
  step() {
    while (this.next === "D") this.move("D");
    this.move("G");
  }

  /** Whether the numbers have left what numbers can say. */
  get broken() {
    const { D, G } = this.duel;
    return !D.parameters.every(Number.isFinite) || !G.parameters.every(Number.isFinite);
  }

  /** Scores as opinions from 0 (forged) to 1 (real). @returns {(score: number) => number} */
  #opinion() {
    const { game } = this.setup;
    const { D, G } = this.duel;
    if (game === "ns" || game === "minimax") return sigmoid;
    if (game === "ls") return unit;
    if (game === "hinge") return (score) => unit((score + 1) / 2);
    const n = 200;
    const real = D.forward(this.#real(n), n).slice(0, n);
    const fake = D.forward(G.forward(this.probe, n), n).slice(0, n);
    const mean = (/** @type {Float64Array} */ scores) => scores.reduce((total, score) => total + score, 0) / n;
    const middle = (mean(real) + mean(fake)) / 2;
    if (game === "rel") return (score) => sigmoid(score - middle);
    let scale = 1e-9;
    for (const score of [...real, ...fake]) scale = Math.max(scale, Math.abs(score - middle));
    return (score) => unit(0.5 + (score - middle) / (2 * scale));
  }

  /**
   * What the best detective would say of this forger, from the densities of real and forged points.
   * @param {Float64Array} p
   * @param {Float64Array} g
   */
  #best(p, g) {
    const { game } = this.setup;
    const pitch = (2 * EDGE) / (CURVE - 1);
    const empty = 0.004;
    /** @type {number[]} */
    let found;
    if (game === "hinge") found = Array.from(p, (value, i) => (value > g[i] ? 1 : 0));
    else if (game === "rel") {
      const logs = Array.from(p, (value, i) => Math.log((value + 1e-9) / (g[i] + 1e-9)));
      const middle = logs.reduce((total, value, i) => total + (value * (p[i] + g[i]) * pitch) / 2, 0);
      found = logs.map((value) => sigmoid(value - middle));
    } else if (game === "wgan") {
      // Its slope is as steep as allowed, and up wherever more of the forged points lie to the left than of the real.
      let [left, height] = [0, 0];
      const heights = Array.from(p, (value, i) => {
        left += (g[i] - value) * pitch;
        height += Math.sign(Math.abs(left) < 1e-4 ? 0 : left) * pitch;
        return height;
      });
      const mean = (/** @type {Float64Array} */ weights) =>
        heights.reduce((total, value, i) => total + value * weights[i] * pitch, 0);
      const middle = (mean(p) + mean(g)) / 2;
      let scale = 1e-9;
      heights.forEach((value, i) => {
        if (p[i] + g[i] > empty) scale = Math.max(scale, Math.abs(value - middle));
      });
      found = heights.map((value) => unit(0.5 + (value - middle) / (2 * scale)));
    } else found = Array.from(p, (value, i) => value / (value + g[i]));
    return Float32Array.from(found, (value, i) => (p[i] + g[i] > empty ? value : Number.NaN));
  }

  /**
   * @param {{ map: boolean, arrows: boolean, grid: boolean }} wanted
   * @returns {Picture}
   */
  picture({ map, arrows, grid }) {
    const { dims, latents } = this.setup;
    const { D, G, game } = this.duel;
    const fake = G.forward(this.probe, FORGED).slice(0, FORGED * dims);
    const nothing = new Float32Array(0);
    let opinion = nothing;
    if (map) {
      const says = this.#opinion();
      const count = this.places.length / dims;
      opinion = Float32Array.from(D.forward(this.places, count).subarray(0, count), says);
    }
    let pull = nothing;
    if (arrows) {
      const real = D.forward(this.#real(ARROWS), ARROWS).slice(0, ARROWS);
      const scores = D.forward(fake.subarray(0, ARROWS * dims), ARROWS).subarray(0, ARROWS);
      const flow = new Float64Array(ARROWS);
      game.g(real, scores, flow);
      const back = D.backward(flow, { own: false, input: true });
      pull = Float32Array.from({ length: ARROWS * dims }, (_, i) => -ARROWS * back[i]);
    }
    const lines = this.lines.length / latents;
    const bent = grid ? Float32Array.from(G.forward(this.lines, lines).subarray(0, lines * dims)) : nothing;
    let best = nothing;
    let forged = nothing;
    if (dims === 1) {
      const g = density(G.forward(this.manyLatents, 2000).slice(0, this.manyLatents.length / latents));
      forged = Float32Array.from(g);
      best = this.#best(this.realDensity, g);
    }
    const { sums } = this;
    this.sums = { D: 0, G: 0, movesD: 0, movesG: 0 };
    return {
      step: this.movesG,
      movesD: this.movesD,
      next: this.next,
      lossD: sums.D / sums.movesD,
      lossG: sums.G / sums.movesG,
      fake: Float32Array.from(fake),
      opinion,
      arrows: pull,
      grid: bent,
      best,
      density: forged,
    };
  }

  /** @returns {Figures} */
  figures() {
    const { dims } = this.setup;
    const n = 1000;
    const fake = this.duel.G.forward(this.latents(n, this.looking), n).slice(0, n * dims);
    return {
      distance: discrepancy(fake.subarray(0, FOR_DISTANCE * dims), this.#real(FOR_DISTANCE), dims),
      floor: this.floor,
      blobs: covered(this.cloud, fake, n),
      outOf: this.cloud.blobs?.length ?? 0,
    };
  }
}
