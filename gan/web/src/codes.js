// What a latent holds besides normal numbers: codes, whose meaning nobody has given.

import { element, explained, slider } from "./dom.js";
import { oneHot, replaced } from "./latents.js";
import { PictureGrid } from "./painter.js";
import { lockButton, nameField, ownNames } from "./sliders.js";

/** @import { PlacedPart } from "./latents.js" */
/** @import { LatentSelection } from "./selection.js" */

/**
 * A direction that the pad can span its plane by.
 * @typedef {{ direction: Float32Array, reach: number, called: () => string }} Axis
 */

/**
 * The controls of one part.
 * @typedef {object} Controls
 * @property {HTMLElement} node
 * @property {() => void} refresh
 * @property {PictureGrid[]} strips
 * @property {Axis[]} axes
 */

/**
 * One big button for each of several values, marked by how much of it is asked for. `first` is the number that the first
 * of them has for tests.
 * @param {string[]} labels
 * @param {string} name
 * @param {(value: number) => void} onpick
 * @param {number} first
 */
export function valueButtons(labels, name, onpick, first = 0) {
  const notes = labels.map(() => element("small"));
  const buttons = labels.map((label, value) =>
    element(
      "button",
      { "data-testid": `${name}-button-${first + value}`, onclick: () => onpick(value) },
      element("span", { textContent: label }),
      notes[value],
    ),
  );
  const node = element("div", { className: "buttons" }, ...buttons);
  const mark = (/** @type {ArrayLike<number>} */ shares, called = (/** @type {number} */ _value) => "") => {
    buttons.forEach((button, value) => {
      const share = shares[value];
      const percent = Math.round(100 * share);
      button.setAttribute("aria-pressed", share === 1 ? "true" : percent > 0 ? "mixed" : "false");
      button.style.setProperty("--share", share === 1 ? "0%" : `${Math.max(0, percent)}%`);
      notes[value].textContent = percent > 0 && share !== 1 ? `${percent} %` : called(value);
      button.title = called(value);
    });
  };
  return { node, mark };
}

/**
 * Buttons for the values of a categorical code, numbered from `first` on, over what each of them would draw, and a name
 * for the one that is selected.
 * @param {LatentSelection} selection
 * @param {PlacedPart} part
 * @param {number} first
 * @param {ReturnType<typeof ownNames>} names
 * @param {Set<number>} locked
 * @returns {Controls}
 */
function valuesOfCode(selection, { start, size }, first, names, locked) {
  const shares = () => selection.z.subarray(start, start + size);
  /** The value that is asked for most. */
  const most = () => shares().reduce((best, share, value, all) => (share > all[best] ? value : best), 0);
  const pick = (/** @type {number} */ value) => selection.setLatent(replaced(selection.z, start, oneHot(size, value)));
  const called = (/** @type {number} */ value) => names.get(`value ${first + value}`) ?? "";
  const { node: buttons, mark } = valueButtons(
    Array.from({ length: size }, (_, value) => String(value)),
    "code",
    pick,
    first,
  );
  const which = element("span", { className: "quiet" });
  const name = nameField({
    called: () => called(most()),
    label: "Name of this value",
    placeholder: "what does it draw?",
    onname: (text) => {
      names.set(`value ${first + most()}`, text);
      selection.notify();
    },
  });
  const lock = lockButton(locked, start, size, "the value");
  const named = element("div", { className: "line named" }, element("span", {}, which, name.node), lock);
  let marked = "";
  const refresh = () => {
    const now = Array.from(shares(), (share, value) => `${share} ${called(value)}`).join();
    if (now === marked) return; // while another part is dragged
    marked = now;
    mark(shares(), called);
    which.textContent = `Value ${most()}: `;
    name.refresh();
  };
  // Button over picture, column by column; few values are no wider than many.
  const strip = stripOfCode(selection, { start, size }, first);
  const columns = Math.min(size, 10);
  buttons.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  buttons.style.columnGap = `${100 / strip.node.width}%`;
  const values = element("div", { className: "digits values" }, buttons, strip.node);
  values.style.width = `${10 * columns}%`;
  return { node: element("div", { className: "code" }, values, named), refresh, strips: [strip], axes: [] };
}

/**
 * What the selected latent would draw with each value of a categorical code, side by side; a click takes one.
 * @param {LatentSelection} selection
 * @param {{ start: number, size: number }} part
 * @param {number} first
 */
