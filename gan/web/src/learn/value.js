// Chapter 5: the game in one dimension, where the best discriminator is known.

import { context2d, element, slider } from "../dom.js";
import { line } from "./parts.js";

/** @import { Thing, Tools } from "./parts.js" */

const POINTS = 600;
const [FROM, TO] = [-5, 5];
/** Below this divergence the curves count as equal. */
const EQUAL = 0.002;

/**
 * @param {number} x
 * @param {number} mean
 * @param {number} width
 */
const bell = (x, mean, width) => Math.exp(-0.5 * ((x - mean) / width) ** 2) / (width * Math.sqrt(2 * Math.PI));

/**
 * The game of real data from N(0, 1) and forgeries from N(mean, width²): the densities, the best D at each place, and
 * the Jensen–Shannon divergence in nats, by the trapezoidal rule.
 * @param {number} mean
 * @param {number} width
 */
export function bestGame(mean, width) {
  const step = (TO - FROM) / (POINTS - 1);
  const x = Float64Array.from({ length: POINTS }, (_, i) => FROM + i * step);
  const real = x.map((at) => bell(at, 0, 1));
  const forged = x.map((at) => bell(at, mean, width));
  const best = real.map((p, i) => p / (p + forged[i] + 1e-300));
  let divergence = 0;
  for (let i = 0; i < POINTS; i++) {
    const [p, q] = [real[i], forged[i]];
    const share = i === 0 || i === POINTS - 1 ? 0.5 : 1;
    for (const one of [p, q]) if (one > 1e-300) divergence += (share * step * one * Math.log((2 * one) / (p + q))) / 2;
  }
  return { x, real, forged, best, divergence, value: 2 * divergence - Math.log(4) };
}

/**
 * @param {HTMLElement} root
 * @param {unknown} _told
 * @param {Tools} tools
 * @returns {Thing}
 */
export function mountValue(root, _told, tools) {
  const state = { mean: 2, width: 0.6 };
  const canvas = element("canvas", {
    className: "game",
    role: "img",
    "aria-label": "Real data, forgeries, and the best discriminator, in one dimension",
  });
  const [divergence, value, loss] = [0, 1, 2].map(() => element("b"));
  divergence.dataset.testid = "divergence";
  const says = line("says");
  const move = (/** @type {"mean" | "width"} */ name) => (/** @type {number} */ number) => {
    state[name] = number;
    show();
  };
  const sliders = {
    mean: slider("centre of G", -3, 3, 0.05, move("mean"), { "aria-label": "Centre", "data-testid": "centre" }),
    width: slider("width of G", 0.3, 2.5, 0.05, move("width"), { "aria-label": "Width", "data-testid": "width" }),
  };
  const paint = (/** @type {ReturnType<typeof bestGame>} */ game) => {
    const { width, height } = canvas.getBoundingClientRect();
    const scale = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (!w || !h) return;
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const context = context2d(canvas);
    const style = getComputedStyle(canvas);
    const colour = (/** @type {string} */ name) => {
      probe.className = name;
      return getComputedStyle(probe).color;
    };
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const foot = height - 18;
    const at = (/** @type {number} */ i) => 30 + ((width - 34) * i) / (POINTS - 1);
    // Both axes begin below: densities up to 1, of which D has the same scale.
    const up = (/** @type {number} */ density) => foot - Math.min(1.05, density) * (foot - 12);
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = style.color;
    context.textAlign = "right";
    for (const [level, text] of /** @type {[number, string][]} */ ([
      [0, "0"],
      [0.5, "1/2"],
      [1, "1"],
    ])) {
      context.globalAlpha = 0.8;
      context.fillText(text, 25, up(level) + 4);
      context.globalAlpha = 0.25;
      context.fillRect(30, up(level), width - 34, 1);
    }
    context.globalAlpha = 1;
    const curve = (
      /** @type {Float64Array} */ values,
      /** @type {string} */ role,
      /** @type {number[]} */ dash,
      fill = false,
    ) => {
      const paintedWith = colour(role);
      context.beginPath();
      for (let i = 0; i < POINTS; i += 2) context.lineTo(at(i), up(values[i]));
      context.strokeStyle = paintedWith;
      context.lineWidth = 2;
      context.setLineDash(dash);
      context.stroke();
      if (!fill) return;
      context.lineTo(at(POINTS - 1), foot);
      context.lineTo(at(0), foot);
      context.globalAlpha = 0.16;
      context.fillStyle = paintedWith;
      context.fill();
      context.globalAlpha = 1;
    };
    curve(game.real, "real", [], true);
    curve(game.forged, "generator", [], true);
    curve(game.best, "discriminator", [7, 4]);
    context.setLineDash([]);
  };
  const probe = element("span", { hidden: true });
  const show = () => {
    const game = bestGame(state.mean, state.width);
    sliders.mean.show(state.mean, 2);
    sliders.width.show(state.width, 2);
    divergence.textContent = game.divergence.toFixed(3);
    value.textContent = game.value.toFixed(3).replace("-", "−");
    loss.textContent = (0 - game.value).toFixed(3);
    const equal = game.divergence < EQUAL;
    says.textContent = equal
      ? "They are equal: the best D says 1/2 everywhere, and cannot do better than guess."
      : game.divergence > 0.5
        ? "They hardly overlap: D is nearly always right. Its answer is flat where G is, so G learns little."
        : "They overlap: where amber is above grey, D says less than 1/2, and G learns which way to go.";
    if (equal) tools.tried();
    paint(game);
  };
  root.append(
    element(
      "div",
      { className: "value" },
      element(
        "div",
        { className: "keys" },
        element("span", { className: "real", textContent: "━ real data, p(x)" }),
        element("span", { className: "generator", textContent: "━ forgeries, q(x)" }),
        element("span", { className: "discriminator", textContent: "╍ the best D, p / (p + q)" }),
      ),
      canvas,
      probe,
      sliders.mean.node,
      sliders.width.node,
      element(
        "div",
        { className: "figures" },
        element("span", {}, "JSD ", divergence, element("small", { textContent: "0 if equal, at most 0.693" })),
        element("span", {}, "value of the game ", value, element("small", { textContent: "2 JSD − log 4" })),
        element("span", {}, "D's loss, at its best ", loss, element("small", { textContent: "at most 1.386" })),
      ),
      says,
    ),
  );
  const observer = new ResizeObserver(() => show());
  observer.observe(canvas);
  return { end: () => observer.disconnect() };
}
