// How far two clouds are apart: the maximum mean discrepancy (Gretton et al. 2012), which needs no boxes to count in and so
// is right on thin shapes too.

/** The widest of the four Gaussian kernels, of which the others are a half, a quarter and an eighth. */
const WIDEST = 0.8;

/**
 * The sum of the kernels over all pairs, divided by their number.
 * @param {Float64Array} a
 * @param {number} rows
 * @param {Float64Array} b
 * @param {number} others
 * @param {number} dims
 */
function similarity(a, rows, b, others, dims) {
  let total = 0;
  for (let i = 0; i < rows; i += 1)
    for (let j = 0; j < others; j += 1) {
      let square = 0;
      for (let k = 0; k < dims; k += 1) square += (a[i * dims + k] - b[j * dims + k]) ** 2;
      const wide = Math.exp(-square / (2 * WIDEST * WIDEST));
      const half = wide ** 4;
      const quarter = half ** 4;
      total += wide + half + quarter + quarter ** 4;
    }
  return total / (4 * rows * others);
}

/**
 * The square root of the discrepancy, over all pairs: 0 for a cloud and itself, and for two draws of one cloud a little
 * more than that, which is the floor; at most √2.
 * @param {Float64Array} a rows × dims
 * @param {Float64Array} b others × dims
 * @param {number} dims
 */
export function discrepancy(a, b, dims) {
  const rows = a.length / dims;
  const others = b.length / dims;
  const within = similarity(a, rows, a, rows, dims) + similarity(b, others, b, others, dims);
  return Math.sqrt(Math.max(0, within - 2 * similarity(a, rows, b, others, dims)));
}
