// Random numbers from a seed (sfc32), the same in every browser.

/** A stream of random numbers. */
export class Random {
  /** @param {number} seed a whole number */
  constructor(seed) {
    this.a = 0x9e3779b9;
    this.b = 0x243f6a88;
    this.c = seed | 0;
    this.d = 1;
    this.spare = Number.NaN;
    for (let i = 0; i < 15; i += 1) this.uniform();
  }

  /** In [0, 1). */
  uniform() {
    const t = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    this.c |= 0;
    return (t >>> 0) / 4294967296;
  }

  /** Mean 0, variance 1 (Box and Muller). */
  normal() {
    if (!Number.isNaN(this.spare)) {
      const value = this.spare;
      this.spare = Number.NaN;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** @param {number} n a whole number in [0, n) */
  below(n) {
    return Math.floor(this.uniform() * n);
  }
}
