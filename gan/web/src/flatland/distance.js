// How far two clouds are apart: the maximum mean discrepancy (Gretton et al. 2012), which needs no boxes to count in and so
// is right on thin shapes too.

/** The widest of the four Gaussian kernels, of which the others are a half, a quarter and an eighth. */
const WIDEST = 0.8;

/**
 * The mean of the four kernels, of a squared distance. One exponential does: the others are its powers.
 * @param {number} square
 */
function kernel(square) {
  const wide = Math.exp(square * (-0.5 / (WIDEST * WIDEST)));
  const half = wide * wide * wide * wide;
  const quarter = half * half * half * half;
  return 0.25 * (wide + half + quarter + quarter * quarter * quarter * quarter);
}

/**
 * The mean of the kernels over all pairs of a point of the one and a point of the other.
 * @param {Float64Array} a
 * @param {Float64Array} b
 * @param {number} dims 1 or 2
 */
function similarity(a, b, dims) {
  let total = 0;
  const second = dims - 1;
  for (let i = 0; i < a.length; i += dims) {
    const x = a[i];
    const y = a[i + second];
    // Among the points of one cloud each pair is there twice, and each point with itself once.
    const end = a === b ? i : b.length;
    for (let j = 0; j < end; j += dims) {
      const across = x - b[j];
      const down = second * (y - b[j + second]);
      total += kernel(across * across + down * down);
    }
  }
  const [rows, others] = [a.length / dims, b.length / dims];
  return a === b ? (2 * total + rows) / (rows * rows) : total / (rows * others);
}

/**
 * The square root of the discrepancy, over all pairs: 0 for a cloud and itself, and for two draws of one cloud a little
 * more than that, which is the floor; at most √2.
 * @param {Float64Array} a rows × dims
 * @param {Float64Array} b others × dims
 * @param {number} dims 1 or 2
 */
export function discrepancy(a, b, dims) {
  return Math.sqrt(Math.max(0, similarity(a, a, dims) + similarity(b, b, dims) - 2 * similarity(a, b, dims)));
}
