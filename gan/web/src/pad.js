// A plane of the latent space under one's finger: spanned by two directions, or by latents that were pinned.

import { element, explained } from "./dom.js";
import { PictureGrid } from "./painter.js";
import { Pins } from "./pins.js";
import { coordinate, norm } from "./selection.js";
import { REACH } from "./sliders.js";

/** @import { Axis } from "./codes.js" */
/** @import { LatentSpec } from "./latents.js" */
/** @import { LatentSelection } from "./selection.js" */

const CELLS = 7;
/** @type {["first", "second"]} */
const AXES = ["first", "second"];

/** @param {number} value */
const inUnit = (value) => Math.max(0, Math.min(1, value));

/**
 * The latent at (right, up) in [0, 1]² between three or four pinned ones, as long as they are: between two latents the
 * straight line dips towards the centre, where the prior has nothing. With three, the fourth corner is B + C − A. That
 * is about the normal numbers; codes have no length to keep, but bounds.
 * @param {Float32Array[]} pins
 * @param {number} right
 * @param {number} up
 * @param {LatentSpec} latents
 */
function bilinear(pins, right, up, latents) {
  const [a, b, c, d = a.map((value, i) => b[i] + c[i] - value)] = pins;
  const shares = [(1 - right) * (1 - up), right * (1 - up), (1 - right) * up, right * up];
  const corners = [a, b, c, d];
  const z = a.map((_, i) => corners.reduce((sum, corner, k) => sum + shares[k] * corner[i], 0));
  const lengthOf = (/** @type {Float32Array} */ one) => norm(one.slice(0, latents.normal));
  const wanted = corners.reduce((sum, corner, k) => sum + shares[k] * lengthOf(corner), 0);
  const length = lengthOf(z);
  const scale = length > 1e-6 ? wanted / length : 1;
  return latents.project(z.map((value, i) => (i < latents.normal ? value * scale : value)));
}

/**
 * The pad: a background of thumbnails that shows the plane, and a point that one drags over it. The plane is spanned by
 * two directions of a basis, or by the `axes` of codes.
 * @param {LatentSelection} selection
 * @param {import("./sliders.js").DirectionSliders} directions
 * @param {Axis[]} axes
 * @param {boolean} standalone
 */
