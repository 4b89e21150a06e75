// 16-bit floats (IEEE 754 binary16): what weights and links are kept in.

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/**
 * A number from the bits of a 16-bit float.
 * @param {number} bits
 */
export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The bits of the 16-bit float nearest to a number, ties to even.
 * @param {number} value
 */
export function toHalf(value) {
  single[0] = value;
  const bits = singleBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  let fraction = bits & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  let dropped = 13;
  let kept = exponent << 10;
  if (exponent <= 0) {
    fraction |= 0x800000;
    dropped = 14 - exponent;
    kept = 0;
  }
  kept += fraction >>> dropped;
  const rest = fraction & ((1 << dropped) - 1);
  const half = 1 << (dropped - 1);
  if (rest > half || (rest === half && kept & 1)) kept += 1; // may carry into the exponent, as it should
  return sign | kept;
}

/**
 * Numbers as they come out of a link.
 * @param {ArrayLike<number>} values
 */
export const rounded = (values) => Float32Array.from(values, (value) => fromHalf(toHalf(value)));
