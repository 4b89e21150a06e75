// Runs in the browser what gan.export wrote: a generator and a discriminator as flat lists of layers. No dependencies
// but the format of its numbers, no DOM.

import { fromHalf } from "./half.js";
import { readMessage } from "./message.js";

/** The format of a program that this module runs. */
const VERSION = 1;

/** @import { Part } from "./latents.js" */

/**
 * A set of directions in the latent space.
 * @typedef {object} Basis
 * @property {string} id
 * @property {string} name
 * @property {string} label
 * @property {string} meaning
 * @property {number[][]} directions
 * @property {string[]} names
 */

/**
 * How D's number reads.
 * @typedef {object} Score
 * @property {string} meaning
 * @property {boolean} probability a logit, whose sigmoid is a probability
 * @property {boolean} energy the error of D's own reconstruction
 */

/**
 * An operation as the header describes it. Weights are [offset, shape] in the buffer behind it.
 * @typedef {object} LayerHeader
 * @property {keyof typeof OPERATIONS} operation
 * @property {[number, number[]]} [weight]
 * @property {[number, number[]]} [bias]
 * @property {number} [size]
 * @property {number} [stride]
 * @property {number} [padding]
 * @property {number} [slope]
 * @property {number} [scale]
 * @property {number} [shift]
 */

/**
 * What a program says of itself: made by gan.export.program.
 * @typedef {object} Header
 * @property {number} version
 * @property {string} hash of the weights
 * @property {boolean} conditional
 * @property {string[]} classes the names of the classes of its data set
 * @property {string} one what an image of it shows: a digit
 * @property {string} many
 * @property {string} dataset what the data set is called
 * @property {boolean} drawn whether its images are handwriting
 * @property {number} latent_dim
 * @property {Part[]} latents
 * @property {Score} score
 * @property {LayerHeader[]} generator
 * @property {LayerHeader[]} discriminator
 * @property {string} model in the app
 * @property {string} link in links
 * @property {string} reference on the command line
 * @property {string} pins the key of its pins
 * @property {number} [digit] with which it opens
 * @property {string} [start] the latent with which it opens, encoded
 * @property {Record<string, string>} words the glossary
 * @property {Basis[]} bases
 * @property {string[]} real test images, 784 bytes each in base64
 */

/**
 * A model that runs here. Arrays that it returns are its own buffers: the next call writes over them.
 * @typedef {object} Program
 * @property {Header} header
 * @property {(z: ArrayLike<number>, mix: ArrayLike<number>) => Float32Array} sample G(z, mix): 784 pixels in [-1, 1]
 * @property {(gradient: ArrayLike<number>) => Float32Array} vjp of the last sample: the gradient of a scalar with respect
 * to z, from the one with respect to the pixels
 * @property {(pixels: ArrayLike<number>, mix: ArrayLike<number>) => number} discriminate D's logit or score, or the error
 * of a D that reconstructs the picture; NaN where a moment of a run has kept no D
 * @property {() => Float32Array} reconstruction what such a D made of the last picture, like pixels
 */

/**
 * A layer that is ready to run. `backward` takes the gradient of a scalar with respect to the last output and returns
 * the one with respect to the input. Both write over what they returned before.
 * @typedef {object} Operation
 * @property {(input: ArrayLike<number>, mix: ArrayLike<number>) => Float32Array} forward
 * @property {(gradient: ArrayLike<number>) => Float32Array} backward
 */

/**
 * @typedef {object} Weights
 * @property {Float32Array} weight
 * @property {Float32Array} bias
 * @property {{ weight: number[], bias: number[] }} shapes
 */

/** @typedef {Omit<LayerHeader, "weight" | "bias"> & Weights} Layer */

/** @param {number[]} shape */
const sizeOf = (shape) => shape.reduce((product, length) => product * length, 1);

/**
 * The sum of a[i + k] · b[j + k] for k below `length`; four sums at a time, which pipelines better than one.
 * @param {ArrayLike<number>} a
 * @param {number} i
 * @param {ArrayLike<number>} b
 * @param {number} j
 * @param {number} length
 */
export function dot(a, i, b, j, length) {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    first += a[i + k] * b[j + k];
    second += a[i + k + 1] * b[j + k + 1];
    third += a[i + k + 2] * b[j + k + 2];
    fourth += a[i + k + 3] * b[j + k + 3];
  }
  for (; k < length; k++) first += a[i + k] * b[j + k];
  return first + second + third + fourth;
}

/**
 * The mean of the squared differences, pixel by pixel.
 * @param {ArrayLike<number>} pixels
 * @param {ArrayLike<number>} others
 */
export function meanSquaredError(pixels, others) {
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += (pixels[i] - others[i]) ** 2;
  return sum / pixels.length;
}