export function latentPad(selection, directions, axes, standalone) {
  const pins = new Pins(selection.program);
  pins.listeners.push(() => selection.notify());
  /** The last four, which span the plane. */
  const corners = () => pins.list.slice(-4).map(({ z }) => z);
  const plane = { first: 0, second: 1, pinned: false, right: 0.5, up: 0.5 };
  const chosen = (/** @type {"first" | "second"} */ which) =>
    Math.min(plane[which], directions.state.directions.length + axes.length - 1);
  const axis = (/** @type {"first" | "second"} */ which) => {
    const { directions: rows } = directions.state;
    const number = chosen(which);
    return number < rows.length ? { direction: rows[number], reach: REACH } : axes[number - rows.length];
  };
  /**
   * The latent of a place in [0, 1]²: the one selected with two of its directions replaced, or one between pins.
   * @param {number} right
   * @param {number} up
   */
  const latentAt = (right, up) => {
    if (plane.pinned) return bilinear(corners(), right, up, selection.latents);
    const [{ direction: first, reach: width }, { direction: second, reach: height }] = [axis("first"), axis("second")];
    const byFirst = (2 * right - 1) * width - coordinate(first, selection.z);
    const bySecond = (2 * up - 1) * height - coordinate(second, selection.z);
    // Directions need not be at right angles: a step along one is also one along the other.
    const overlap = coordinate(first, second);
    const rest = 1 - overlap * overlap;
    const [x, y] =
      rest > 1e-3 ? [(byFirst - overlap * bySecond) / rest, (bySecond - overlap * byFirst) / rest] : [byFirst, 0];
    return selection.z.map((value, i) => value + x * first[i] + y * second[i]);
  };
  const grid = new PictureGrid(
    CELLS,
    CELLS,
    (cell) => {
      const right = (cell % CELLS) / (CELLS - 1);
      const up = 1 - Math.floor(cell / CELLS) / (CELLS - 1);
      return { z: latentAt(right, up), mix: selection.mix };
    },
    { className: "plane" },
  );
  const point = element("div", { className: "point" });
  const surface = element(
    "div",
    {
      className: "pad",
      tabIndex: 0,
      role: "application",
      "data-testid": "latent-pad",
      "aria-label": "A plane of latents: drag the point, or use the arrow keys",
    },
    grid.node,
    point,
  );
  // The outermost thumbnails are centred on the edge of the plane, so the point stays half a thumbnail inside.
  const margin = 0.5 / CELLS;
  /**
   * @param {number} right
   * @param {number} up
   */
  const moveTo = (right, up) => {
    [plane.right, plane.up] = [inUnit(right), inUnit(up)];
    selection.setLatent(latentAt(plane.right, plane.up));
  };
  const follow = (/** @type {PointerEvent} */ event) => {
    const box = surface.getBoundingClientRect();
    const share = (/** @type {number} */ value, /** @type {number} */ length) =>
      (value / length - margin) / (1 - 2 * margin);
    moveTo(share(event.clientX - box.left, box.width), 1 - share(event.clientY - box.top, box.height));
  };
  surface.addEventListener("pointerdown", (event) => {
    surface.setPointerCapture(event.pointerId);
    follow(event);
  });
  surface.addEventListener("pointermove", (event) => {
    if (surface.hasPointerCapture(event.pointerId)) follow(event);
  });
  /** @type {Record<string, [number, number]>} */
  const steps = { ArrowLeft: [-0.02, 0], ArrowRight: [0.02, 0], ArrowUp: [0, 0.02], ArrowDown: [0, -0.02] };
  surface.addEventListener("keydown", (event) => {
    const by = steps[event.key];
    if (!by) return;
    event.preventDefault();
    moveTo(plane.right + by[0], plane.up + by[1]);
  });

  const choices = AXES.map((which) => {
    const choice = element("select", {
      "aria-label": which === "first" ? "Direction to the right" : "Direction upwards",
      onchange: () => {
        plane[which] = choice.selectedIndex;
        plane.pinned = false;
        selection.notify();
      },
    });
    return choice;
  });
  const note = element("span", { className: "quiet" });
  const usePins = element("button", {
    textContent: "Plane of the pins",
    onclick: () => {
      plane.pinned = !plane.pinned;
      selection.notify();
    },
  });
  const pin = element("button", {
    textContent: "Pin this latent",
    onclick: () => pins.add(selection),
  });
  const clear = element("button", {
    textContent: "Clear pins",
    onclick: () => {
      plane.pinned = false;
      pins.change([]);
    },
  });
  const address = `interpolate?${new URLSearchParams({ model: selection.program.header.model })}`;
  const walk = standalone
    ? []
    : [element("a", { className: "button", href: address, target: "_self", textContent: "Walk between pins" })];
  const node = element(
    "div",
    { className: "plane-and-pins" },
    surface,
    element(
      "div",
      { className: "side" },
      element(
        "p",
        { className: "quiet" },
        "Drag over a plane of the ",
        explained(selection.program, "latent", "latent space"),
        ".",
      ),
      element("label", {}, "→ ", choices[0]),
      element("label", {}, "↑ ", choices[1]),
      element("div", { className: "buttons" }, pin, usePins, clear, ...walk),
      note,
    ),
  );

  const refresh = () => {
    const names = [...directions.state.sliders, ...axes].map(({ called }) => called());
    AXES.forEach((which, i) => {
      const choice = choices[i];
      if (choice.dataset.names !== names.join()) {
        choice.replaceChildren(...names.map((name) => element("option", { textContent: name })));
        choice.dataset.names = names.join();
      }
      choice.selectedIndex = chosen(which);
    });
    const count = pins.list.length;
    plane.pinned &&= count > 2;
    if (!plane.pinned)
      [plane.right, plane.up] = AXES.map((which) => {
        const { direction, reach } = axis(which);
        return inUnit((coordinate(direction, selection.z) / reach + 1) / 2);
      });
    point.style.left = `${100 * (margin + plane.right * (1 - 2 * margin))}%`;
    point.style.bottom = `${100 * (margin + plane.up * (1 - 2 * margin))}%`;
    usePins.disabled = count < 3;
    usePins.setAttribute("aria-pressed", String(plane.pinned));
    // What is selected may lie outside of the plane of the pins.
    point.hidden =
      plane.pinned && latentAt(plane.right, plane.up).some((value, i) => Math.abs(value - selection.z[i]) > 0.02);
    clear.disabled = count === 0;
    for (const link of walk) link.hidden = count < 2;
    const few = "Pin three or four latents to span a plane between them.";
    note.textContent = count < 3 ? `${count} pinned. ${few}` : `${count} pinned; the last four count.`;
  };
  return { node, refresh, grid, end: () => pins.end() };
}
