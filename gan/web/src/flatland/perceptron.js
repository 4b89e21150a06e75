// A multilayer perceptron on typed arrays, in float64: its own forward and backward passes.

/** @import { Random } from "./random.js" */

/**
 * What the hidden layers do with a sum: its value, and the slope there, told by the value.
 * @typedef {"leaky" | "relu" | "tanh"} Activation
 */

/**
 * A layer, and where its weights and biases begin among the parameters.
 * @typedef {{ inputs: number, outputs: number, weights: number, biases: number }} Layer
 */

/** The slope of the leaky unit below 0. */
export const LEAK = 0.2;

/**
 * @param {Activation} kind
 * @param {Float64Array} values
 * @param {number} length
 */
function activate(kind, values, length) {
  if (kind === "tanh") for (let i = 0; i < length; i += 1) values[i] = Math.tanh(values[i]);
  else {
    const leak = kind === "leaky" ? LEAK : 0;
    for (let i = 0; i < length; i += 1) if (values[i] < 0) values[i] *= leak;
  }
}

/**
 * Multiplies gradients by the slope of the unit that made `values`.
 * @param {Activation} kind
 * @param {Float64Array} values
 * @param {Float64Array} gradients
 * @param {number} length
 */
function slope(kind, values, gradients, length) {
  if (kind === "tanh") for (let i = 0; i < length; i += 1) gradients[i] *= 1 - values[i] * values[i];
  else {
    const leak = kind === "leaky" ? LEAK : 0;
    for (let i = 0; i < length; i += 1) if (values[i] <= 0) gradients[i] *= leak;
  }
}

// The three loops in which the time goes. Four rows (or four units) at a time: a sum that waits for itself alone is slow.

/**
 * to = from · weightsᵀ + biases
 * @param {Float64Array} p parameters
 * @param {Layer} layer
 * @param {Float64Array} from rows × inputs
 * @param {Float64Array} to rows × outputs
 * @param {number} rows
 */
function multiply(p, { inputs, outputs, weights, biases }, from, to, rows) {
  let row = 0;
  for (; row + 3 < rows; row += 4) {
    const a = row * inputs;
    const b = a + inputs;
    const c = b + inputs;
    const d = c + inputs;
    for (let j = 0, w = weights, at = row * outputs; j < outputs; j += 1, at += 1) {
      const bias = p[biases + j];
      let sumA = bias;
      let sumB = bias;
      let sumC = bias;
      let sumD = bias;
      for (let i = 0; i < inputs; i += 1, w += 1) {
        const weight = p[w];
        sumA += weight * from[a + i];
        sumB += weight * from[b + i];
        sumC += weight * from[c + i];
        sumD += weight * from[d + i];
      }
      to[at] = sumA;
      to[at + outputs] = sumB;
      to[at + 2 * outputs] = sumC;
      to[at + 3 * outputs] = sumD;
    }
  }
  for (; row < rows; row += 1)
    for (let j = 0, w = weights; j < outputs; j += 1) {
      let sum = p[biases + j];
      for (let i = 0; i < inputs; i += 1, w += 1) sum += p[w] * from[row * inputs + i];
      to[row * outputs + j] = sum;
    }
}

/**
 * Adds what a layer's parameters have to do with it to their gradients.
 * @param {Float64Array} gradients
 * @param {Layer} layer
 * @param {Float64Array} above rows × outputs
 * @param {Float64Array} from rows × inputs
 * @param {number} rows
 */
function gather(gradients, { inputs, outputs, weights, biases }, above, from, rows) {
  let row = 0;
  for (; row + 3 < rows; row += 4) {
    const a = row * inputs;
    const b = a + inputs;
    const c = b + inputs;
    const d = c + inputs;
    for (let j = 0, w = weights, at = row * outputs; j < outputs; j += 1, at += 1) {
      const gA = above[at];
      const gB = above[at + outputs];
      const gC = above[at + 2 * outputs];
      const gD = above[at + 3 * outputs];
      gradients[biases + j] += gA + gB + gC + gD;
      for (let i = 0; i < inputs; i += 1, w += 1)
        gradients[w] += gA * from[a + i] + gB * from[b + i] + gC * from[c + i] + gD * from[d + i];
    }
  }
  for (; row < rows; row += 1)
    for (let j = 0, w = weights; j < outputs; j += 1) {
      const g = above[row * outputs + j];
      gradients[biases + j] += g;
      for (let i = 0; i < inputs; i += 1, w += 1) gradients[w] += g * from[row * inputs + i];
    }
}