/**
 * The sum of rows weighted by the mix, into `out`; `table` holds a row a class, one after the other.
 * @param {ArrayLike<number>} table
 * @param {ArrayLike<number>} mix
 * @param {Float32Array} out
 */
function weightedSum(table, mix, out) {
  out.fill(0);
  for (let row = 0; row < mix.length; row++) {
    const share = mix[row];
    if (share) for (let i = 0, at = row * out.length; i < out.length; i++, at++) out[i] += share * table[at];
  }
  return out;
}

/**
 * @param {Layer} layer
 * @returns {Operation}
 */
function linear({ weight, bias, shapes }) {
  const [outputs, inputs] = shapes.weight;
  const byClass = shapes.bias.length === 2;
  const out = new Float32Array(outputs);
  const ownBias = byClass ? new Float32Array(outputs) : bias;
  const inputGradient = new Float32Array(inputs);
  return {
    forward(input, mix) {
      if (byClass) weightedSum(bias, mix, ownBias);
      for (let o = 0, row = 0; o < outputs; o++, row += inputs)
        out[o] = ownBias[o] + dot(weight, row, input, 0, inputs);
      return out;
    },
    backward(gradient) {
      inputGradient.fill(0);
      let o = 0;
      for (; o + 3 < outputs; o += 4) {
        const first = gradient[o];
        const second = gradient[o + 1];
        const third = gradient[o + 2];
        const fourth = gradient[o + 3];
        const a = o * inputs;
        const b = a + inputs;
        const c = b + inputs;
        const d = c + inputs;
        for (let i = 0; i < inputs; i++)
          inputGradient[i] +=
            first * weight[a + i] + second * weight[b + i] + third * weight[c + i] + fourth * weight[d + i];
      }
      for (; o < outputs; o++)
        for (let i = 0; i < inputs; i++) inputGradient[i] += gradient[o] * weight[o * inputs + i];
      return inputGradient;
    },
  };
}

/**
 * (channels, pixels) to (pixels, channels), so that a sum over channels reads in order.
 * @param {ArrayLike<number>} input
 * @param {number} channels
 * @param {number} pixels
 * @param {Float32Array} out
 */
function channelsLast(input, channels, pixels, out) {
  for (let c = 0; c < channels; c++) {
    const from = c * pixels;
    for (let p = 0, to = c; p < pixels; p++, to += channels) out[to] = input[from + p];
  }
  return out;
}

/**
 * Along one side of a convolution: for each output row or column, the pairs of an input and the kernel tap it meets.
 * @param {number} size
 * @param {number} outputs
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @param {boolean} transposed
 */
function tapsOfOutputs(size, outputs, kernel, stride, padding, transposed) {
  return Array.from({ length: outputs }, (_, to) => {
    /** @type {[number, number][]} */
    const found = [];
    for (let tap = 0; tap < kernel; tap++) {
      const from = transposed ? (to + padding - tap) / stride : to * stride - padding + tap;
      if (Number.isInteger(from) && from >= 0 && from < size) found.push([from, tap]);
    }
    return found;
  });
}

/**
 * Both kinds of convolution are the same sum, over other pairs of inputs and taps.
 * @param {Layer} layer
 * @param {boolean} transposed
 * @returns {Operation}
 */
function convolution(layer, transposed) {
  const { weight, bias, shapes, size = 0, stride = 1, padding = 0 } = layer;
  const [first, second, kernel] = shapes.weight;
  const [inputs, outputs] = transposed ? [first, second] : [second, first];
  const across = transposed
    ? (size - 1) * stride - 2 * padding + kernel
    : Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const pairs = tapsOfOutputs(size, across, kernel, stride, padding, transposed);
  // (output, tap, input): what one pixel's sum reads stands together.
  const taps = kernel * kernel;
  const ordered = new Float32Array(weight.length);
  for (let i = 0; i < inputs; i++)
    for (let o = 0; o < outputs; o++)
      for (let tap = 0; tap < taps; tap++) {
        const from = (transposed ? (i * outputs + o) * taps : (o * inputs + i) * taps) + tap;
        ordered[(o * taps + tap) * inputs + i] = weight[from];
      }
  const pixels = new Float32Array(inputs * size * size);
  const out = new Float32Array(outputs * across * across);
  /** @param {ArrayLike<number>} input */
  const forward = (input) => {
    channelsLast(input, inputs, size * size, pixels);
    for (let o = 0, at = 0; o < outputs; o++)
      for (let y = 0; y < across; y++)
        for (let x = 0; x < across; x++, at++) {
          let sum = bias[o];
          for (const [fromY, tapY] of pairs[y])
            for (const [fromX, tapX] of pairs[x])
              sum += dot(
                ordered,
                (o * taps + tapY * kernel + tapX) * inputs,
                pixels,
                (fromY * size + fromX) * inputs,
                inputs,
              );
          out[at] = sum;
        }
    return out;
  };
  // The gradient of one kind is the other kind with the same weights.
  /** @type {Operation | undefined} */
  let adjoint;
  /** @param {ArrayLike<number>} gradient */
  const backward = (gradient) => {
    adjoint ??= convolution({ ...layer, bias: new Float32Array(inputs), size: across }, !transposed);
    return adjoint.forward(gradient, []);
  };
  return { forward, backward };
}

