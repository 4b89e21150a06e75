// How a network's parameters move along its gradients.

/**
 * @typedef {object} Optimizer
 * @property {number} rate may be changed at any time
 * @property {(parameters: Float64Array, gradients: Float64Array) => void} step also sets the gradients to 0
 */

/** Adam (Kingma and Ba 2015), as PyTorch computes it. @implements {Optimizer} */
export class Adam {
  /**
   * @param {number} length of the parameters
   * @param {number} rate
   * @param {[number, number]} betas
   */
  constructor(length, rate, betas = [0.5, 0.99]) {
    this.rate = rate;
    this.betas = betas;
    this.mean = new Float64Array(length);
    this.square = new Float64Array(length);
    this.steps = 0;
  }

  /**
   * @param {Float64Array} parameters
   * @param {Float64Array} gradients
   */
  step(parameters, gradients) {
    const [first, second] = this.betas;
    const { mean, square } = this;
    this.steps += 1;
    const size = this.rate / (1 - first ** this.steps);
    const scale = Math.sqrt(1 - second ** this.steps);
    for (let i = 0; i < parameters.length; i += 1) {
      const g = gradients[i];
      mean[i] += (1 - first) * (g - mean[i]);
      square[i] = second * square[i] + (1 - second) * g * g;
      parameters[i] -= (size * mean[i]) / (Math.sqrt(square[i]) / scale + 1e-8);
      gradients[i] = 0;
    }
  }
}

/** Plain gradient descent. @implements {Optimizer} */
export class Descent {
  /** @param {number} rate */
  constructor(rate) {
    this.rate = rate;
  }

  /**
   * @param {Float64Array} parameters
   * @param {Float64Array} gradients
   */
  step(parameters, gradients) {
    for (let i = 0; i < parameters.length; i += 1) {
      parameters[i] -= this.rate * gradients[i];
      gradients[i] = 0;
    }
  }
}