/**
 * below = above · weights
 * @param {Float64Array} p parameters
 * @param {Layer} layer
 * @param {Float64Array} above rows × outputs
 * @param {Float64Array} below rows × inputs
 * @param {number} rows
 */
function carry(p, { inputs, outputs, weights }, above, below, rows) {
  below.fill(0, 0, rows * inputs);
  for (let row = 0; row < rows; row += 1) {
    const start = row * inputs;
    let j = 0;
    let w = weights;
    for (; j + 3 < outputs; j += 4, w += 4 * inputs) {
      const at = row * outputs + j;
      const gA = above[at];
      const gB = above[at + 1];
      const gC = above[at + 2];
      const gD = above[at + 3];
      for (let i = 0, v = w; i < inputs; i += 1, v += 1)
        below[start + i] += gA * p[v] + gB * p[v + inputs] + gC * p[v + 2 * inputs] + gD * p[v + 3 * inputs];
    }
    for (; j < outputs; j += 1, w += inputs) {
      const g = above[row * outputs + j];
      for (let i = 0; i < inputs; i += 1) below[start + i] += g * p[w + i];
    }
  }
}

/**
 * Weights and biases lie in one array, `parameters`: for each layer its weights (outputs × inputs, as PyTorch's Linear
 * has them), then its biases. So do the gradients, which `backward` adds to.
 */
export class Perceptron {
  /**
   * @param {number[]} sizes inputs, hidden units, …, outputs
   * @param {Activation} activation of the hidden layers; the last one is linear
   * @param {Random} random draws the weights, as He et al. 2015 do; biases are drawn too, so that units differ in place
   */
  constructor(sizes, activation, random) {
    this.sizes = sizes;
    this.activation = activation;
    this.layers = sizes.slice(1).map((outputs, i) => ({ inputs: sizes[i], outputs, weights: 0, biases: 0 }));
    let length = 0;
    for (const layer of this.layers) {
      layer.weights = length;
      layer.biases = length + layer.inputs * layer.outputs;
      length = layer.biases + layer.outputs;
    }
    this.parameters = new Float64Array(length);
    this.gradients = new Float64Array(length);
    this.layers.forEach(({ inputs, outputs, weights, biases }, i) => {
      const last = i === this.layers.length - 1;
      const spread = Math.sqrt((last || activation === "tanh" ? 1 : 2) / inputs);
      for (let j = 0; j < inputs * outputs; j += 1) this.parameters[weights + j] = spread * random.normal();
      if (last) return;
      for (let j = 0; j < outputs; j += 1) this.parameters[biases + j] = 0.3 * random.normal();
    });
    /** The values of each layer, the input first, of the last forward pass. @type {Float64Array[]} */
    this.values = sizes.map(() => new Float64Array(0));
    /** @type {Float64Array[]} */
    this.flows = sizes.map(() => new Float64Array(0));
    this.rows = 0;
  }

  /**
   * @param {Float64Array} x rows × inputs
   * @param {number} rows
   * @returns {Float64Array} rows × outputs, which the next pass overwrites
   */
  forward(x, rows) {
    this.rows = rows;
    this.values[0] = x;
    this.layers.forEach((layer, index) => {
      const length = rows * layer.outputs;
      if (this.values[index + 1].length < length) this.values[index + 1] = new Float64Array(length);
      const to = this.values[index + 1];
      multiply(this.parameters, layer, this.values[index], to, rows);
      if (index < this.layers.length - 1) activate(this.activation, to, length);
    });
    return this.values[this.layers.length];
  }

  /**
   * Carries the gradient with respect to the outputs of the last forward pass back.
   * @param {Float64Array} flow rows × outputs
   * @param {{ own?: boolean, input?: boolean }} wanted the gradients of the parameters (added to `gradients`), and that
   *   with respect to the input, which is returned
   */
  backward(flow, { own = true, input = false } = {}) {
    const { rows } = this;
    let above = flow;
    for (let index = this.layers.length - 1; index >= 0; index -= 1) {
      const layer = this.layers[index];
      const from = this.values[index];
      if (own) gather(this.gradients, layer, above, from, rows);
      if (index === 0 && !input) break;
      const length = rows * layer.inputs;
      if (this.flows[index].length < length) this.flows[index] = new Float64Array(length);
      const below = this.flows[index];
      carry(this.parameters, layer, above, below, rows);
      if (index > 0) slope(this.activation, from, below, length);
      above = below;
    }
    return above;
  }
}
