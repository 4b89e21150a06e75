// A small chart of a few curves with a line at one moment. Drawn as SVG that takes any size.

/** @import { Role } from "./parts.js" */

import { element } from "../dom.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [300, 100];

/**
 * @typedef {object} Curve
 * @property {string} label
 * @property {Role} role
 * @property {boolean} [dashed]
 * @property {[number, number][]} points
 */

/**
 * @typedef {object} ChartOf
 * @property {string} title
 * @property {Curve[]} curves
 * @property {[number, number]} bounds of the vertical axis
 * @property {number} last the end of the horizontal axis
 * @property {string} [unit] what stands below the horizontal axis
 * @property {[number, string]} [level] a dotted line, and what it is
 */

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** @param {number} value */
const told = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1)).replace("-", "−");

/** @param {ChartOf} chart */
export function curveChart({ title, curves, bounds: [low, high], last, unit = "", level }) {
  const x = (/** @type {number} */ value) => (WIDTH * value) / (last || 1);
  const y = (/** @type {number} */ value) =>
    HEIGHT - (HEIGHT * (Math.min(high, Math.max(low, value)) - low)) / (high - low || 1);
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  if (level) svg.append(shape("line", { class: "level", x1: 0, x2: WIDTH, y1: y(level[0]), y2: y(level[0]) }));
  for (const { role, dashed, points } of curves)
    svg.append(
      shape("polyline", {
        class: `${role}${dashed ? " dashed" : ""}`,
        points: points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" "),
      }),
    );
  const cursor = shape("line", { class: "cursor", y1: 0, y2: HEIGHT });
  svg.append(cursor);
  const keys = curves
    .filter(({ label }) => label)
    .map(({ label, role, dashed }) =>
      element("span", { className: role, textContent: `${dashed ? "╍" : "━"} ${label}` }),
    );
  if (level) keys.push(element("span", { className: "quiet", textContent: `┄ ${level[1]}` }));
  const node = element(
    "figure",
    { className: "curves" },
    element("figcaption", {}, element("b", { textContent: title }), ...keys),
    element(
      "div",
      { className: "plot" },
      element("small", { className: "top", textContent: told(high) }),
      element("small", { className: "bottom", textContent: told(low) }),
      /** @type {any} */ (svg),
    ),
    element("small", { className: "unit", textContent: unit }),
  );
  return {
    node,
    /** @param {number} at */
    mark(at) {
      cursor.setAttribute("x1", String(x(at)));
      cursor.setAttribute("x2", String(x(at)));
    },
  };
}
