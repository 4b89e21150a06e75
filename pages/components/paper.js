// A sheet to draw a digit on. Needs hand.js and fit.js.

const PAPER = 280;
const BRUSH = 24;
/** Of the longer side of a drawing: about the stroke of an MNIST digit, 2.4 of 20 pixels. */
const STROKE = 0.13;
const KEPT = "counterfeit-drawing";

/**
 * The sheet. `onlift(target)` gets what was drawn as MNIST would have it, 784 pixels in [-1, 1], each time the pen is
 * lifted. A drawing outlives a reload and a change of the model.
 */
function drawingPaper({ onstroke, onlift, onclear }) {
  const canvas = element("canvas", {
    width: PAPER,
    height: PAPER,
    className: "paper",
    role: "img",
    "data-testid": "paper",
    "aria-label": "Draw a digit here",
  });
  const hint = element("span", { className: "hint", textContent: "Draw a digit here" });
  const ink = canvas.getContext("2d");
  /** Strokes, each a list of places; or the pixels that were put here instead. */
  let strokes = read();
  let put = null;
  let pen = null;

  function read() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
      return kept.every((stroke) => stroke.flat().every(Number.isFinite)) ? kept : [];
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

  function paint(context, width) {
    context.fillStyle = "#000";
    context.fillRect(0, 0, PAPER, PAPER);
    context.strokeStyle = "#fff";
    context.lineWidth = width;
    context.lineCap = context.lineJoin = "round";
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
    undo.disabled = strokes.length === 0;
    clear.disabled = hint.hidden === false;
    if (!put) return;
    const small = still("");
    small.show(put);
    ink.imageSmoothingEnabled = false;
    ink.drawImage(small.node, 0, 0, PAPER, PAPER);
  }

  /** What is drawn, or put here, as MNIST would have it; null for nothing. A small drawing gets a thinner stroke: MNIST's
   * are all alike, however large the writing was. */
  function target() {
    if (put) return put;
    if (!strokes.length) return null;
    const length = (axis) => {
      const places = strokes.flat().map((place) => place[axis]);
      return Math.max(...places) - Math.min(...places);
    };
    const width = Math.max(4, Math.min(BRUSH, STROKE * Math.max(length(0), length(1))));
    const context = element("canvas", { width: PAPER, height: PAPER }).getContext("2d");
    paint(context, width);
    const rgba = context.getImageData(0, 0, PAPER, PAPER).data;
    return asMnist(Float32Array.from({ length: PAPER * PAPER }, (_, i) => rgba[4 * i]), PAPER);
  }

  const changed = () => {
    keep();
    show();
    const found = target();
    if (found) onlift(found);
    else onclear();
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (value, length) => Math.max(0, Math.min(PAPER, Math.round((value / length) * PAPER)));
    return [at(event.clientX - box.left, box.width), at(event.clientY - box.top, box.height)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (pen !== null || event.button > 0) return; // one finger draws
    canvas.setPointerCapture(event.pointerId);
    pen = event.pointerId;
    put = null;
    strokes.push([place(event)]);
    onstroke();
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) strokes.at(-1).push(place(one));
    show();
  });
  const lift = (event) => {
    if (event.pointerId !== pen) return;
    pen = null;
    changed();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  const undo = element("button", {
    textContent: "Undo",
    onclick: () => {
      strokes.pop();
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
    /** Puts a picture on the sheet, 784 pixels in [-1, 1], as if it had been drawn. */
    put(pixels) {
      strokes = [];
      put = pixels;
      changed();
    },
    get drawing() {
      return pen !== null;
    },
  };
}
