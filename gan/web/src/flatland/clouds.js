// What the points are drawn from: clouds in the square from −1 to 1, or on its first axis.

/** @import { Random } from "./random.js" */

/**
 * @typedef {object} Cloud
 * @property {string} label
 * @property {number} dims
 * @property {[number, number][] | undefined} blobs the middles of its blobs, if it is made of blobs
 * @property {number} spread of a blob, its standard deviation
 * @property {(random: Random, to: Float64Array, at: number) => void} draw puts a point in
 */

/**
 * @param {string} label
 * @param {number} dims
 * @param {[number, number][]} blobs
 * @param {number} spread
 * @returns {Cloud}
 */
const mixture = (label, dims, blobs, spread) => ({
  label,
  dims,
  blobs,
  spread,
  draw(random, to, at) {
    const middle = blobs[random.below(blobs.length)];
    for (let i = 0; i < dims; i += 1) to[at + i] = middle[i] + spread * random.normal();
  },
});

/** @type {[number, number][]} */
const RING = Array.from({ length: 8 }, (_, i) => [
  0.7 * Math.cos((i * Math.PI) / 4),
  0.7 * Math.sin((i * Math.PI) / 4),
]);
/** @type {[number, number][]} */
const GRID = Array.from({ length: 25 }, (_, i) => [0.35 * ((i % 5) - 2), 0.35 * (Math.floor(i / 5) - 2)]);

/** @type {Record<string, Cloud>} */
export const CLOUDS = {
  ring: mixture("Ring of eight", 2, RING, 0.05),
  blob: mixture("One blob", 2, [[0.35, 0.25]], 0.18),
  grid: mixture("Grid", 2, GRID, 0.03),
  spiral: {
    label: "Spiral",
    dims: 2,
    blobs: undefined,
    spread: 0,
    draw(random, to, at) {
      const turn = Math.sqrt(random.uniform());
      const angle = 3.5 * Math.PI * turn;
      to[at] = 0.85 * turn * Math.cos(angle) + 0.02 * random.normal();
      to[at + 1] = 0.85 * turn * Math.sin(angle) + 0.02 * random.normal();
    },
  },
  moons: {
    label: "Moons",
    dims: 2,
    blobs: undefined,
    spread: 0,
    draw(random, to, at) {
      const angle = Math.PI * random.uniform();
      const side = random.uniform() < 0.5 ? 1 : -1;
      to[at] = side * (0.52 * Math.cos(angle) - 0.26) + 0.04 * random.normal();
      to[at + 1] = side * (0.52 * Math.sin(angle) - 0.13) + 0.04 * random.normal();
    },
  },
  line1: mixture("One blob", 1, [[0.3, 0]], 0.15),
  line2: mixture(
    "Two blobs",
    1,
    [
      [-0.5, 0],
      [0.45, 0],
    ],
    0.1,
  ),
  line5: mixture(
    "Five blobs",
    1,
    [
      [-0.8, 0],
      [-0.4, 0],
      [0, 0],
      [0.4, 0],
      [0.8, 0],
    ],
    0.04,
  ),
  even: {
    label: "Even",
    dims: 1,
    blobs: undefined,
    spread: 0,
    draw(random, to, at) {
      to[at] = 1.4 * random.uniform() - 0.7;
    },
  },
};

/** How far a point of one's own drawing is smeared, so that few of them make a cloud too. */
const SMEAR = 0.025;

/**
 * The cloud of one's own points.
 * @param {Float64Array} points n × 2
 * @param {number} dims
 * @returns {Cloud}
 */
export const own = (points, dims) => ({
  label: "Your own",
  dims,
  blobs: undefined,
  spread: SMEAR,
  draw(random, to, at) {
    const row = random.below(points.length / 2);
    for (let i = 0; i < dims; i += 1) to[at + i] = points[2 * row + i] + SMEAR * random.normal();
  },
});

/**
 * @param {Cloud} cloud
 * @param {Random} random
 * @param {number} n
 */
export function sample({ draw, dims }, random, n) {
  const points = new Float64Array(n * dims);
  for (let i = 0; i < n; i += 1) draw(random, points, i * dims);
  return points;
}

/**
 * How many of a cloud's blobs the points cover: each that holds, within three standard deviations, a third of its
 * even share or more.
 * @param {Cloud} cloud one of blobs
 * @param {Float64Array} points
 * @param {number} n
 */
export function covered({ blobs = [], spread, dims }, points, n) {
  const counts = blobs.map(() => 0);
  const reach = (3 * spread) ** 2;
  for (let row = 0; row < n; row += 1)
    blobs.forEach((middle, which) => {
      let distance = 0;
      for (let i = 0; i < dims; i += 1) distance += (points[row * dims + i] - middle[i]) ** 2;
      if (distance < reach) counts[which] += 1;
    });
  return counts.filter((count) => 3 * count * blobs.length >= n).length;
}
