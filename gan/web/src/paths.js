// Paths from one latent to the next: functions of pins (a list of latents) and t in [0, 1].

import { dot } from "./runtime.js";
import { norm } from "./selection.js";

/** @import { LatentSpec } from "./latents.js" */
/** @typedef {"lerp" | "slerp" | "circle" | "spline"} PathName */

/**
 * x · a + y · b.
 * @param {Float32Array} a
 * @param {number} x
 * @param {Float32Array} b
 * @param {number} y
 */
const combine = (a, x, b, y) => a.map((value, i) => x * value + y * b[i]);

/**
 * Which segment of a path through `count` pins t lies on, and how far along it.
 * @param {number} count
 * @param {number} t
 */
function segment(count, t) {
  const position = Math.min(Math.max(t, 0), 1) * (count - 1);
  const from = Math.min(Math.floor(position), count - 2);
  return [from, position - from];
}

/**
 * An orthonormal pair: the direction of a, and the one at right angles to it that leads towards b, with the angle
 * between a and b. null where there is none, since they are parallel.
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
function plane(a, b) {
  const [lengthA, lengthB] = [norm(a), norm(b)];
  if (lengthA === 0 || lengthB === 0) return null;
  const first = a.map((value) => value / lengthA);
  const second = b.map((value) => value / lengthB);
  const cosine = dot(first, 0, second, 0, first.length);
  let across = combine(second, 1, first, -cosine);
  let length = norm(across);
  if (length < 1e-6) {
    if (cosine > 0) return null;
    // Opposite: any great circle will do, but always the same one.
    const axis = first
      .map((value) => Math.abs(value))
      .reduce((best, value, i, all) => (value < all[best] ? i : best), 0);
    across = first.map((value, i) => (i === axis ? 1 : 0) - value * first[axis]);
    length = norm(across);
    if (length < 1e-6) return null; // on a line there is no way around the centre
  }
  across = across.map((value) => value / length);
  return { first, across, angle: Math.atan2(dot(second, 0, across, 0, across.length), cosine), lengthA, lengthB };
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} t
 */
const lerp = (a, b, t) => combine(a, 1 - t, b, t);

/**
 * The great circle (White 2016); the norm goes evenly from one to the other.
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} t
 */
function slerp(a, b, t) {
  const found = plane(a, b);
  if (!found) return lerp(a, b, t);
  const { first, across, angle, lengthA, lengthB } = found;
  const length = lengthA + (lengthB - lengthA) * t;
  return combine(first, length * Math.cos(angle * t), across, length * Math.sin(angle * t));
}

/**
 * All around the great circle through a and b, back to a.
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} t
 */
function circle(a, b, t) {
  const found = plane(a, b);
  if (!found) return thereAndBack(a, b, t);
  const { first, across, angle, lengthA, lengthB } = found;
  const turned = 2 * Math.PI * t;
  // From A's length to B's on the short way, and back on the long one.
  const share = turned <= angle ? turned / angle : 1 - (turned - angle) / (2 * Math.PI - angle);
  const length = lengthA + (lengthB - lengthA) * share;
  return combine(first, length * Math.cos(turned), across, length * Math.sin(turned));
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} t
 */
const thereAndBack = (a, b, t) => lerp(a, b, t < 0.5 ? 2 * t : 2 - 2 * t);

/**
 * A smooth curve through all pins (Catmull and Rom 1974); the ends are continued in a straight line.
 * @param {Float32Array[]} pins
 * @param {number} t
 */
function spline(pins, t) {
  const [from, s] = segment(pins.length, t);
  const at = (/** @type {number} */ i) =>
    pins[i] ?? (i < 0 ? combine(pins[0], 2, pins[1], -1) : combine(pins[i - 1], 2, pins[i - 2], -1));
  const [a, b, c, d] = [at(from - 1), at(from), at(from + 1), at(from + 2)];
  return b.map((value, i) => {
    const [p, q, r, u] = [a[i], value, c[i], d[i]];
    return q + 0.5 * s * (r - p + s * (2 * p - 5 * q + 4 * r - u + s * (3 * (q - r) + u - p)));
  });
}

/** @type {Record<PathName, { label: string, meaning: string, at: (pins: Float32Array[], t: number) => Float32Array }>} */
export const PATHS = {
  lerp: {
    label: "Straight line (lerp)",
    meaning: "Between two latents it dips towards the centre, where the prior has next to nothing.",
    at: (pins, t) => {
      const [from, s] = segment(pins.length, t);
      return lerp(pins[from], pins[from + 1], s);
    },
  },
  slerp: {
    label: "Great circle (slerp)",
    meaning: "Stays at the distance from the centre at which the prior has its mass.",
    at: (pins, t) => {
      const [from, s] = segment(pins.length, t);
      return slerp(pins[from], pins[from + 1], s);
    },
  },
  circle: {
    label: "Closed circle through A and B",
    meaning: "Goes on past B, and comes back to A from the other side.",
    at: (pins, t) => circle(pins[0], pins[1], t),
  },
  spline: {
    label: "Smooth curve through all (spline)",
    meaning: "Has no corner at the pins in between.",
    at: spline,
  },
};

/**
 * Mixes of digits, or codes, along a path: straight from one to the next; on the circle to B's and back.
 * @param {PathName} path
 * @param {Float32Array[]} rows
 * @param {number} t
 */
export function linearAlong(path, rows, t) {
  if (path === "circle") return thereAndBack(rows[0], rows[1], t);
  const [from, s] = segment(rows.length, t);
  return lerp(rows[from], rows[from + 1], s);
}

/**
 * The latent along a path. What the paths differ in is how far from the centre they stay, where the prior has its mass;
 * that is a matter of the normal numbers. Codes go straight, which never leads out of their bounds.
 * @param {PathName} path
 * @param {Float32Array[]} pins
 * @param {number} t
 * @param {LatentSpec} latents
 */
export function latentAlong(path, pins, t, latents) {
  const z = PATHS[path].at(
    pins.map((pin) => pin.slice(0, latents.normal)),
    t,
  );
  if (!latents.codes.length) return z;
  return Float32Array.of(...z, ...linearAlong(path, pins, t).slice(latents.normal));
}
