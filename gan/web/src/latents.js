// What a latent is made of (gan/latents/spec.py): numbers from the normal distribution first, then codes. No DOM.

/** @typedef {"normal" | "uniform" | "categorical"} Kind */
/** @typedef {{ kind: Kind, size: number }} Part */
/** @typedef {Part & { start: number }} PlacedPart */
/** @typedef {() => number} Random numbers in [0, 1) */

/**
 * A number from the standard normal distribution (Box and Muller 1958).
 * @param {Random} random
 */
export function normal(random = Math.random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/**
 * @param {number} size
 * @param {number} value
 */
export const oneHot = (size, value) => Float32Array.from({ length: size }, (_, k) => (k === value ? 1 : 0));

/**
 * The mix that is a single class of so many.
 * @param {number} label
 * @param {number} classes
 */
export const mixOfClass = (label, classes) => oneHot(classes, label);

/**
 * How each kind of part is drawn, where its centre is, and what is nearest to numbers that came of some sum.
 * @type {Record<Kind, {
 *   draw: (size: number, random: Random) => Float32Array,
 *   centre: (size: number) => Float32Array,
 *   project: (values: Float32Array) => Float32Array,
 * }>}
 */
const KINDS = {
  normal: {
    draw: (size, random) => Float32Array.from({ length: size }, () => normal(random)),
    centre: (size) => new Float32Array(size),
    project: (values) => values,
  },
  uniform: {
    draw: (size, random) => Float32Array.from({ length: size }, () => 2 * random() - 1),
    centre: (size) => new Float32Array(size),
    project: (values) => values.map((value) => Math.max(-1, Math.min(1, value))),
  },
  // Has no centre: the generator was never trained on all values at once, or on none.
  categorical: {
    draw: (size, random) => oneHot(size, Math.floor(size * random())),
    centre: (size) => oneHot(size, 0),
    project: (values) => {
      const shares = values.map((value) => Math.max(0, value));
      const sum = shares.reduce((total, share) => total + share, 0);
      return sum > 0 ? shares.map((share) => share / sum) : oneHot(values.length, 0);
    },
  },
};

/** The parts of a latent, in order. */
export class LatentSpec {
  /** @param {Part[]} parts as the header of a program has them */
  constructor(parts) {
    this.size = 0;
    /** @type {PlacedPart[]} */
    this.parts = parts.map(({ kind, size }) => {
      this.size += size;
      return { kind, size, start: this.size - size };
    });
    this.codes = this.parts.filter(({ kind }) => kind !== "normal");
    /** How many numbers, the first ones, are from the normal distribution. */
    this.normal = this.size - this.codes.reduce((sum, { size }) => sum + size, 0);
  }

  /** @param {Kind} kind */
  ofKind(kind) {
    return this.parts.filter((part) => part.kind === kind);
  }

  /**
   * A latent made part by part.
   * @param {(part: PlacedPart) => Float32Array} make
   */
  compose(make) {
    const z = new Float32Array(this.size);
    for (const part of this.parts) z.set(make(part), part.start);
    return z;
  }

  /**
   * A latent as training draws them.
   * @param {Random} random
   */
  draw(random = Math.random) {
    return this.compose(({ kind, size }) => KINDS[kind].draw(size, random));
  }

  /** Where one begins: the mean of the prior, and of a categorical code the first value. */
  centre() {
    return this.compose(({ kind, size }) => KINDS[kind].centre(size));
  }

  /**
   * The nearest latent whose codes are within their bounds.
   * @param {Float32Array} z
   */
  project(z) {
    return this.compose(({ kind, size, start }) => KINDS[kind].project(z.slice(start, start + size)));
  }

  /** How many combinations of values the categorical codes have. */
  get combinations() {
    return this.ofKind("categorical").reduce((product, { size }) => product * size, 1);
  }

  /**
   * A latent with one of these combinations in place of its own.
   * @param {Float32Array} z
   * @param {number} number
   */
  withCombination(z, number) {
    const chosen = Float32Array.from(z);
    let rest = number;
    for (const { size, start } of this.ofKind("categorical")) {
      chosen.set(oneHot(size, rest % size), start);
      rest = Math.floor(rest / size);
    }
    return chosen;
  }
}

/**
 * A latent with other numbers from `start` on.
 * @param {Float32Array} z
 * @param {number} start
 * @param {ArrayLike<number>} values
 */
export function replaced(z, start, values) {
  const other = Float32Array.from(z);
  other.set(values, start);
  return other;
}
