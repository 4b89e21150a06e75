// A sheet to draw a digit on, and the drawing as MNIST would have it.

import { context2d, element } from "./dom.js";
import { picture, SIDE } from "./painter.js";

/** @typedef {[number, number]} Place */

/** MNIST's digits fill a box of 20 × 20 pixels in one direction. */
const BOX = 20;

/**
 * A drawing as MNIST has its digits (LeCun et al. 1998): the ink's box scaled into 20 × 20, sides in proportion, and
 * placed, by whole pixels, so that the centre of mass lies in the pixel right and below of the middle of 28 × 28, as it
 * does in all of MNIST's. Returns 784 pixels in [-1, 1], or null where nothing is drawn.
 * @param {ArrayLike<number>} ink grey values from 0 to 255, `side` × `side`
 * @param {number} side
 */
export function asMnist(ink, side) {
  let [left, right, top, bottom] = [side, -1, side, -1];
  let mass = 0;
  let massX = 0;
  let massY = 0;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const value = ink[y * side + x];
      if (!value) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
      mass += value;
      massX += value * (x + 0.5);
      massY += value * (y + 0.5);
    }
  if (!mass) return null;
  const scale = BOX / Math.max(right - left + 1, bottom - top + 1);
  const place = (/** @type {number} */ centre, /** @type {number} */ start) =>
    SIDE / 2 - Math.floor((centre - start) * scale) - start * scale;
  const [offsetX, offsetY] = [place(massX / mass, left), place(massY / mass, top)];
  // Each large pixel spreads its ink over the small ones that it covers.
  const small = new Float32Array(SIDE * SIDE);
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const value = ink[y * side + x];
      if (!value) continue;
      const [fromX, toX] = [x * scale + offsetX, (x + 1) * scale + offsetX];
      const [fromY, toY] = [y * scale + offsetY, (y + 1) * scale + offsetY];
      for (let row = Math.max(0, Math.floor(fromY)); row < Math.min(SIDE, toY); row++)
        for (let column = Math.max(0, Math.floor(fromX)); column < Math.min(SIDE, toX); column++) {
          const width = Math.min(toX, column + 1) - Math.max(fromX, column);
          const height = Math.min(toY, row + 1) - Math.max(fromY, row);
          small[row * SIDE + column] += value * width * height;
        }
    }
  return small.map((value) => Math.min(255, value) / 127.5 - 1);
}

const PAPER = 280;
const BRUSH = 24;
/** Of the longer side of a drawing: about the stroke of an MNIST digit, 2.4 of 20 pixels. */
const STROKE = 0.13;
const KEPT = "counterfeit-drawing";

/**
 * The sheet. `onlift(target)` gets what was drawn as MNIST would have it, 784 pixels in [-1, 1], each time the pen is
 * lifted. A drawing outlives a reload and a change of the model.
 * @param {string} what to draw: a digit
 * @param {{ onstroke: () => void, onlift: (target: Float32Array) => void, onclear: () => void }} listeners
 */
export function drawingPaper(what, { onstroke, onlift, onclear }) {
  const canvas = element("canvas", {
    width: PAPER,
    height: PAPER,
    className: "paper",
    role: "img",
    "data-testid": "paper",
    "aria-label": `Draw ${what} here`,
  });
  const hint = element("span", { className: "hint", textContent: `Draw ${what} here` });
  const ink = context2d(canvas);
  /** Strokes, each a list of places; or the pixels that were put here instead. */
  let strokes = read();
  /** @type {Float32Array | null} */
  let put = null;
  /** @type {number | null} */
  let pen = null;

  /** @returns {Place[][]} */
  function read() {
    try {
      /** @type {Place[][]} */
      const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
      return kept.every((stroke) => stroke.length && stroke.flat().every(Number.isFinite)) ? kept : [];
    } catch {
      return [];
    }
  }
  function keep() {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(strokes));
    } catch {
      // A browser that keeps nothing: a drawing lasts as long as the page.
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} width
   */
  function paint(context, width) {
    context.fillStyle = "#000";
    context.fillRect(0, 0, PAPER, PAPER);
    context.strokeStyle = "#fff";
    context.lineWidth = width;
    context.lineCap = "round";
    context.lineJoin = "round";
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(...stroke[0]);
      for (const place of stroke) context.lineTo(...place);
      context.stroke();
    }
  }

  function show() {
    paint(ink, BRUSH);
    hint.hidden = strokes.length > 0 || put !== null;
    undo.disabled = clear.disabled = !hint.hidden;
    if (!put) return;
    const small = picture({});
    small.show(put);
    ink.imageSmoothingEnabled = false;
    ink.drawImage(small.node, 0, 0, PAPER, PAPER);
  }

  /** What is drawn, or put here, as MNIST would have it; null for nothing. A small drawing gets a thinner stroke:
   * MNIST's are all alike, however large the writing was. */
  function target() {
    if (put) return put;
    if (!strokes.length) return null;
    const length = (/** @type {0 | 1} */ axis) => {
      const places = strokes.flat().map((place) => place[axis]);
      return Math.max(...places) - Math.min(...places);
    };
    const width = Math.max(4, Math.min(BRUSH, STROKE * Math.max(length(0), length(1))));
    const context = context2d(element("canvas", { width: PAPER, height: PAPER }));
    paint(context, width);
    const rgba = context.getImageData(0, 0, PAPER, PAPER).data;
    return asMnist(
      Float32Array.from({ length: PAPER * PAPER }, (_, i) => rgba[4 * i]),
      PAPER,
    );
  }

  const changed = () => {
    pen = null; // a second finger may press a button while the first one draws
    keep();
    show();
    const found = target();
    if (found) onlift(found);
    else onclear();
  };
  /**
   * @param {PointerEvent} event
   * @returns {Place}
   */
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (/** @type {number} */ value, /** @type {number} */ length) =>
      Math.max(0, Math.min(PAPER, Math.round((value / length) * PAPER)));
    return [at(event.clientX - box.left, box.width), at(event.clientY - box.top, box.height)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (pen !== null || event.button > 0) return; // one finger draws
    canvas.setPointerCapture(event.pointerId);
    pen = event.pointerId;
    if (put) {
      put = null;
      strokes = [];
    }
    strokes.push([place(event)]);
    onstroke();
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const one of passed.length ? passed : [event]) strokes.at(-1)?.push(place(one));
    show();
  });
  const lift = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId === pen) changed();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  const undo = element("button", {
    textContent: "Undo",
    onclick: () => {
      if (put) put = null;
      else strokes.pop();
      changed();
    },
  });
  const clear = element("button", {
    textContent: "Clear",
    onclick: () => {
      strokes = [];
      put = null;
      changed();
    },
  });
  show();
  return {
    node: element("div", { className: "sheet" }, canvas, hint),
    buttons: [undo, clear],
    target,
    /**
     * Lays a picture on the sheet, as if it had been drawn; Undo takes it away again.
     * @param {Float32Array} pixels 784 of them, in [-1, 1]
     */
    put(pixels) {
      put = pixels;
      changed();
    },
    get drawing() {
      return pen !== null;
    },
  };
}
