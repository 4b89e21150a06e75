// Runs in the browser what gan/export/program.py wrote: a generator and a discriminator as flat lists of layers.
// No dependencies, no DOM: the component and the standalone page put the widgets on top.

/** A 16-bit float (IEEE 754 binary16) from its bits. */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const count = (shape) => shape.reduce((product, length) => product * length, 1);

/** The sum of a[i + k] · b[j + k] for k below `length`; four sums at a time, which pipelines better than one. */
function dot(a, i, b, j, length) {
  let first = 0,
    second = 0,
    third = 0,
    fourth = 0,
    k = 0;
  for (; k + 3 < length; k += 4) {
    first += a[i + k] * b[j + k];
    second += a[i + k + 1] * b[j + k + 1];
    third += a[i + k + 2] * b[j + k + 2];
    fourth += a[i + k + 3] * b[j + k + 3];
  }
  for (; k < length; k++) first += a[i + k] * b[j + k];
  return first + second + third + fourth;
}

/** The mean of the squared differences, pixel by pixel. */
function squaredDifference(pixels, others) {
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += (pixels[i] - others[i]) ** 2;
  return sum / pixels.length;
}

/** rows[k] weighted by mix[k] and added up, into `out`; `table` holds ten rows one after the other. */
function mixed(table, mix, out) {
  out.fill(0);
  for (let digit = 0; digit < mix.length; digit++) {
    const share = mix[digit];
    if (share) for (let i = 0, at = digit * out.length; i < out.length; i++, at++) out[i] += share * table[at];
  }
  return out;
}

// An operation is { run(input, mix), back(gradient) }: `back` takes the gradient of a number with respect to the output
// of the last run and returns the one with respect to its input. Both write over what they returned before.

function linear({ weight, bias, shapes }) {
  const [outputs, inputs] = shapes.weight;
  const byDigit = shapes.bias.length === 2;
  const out = new Float32Array(outputs);
  const own = byDigit ? new Float32Array(outputs) : bias;
  const slopes = new Float32Array(inputs);
  return {
    run(input, mix) {
      if (byDigit) mixed(bias, mix, own);
      for (let o = 0, row = 0; o < outputs; o++, row += inputs) out[o] = own[o] + dot(weight, row, input, 0, inputs);
      return out;
    },
    back(gradient) {
      slopes.fill(0);
      let o = 0;
      for (; o + 3 < outputs; o += 4) {
        const [first, second, third, fourth] = gradient.subarray(o, o + 4);
        const a = o * inputs,
          b = a + inputs,
          c = b + inputs,
          d = c + inputs;
        for (let i = 0; i < inputs; i++)
          slopes[i] += first * weight[a + i] + second * weight[b + i] + third * weight[c + i] + fourth * weight[d + i];
      }
      for (; o < outputs; o++) for (let i = 0; i < inputs; i++) slopes[i] += gradient[o] * weight[o * inputs + i];
      return slopes;
    },
  };
}

/** Channels side by side: (channels, pixels) to (pixels, channels), so that a sum over channels reads in order. */
function pixelsFirst(input, channels, pixels, out) {
  for (let c = 0; c < channels; c++) {
    const from = c * pixels;
    for (let p = 0, to = c; p < pixels; p++, to += channels) out[to] = input[from + p];
  }
  return out;
}

/** The sides of a convolution: for each output row or column, which inputs meet which kernel taps. */
function meetings(size, outputs, kernel, stride, padding, transposed) {
  return Array.from({ length: outputs }, (_, to) => {
    const found = [];
    for (let tap = 0; tap < kernel; tap++) {
      const from = transposed ? (to + padding - tap) / stride : to * stride - padding + tap;
      if (Number.isInteger(from) && from >= 0 && from < size) found.push([from, tap]);
    }
    return found;
  });
}