function stripOfCode(selection, { start, size }, first) {
  const columns = Math.min(size, 10);
  const at = (/** @type {number} */ value) => replaced(selection.z, start, oneHot(size, value));
  const grid = new PictureGrid(columns, Math.ceil(size / columns), (value) => ({ z: at(value), mix: selection.mix }), {
    className: "row choice",
    role: "img",
    "data-testid": `code-strip-${first}`,
    "aria-label": "Each value of the code for this very latent",
    title: "Take this one",
    onclick: ({ offsetX, offsetY }) => {
      const { clientWidth, clientHeight, width, height } = grid.node;
      const column = Math.floor((offsetX * width) / clientWidth / grid.pitch);
      const row = Math.floor((offsetY * height) / clientHeight / grid.pitch);
      const value = column + columns * row;
      if (value < size) selection.setLatent(at(value));
    },
  });
  grid.total = size; // the last row may be shorter
  grid.node.style.aspectRatio = `${grid.node.width} / ${grid.node.height}`;
  return grid;
}

/**
 * Sliders for a part with uniform codes, numbered from `first` on.
 * @param {LatentSelection} selection
 * @param {PlacedPart} part
 * @param {number} first
 * @param {ReturnType<typeof ownNames>} names
 * @param {Set<number>} locked
 * @returns {Controls}
 */
function slidersOfCode(selection, { start, size }, first, names, locked) {
  const rows = Array.from({ length: size }, (_, i) => {
    const number = first + i;
    const called = () => names.get(`code ${number}`) || `Code ${number + 1}`;
    const name = nameField({
      called,
      label: `Name of code ${number + 1}`,
      placeholder: "Write a name of your own",
      onname: (text) => {
        names.set(`code ${number}`, text);
        made.input.setAttribute("aria-label", called());
        selection.notify();
      },
    });
    const moved = (/** @type {number} */ value) => selection.setLatent(replaced(selection.z, start + i, [value]));
    const lock = lockButton(locked, start + i, 1, `code ${number + 1}`);
    const head = element("div", { className: "line named" }, name.node, lock);
    const made = slider(head, -1, 1, 0.01, moved, { "data-testid": `code-slider-${number}`, "aria-label": called() });
    return { ...made, axis: { direction: oneHot(selection.z.length, start + i), reach: 1, called } };
  });
  const node = element("div", { className: "grid two" }, ...rows.map((row) => row.node));
  const refresh = () => {
    rows.forEach((row, i) => {
      row.show(selection.z[start + i], 2);
    });
  };
  return { node, refresh, strips: [], axes: rows.map((row) => row.axis) };
}

/**
 * Buttons and sliders for the codes of a latent, the pictures under the buttons, which somebody has to paint, and the
 * axes that they lend to the pad. Names that one gives them are kept in this browser, for all moments of a run alike.
 * @param {LatentSelection} selection
 * @param {Set<number>} locked
 * @returns {Controls}
 */
export function codeControls(selection, locked) {
  const { header } = selection.program;
  const names = ownNames(`codes-${header.pins}`);
  const numbered = { categorical: 0, uniform: 0 };
  const parts = selection.latents.codes.map((part) => {
    const kind = part.kind === "categorical" ? "categorical" : "uniform";
    const first = numbered[kind];
    numbered[kind] += part.size;
    return (kind === "categorical" ? valuesOfCode : slidersOfCode)(selection, part, first, names, locked);
  });
  const latent = explained(selection.program, "latent");
  const note = element(
    "p",
    { className: "quiet" },
    header.conditional ? "" : `This generator was never told which ${header.one} is which. `,
    "Nobody has labelled these ",
    explained(selection.program, "code", "codes"),
    ": find out what each came to mean.",
    ...(numbered.categorical ? [" Below each value: what it makes of this very ", latent, "."] : []),
  );
  // Values are what one presses first, whatever stands first in the latent.
  const isValues = (/** @type {number} */ i) => selection.latents.codes[i].kind === "categorical";
  const order = [...parts.keys()].sort((a, b) => Number(isValues(b)) - Number(isValues(a)));
  return {
    node: element("div", { className: "codes" }, note, ...order.map((i) => parts[i].node)),
    refresh: () => {
      for (const part of parts) part.refresh();
    },
    strips: parts.flatMap((part) => part.strips),
    axes: parts.flatMap((part) => part.axes),
  };
}
