// What a latent is made of (gan/latents/spec.py): numbers from the normal distribution first, then codes. No DOM.

/** A number from the standard normal distribution (Box and Muller 1958). */
function normal(random = Math.random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** All of 0 but for a 1. */
const oneHot = (size, value) => Float32Array.from({ length: size }, (_, k) => (k === value ? 1 : 0));

/** How each kind of part is drawn, where its middle is, and what is nearest to numbers that came of some sum. */
const KINDS = {
  normal: {
    draw: (size, random) => Float32Array.from({ length: size }, () => normal(random)),
    middle: (size) => new Float32Array(size),
    settle: (values) => values,
  },
  uniform: {
    draw: (size, random) => Float32Array.from({ length: size }, () => 2 * random() - 1),
    middle: (size) => new Float32Array(size),
    settle: (values) => values.map((value) => Math.max(-1, Math.min(1, value))),
  },
  // Has no middle: of all values, or of none, the generator has never heard.
  categorical: {
    draw: (size, random) => oneHot(size, Math.floor(size * random())),
    middle: (size) => oneHot(size, 0),
    settle: (values) => {
      const shares = values.map((value) => Math.max(0, value));
      const sum = shares.reduce((total, share) => total + share, 0);
      return sum > 0 ? shares.map((share) => share / sum) : oneHot(values.length, 0);
    },
  },
};

/** The parts of a latent, in order: `{ kind, size, start }`. */
class Latents {
  /** `parts` as the header of a program has them. */
  constructor(parts) {
    this.size = 0;
    this.parts = parts.map(({ kind, size }) => ({ kind, size, start: (this.size += size) - size }));
    this.codes = this.parts.filter(({ kind }) => kind !== "normal");
    /** How many numbers, the first ones, are from the normal distribution. */
    this.normal = this.size - this.codes.reduce((sum, { size }) => sum + size, 0);
  }

  ofKind(kind) {
    return this.parts.filter((part) => part.kind === kind);
  }

  /** A latent made part by part. */
  made(make) {
    const z = new Float32Array(this.size);
    for (const part of this.parts) z.set(make(part), part.start);
    return z;
  }

  /** A latent as training draws them, from a source of numbers between 0 and 1. */
  draw(random = Math.random) {
    return this.made(({ kind, size }) => KINDS[kind].draw(size, random));
  }

  /** Where one begins: numbers at the mean of the prior, and of a categorical code the first value. */
  middle() {
    return this.made(({ kind, size }) => KINDS[kind].middle(size));
  }

  /** The nearest latent whose codes are some. */
  settled(z) {
    return this.made(({ kind, size, start }) => KINDS[kind].settle(z.slice(start, start + size)));
  }

  /** How many combinations of values the categorical codes have. */
  get choices() {
    return this.ofKind("categorical").reduce((product, { size }) => product * size, 1);
  }

  /** A latent with one of these combinations in place of its own. */
  choose(z, choice) {
    const chosen = Float32Array.from(z);
    for (const { size, start } of this.ofKind("categorical")) {
      chosen.set(oneHot(size, choice % size), start);
      choice = Math.floor(choice / size);
    }
    return chosen;
  }
}

/** A latent with other numbers from `start` on. */
function replaced(z, start, values) {
  const other = Float32Array.from(z);
  other.set(values, start);
  return other;
}