/**
 * A function of each number, and its derivative as a function of the result. The buffers are its own, so that no layer
 * writes over what another still needs.
 * @param {(x: number) => number} f
 * @param {(y: number) => number} derivative
 * @returns {Operation}
 */
function elementwise(f, derivative) {
  let out = new Float32Array(0);
  let inputGradient = out;
  return {
    forward(input) {
      if (out.length !== input.length) {
        out = new Float32Array(input.length);
        inputGradient = new Float32Array(input.length);
      }
      for (let i = 0; i < input.length; i++) out[i] = f(input[i]);
      return out;
    },
    backward(gradient) {
      for (let i = 0; i < out.length; i++) inputGradient[i] = gradient[i] * derivative(out[i]);
      return inputGradient;
    },
  };
}

const OPERATIONS = {
  linear,
  /** @param {Layer} layer */
  conv: (layer) => convolution(layer, false),
  /** @param {Layer} layer */
  conv_transpose: (layer) => convolution(layer, true),
  /** @param {Layer} layer */
  leaky_relu: ({ slope = 0 }) =>
    elementwise(
      (x) => (x < 0 ? slope * x : x),
      (y) => (y > 0 ? 1 : slope),
    ),
  tanh: () => elementwise(Math.tanh, (y) => 1 - y * y),
  sigmoid: () =>
    elementwise(
      (x) => 1 / (1 + Math.exp(-x)),
      (y) => y * (1 - y),
    ),
  /** @param {Layer} layer */
  affine: ({ scale = 1, shift = 0 }) =>
    elementwise(
      (x) => scale * x + shift,
      () => scale,
    ),
};

/**
 * @param {LayerHeader[]} layers
 * @param {Float32Array} floats
 */
function network(layers, floats) {
  /** @param {[number, number[]] | undefined} place */
  const read = (place) => (place ? floats.subarray(place[0], place[0] + sizeOf(place[1])) : floats.subarray(0, 0));
  const operations = layers.map((layer) =>
    OPERATIONS[layer.operation]({
      ...layer,
      weight: read(layer.weight),
      bias: read(layer.bias),
      shapes: { weight: layer.weight?.[1] ?? [], bias: layer.bias?.[1] ?? [] },
    }),
  );
  return {
    /** @type {Operation["forward"]} */
    forward: (input, mix) =>
      /** @type {Float32Array} */ (
        operations.reduce(
          (numbers, operation) => operation.forward(numbers, mix),
          /** @type {ArrayLike<number>} */ (input),
        )
      ),
    /** @type {Operation["backward"]} */
    backward: (gradient) =>
      /** @type {Float32Array} */ (
        operations.reduceRight(
          (numbers, operation) => operation.backward(numbers),
          /** @type {ArrayLike<number>} */ (gradient),
        )
      ),
  };
}

/**
 * The program in the bytes that gan.export.program made. Throws an Error for a version that it does not know.
 * @param {Uint8Array} bytes
 * @returns {Program}
 */
export function readProgram(bytes) {
  /** @type {{ about: Header, content: Uint8Array }} */
  const { about: header, content } = readMessage(bytes);
  if (header.version !== VERSION) throw new Error(`This page cannot run version ${header.version} of a model.`);
  const halves = new Uint16Array(content.slice().buffer);
  const floats = Float32Array.from(halves, fromHalf);
  const generator = network(header.generator, floats);
  const discriminator = network(header.discriminator, floats);
  /** @type {Float32Array} */
  let output = new Float32Array(0);
  return {
    header,
    sample: generator.forward,
    vjp: generator.backward,
    discriminate: (pixels, mix) => {
      if (!header.discriminator.length) return Number.NaN;
      output = discriminator.forward(pixels, mix);
      if (header.score.energy) return meanSquaredError(output, pixels);
      // A D that is told the class has a logit for each; one that is not has one, whatever the generator is told.
      return output.length > 1 ? dot(output, 0, mix, 0, output.length) : output[0];
    },
    reconstruction: () => output,
  };
}

/**
 * Pixels in [-1, 1] as opaque greys into an RGBA buffer.
 * @param {ArrayLike<number>} pixels
 * @param {Uint8ClampedArray} rgba
 */
export function toRgba(pixels, rgba) {
  for (let i = 0, to = 0; i < pixels.length; i++, to += 4) {
    const grey = Math.max(0, Math.min(255, Math.round((pixels[i] + 1) * 127.5)));
    rgba[to] = rgba[to + 1] = rgba[to + 2] = grey;
    rgba[to + 3] = 255;
  }
}
