// The seconds that are left for a picture, as a number and as a bar that gets shorter.

import { element } from "./dom.js";

export class Countdown {
  /**
   * @param {number} whole seconds
   * @param {() => void} onend called when they are over
   */
  constructor(whole, onend) {
    this.whole = whole;
    this.onend = onend;
    this.frame = 0;
    this.bar = element("i");
    this.text = element("span", { className: "seconds" });
    this.node = element(
      "div",
      { className: "countdown", "data-testid": "quiz-countdown" },
      element("span", { className: "rest" }, this.bar),
      this.text,
    );
  }

  /** @param {boolean} on */
  show(on) {
    this.node.classList.toggle("on", on);
  }

  /** From the beginning. A tab that is hidden gets no frames, and so has time. */
  start() {
    this.reset();
    let left = this.whole;
    let last = performance.now();
    const tick = (/** @type {number} */ now) => {
      left -= Math.min(100, Math.max(0, now - last)) / 1000;
      last = now;
      this.write(left);
      if (left <= 0) this.onend();
      else this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  stop() {
    cancelAnimationFrame(this.frame);
  }

  reset() {
    this.stop();
    this.write(this.whole);
  }

  /** @param {number} left seconds */
  write(left) {
    const rest = Math.max(0, left);
    this.bar.style.transform = `scaleX(${rest / this.whole})`;
    this.text.textContent = `${Math.ceil(rest)} s`;
  }
}