/** Both kinds of convolution are the same sum, over other pairs of inputs and taps. */
function convolution(layer, transposed) {
  const { weight, bias, shapes, size, stride = 1, padding = 0 } = layer;
  const [first, second, kernel] = shapes.weight;
  const [inputs, outputs] = transposed ? [first, second] : [second, first];
  const across = transposed
    ? (size - 1) * stride - 2 * padding + kernel
    : Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const pairs = meetings(size, across, kernel, stride, padding, transposed);
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
  const run = (input) => {
    pixelsFirst(input, inputs, size * size, pixels);
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
  let other;
  const back = (gradient) => {
    other ??= convolution({ ...layer, bias: new Float32Array(inputs), size: across }, !transposed);
    return other.run(gradient);
  };
  return { run, back };
}

/** A function of each number, and its slope as a function of the result. The buffers are its own, so that no layer
 * writes over what another still needs. */
function each(f, slope) {
  let out = new Float32Array(0);
  let slopes = out;
  return {
    run(input) {
      if (out.length !== input.length) [out, slopes] = [new Float32Array(input.length), new Float32Array(input.length)];
      for (let i = 0; i < input.length; i++) out[i] = f(input[i]);
      return out;
    },
    back(gradient) {
      for (let i = 0; i < out.length; i++) slopes[i] = gradient[i] * slope(out[i]);
      return slopes;
    },
  };
}

const OPERATIONS = {
  linear,
  conv: (layer) => convolution(layer, false),
  conv_transpose: (layer) => convolution(layer, true),
  leaky_relu: ({ slope = 0 }) =>
    each(
      (x) => (x < 0 ? slope * x : x),
      (y) => (y > 0 ? 1 : slope),
    ),
  tanh: () => each(Math.tanh, (y) => 1 - y * y),
  sigmoid: () =>
    each(
      (x) => 1 / (1 + Math.exp(-x)),
      (y) => y * (1 - y),
    ),
  affine: ({ scale = 1, shift = 0 }) =>
    each(
      (x) => scale * x + shift,
      () => scale,
    ),
};

/**
 * The program in a buffer that `gan.export.program.wire` made, a Uint8Array. Returns its header and four functions:
 * `forge(z, mix)` gives the 784 pixels in [-1, 1], in a buffer that the next call writes over; `judge(pixels,
 * mix)` gives D's number, a logit, or the error of a D that draws the picture anew; `drawing()` gives what such a D
 * drew last, like pixels; `slopes(gradient)` gives the gradient with respect to z of a number that depends on the pixels
 * forged last, from the one with respect to them. Throws an Error for a version that it does not know.
 */
function readProgram(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  if (header.version !== 1) throw new Error(`This page cannot run version ${header.version} of a model.`);
  const halves = new Uint16Array(bytes.slice(4 + length).buffer);
  const floats = Float32Array.from(halves, fromHalf);

  const network = (layers) => {
    const steps = layers.map((layer) => {
      const ready = { ...layer, shapes: {} };
      for (const name of ["weight", "bias"]) {
        if (!layer[name]) continue;
        const [offset, shape] = layer[name];
        ready[name] = floats.subarray(offset, offset + count(shape));
        ready.shapes[name] = shape;
      }
      return OPERATIONS[layer.operation](ready);
    });
    return {
      run: (input, mix) => steps.reduce((numbers, step) => step.run(numbers, mix), input),
      back: (gradient) => steps.reduceRight((numbers, step) => step.back(numbers), gradient),
    };
  };

  const generator = network(header.generator);
  const discriminator = network(header.discriminator);
  let said = new Float32Array(0);
  return {
    header,
    forge: generator.run,
    slopes: generator.back,
    judge: (pixels, mix) => {
      said = discriminator.run(pixels, mix);
      if (header.score.energy) return squaredDifference(said, pixels);
      // A D that is told the digit has a logit for each; one that is not has one, whatever the generator is told.
      return said.length > 1 ? dot(said, 0, mix, 0, said.length) : said[0];
    },
    drawing: () => said,
  };
}

/** Pixels in [-1, 1] as grey values from 0 to 255 into an RGBA buffer, from pixel `at` on. */
function shade(pixels, rgba, at = 0) {
  for (let i = 0, to = at * 4; i < pixels.length; i++, to += 4) {
    const grey = Math.max(0, Math.min(255, Math.round((pixels[i] + 1) * 127.5)));
    rgba[to] = rgba[to + 1] = rgba[to + 2] = grey;
    rgba[to + 3] = 255;
  }
}
