// A small chart of curves over steps that never grows: when it is full, two neighbours become one.

import { context2d, element } from "../dom.js";

const FULL = 360;

/**
 * @typedef {{ colour: string, dash: number[], ideal?: number | undefined }} Line
 */

export class Chart {
  /**
   * @param {number} lines
   * @param {string} label
   */
  constructor(lines, label) {
    this.node = element("canvas", { className: "chart", role: "img", "aria-label": label });
    this.context = context2d(this.node);
    this.count = lines;
    this.clear();
  }

  clear() {
    /** @type {number[]} */
    this.steps = [];
    /** @type {number[][]} */
    this.values = Array.from({ length: this.count }, () => []);
  }

  /**
   * @param {number} step
   * @param {number[]} values NaN where there is none
   */
  add(step, values) {
    this.steps.push(step);
    values.forEach((value, i) => {
      this.values[i].push(value);
    });
    if (this.steps.length < FULL) return;
    this.steps = this.steps.filter((_, i) => i % 2 === 1);
    this.values = this.values.map((all) =>
      all.flatMap((value, i) => {
        if (i % 2 === 0) return [];
        const before = all[i - 1];
        return [Number.isNaN(before) ? value : Number.isNaN(value) ? before : (value + before) / 2];
      }),
    );
  }

  /**
   * @param {Line[]} lines
   * @param {string} ink
   * @param {number | undefined} low the least value of the axis, if it is fixed
   */
  paint(lines, ink, low) {
    const { context, node } = this;
    const { width, height } = node.getBoundingClientRect();
    const scale = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (!w || !h) return;
    if (node.width !== w || node.height !== h) [node.width, node.height] = [w, h];
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const finite = [...this.values.flat(), ...lines.map(({ ideal }) => ideal ?? Number.NaN)]
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    if (!finite.length) finite.push(0, 1);
    // Single peaks leave the chart, so that the rest can be read.
    const ideals = lines.map(({ ideal }) => ideal ?? Number.NaN).filter(Number.isFinite);
    const at = (/** @type {number} */ share) => finite[Math.floor(share * (finite.length - 1))];
    let bottom = low ?? Math.min(at(0.01), ...ideals);
    let top = Math.max(at(0.99), ...ideals);
    if (top - bottom < 1e-6) [bottom, top] = [bottom - 0.5, top + 0.5];
    top += 0.08 * (top - bottom);
    if (low === undefined) bottom -= 0.08 * (top - bottom);
    const left = 34;
    const foot = height - 16;
    const last = Math.max(1, this.steps.at(-1) ?? 1);
    const x = (/** @type {number} */ step) => left + (step / last) * (width - left - 4);
    const y = (/** @type {number} */ value) => foot - ((value - bottom) / (top - bottom)) * (foot - 4);
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = ink;
    context.strokeStyle = ink;
    context.lineWidth = 1;
    context.globalAlpha = 0.75;
    context.textAlign = "right";
    const digits = top - bottom < 0.1 ? 3 : top - bottom < 20 ? 2 : 0;
    const told = (/** @type {number} */ value) => value.toFixed(digits).replace("-", "−");
    context.fillText(told(top), left - 4, 12);
    context.fillText(told(bottom), left - 4, foot);
    context.fillText(`${last.toLocaleString("en")} steps`, width - 4, height - 3);
    context.textAlign = "left";
    context.fillText("0", left, height - 3);
    context.globalAlpha = 0.3;
    context.beginPath();
    context.moveTo(left, 4);
    context.lineTo(left, foot);
    context.lineTo(width - 4, foot);
    context.stroke();
    context.save();
    context.beginPath();
    context.rect(left, 0, width - left, foot + 1);
    context.clip();
    lines.forEach(({ colour, dash, ideal }, which) => {
      context.strokeStyle = colour;
      if (ideal !== undefined) {
        context.globalAlpha = 0.7;
        context.lineWidth = 1;
        context.setLineDash([1, 4]);
        context.beginPath();
        context.moveTo(left, y(ideal));
        context.lineTo(width - 4, y(ideal));
        context.stroke();
      }
      context.globalAlpha = 1;
      context.lineWidth = 1.7;
      context.setLineDash(dash);
      context.beginPath();
      let down = false;
      this.values[which]?.forEach((value, i) => {
        if (!Number.isFinite(value)) return;
        if (down) context.lineTo(x(this.steps[i]), y(value));
        else context.moveTo(x(this.steps[i]), y(value));
        down = true;
      });
      context.stroke();
      context.setLineDash([]);
    });
    context.restore();
    context.globalAlpha = 1;
  }
}
