// What a latent holds besides normal numbers: codes, whose meaning nobody has given. Needs runtime.js, share.js, latents.js,
// hand.js and sliders.js.

/** One big button for each of several values, marked by how much of it is asked for. `first` is the number that the first
 * of them has for tests. */
function valueButtons(count, name, onpick, first = 0) {
  const notes = Array.from({ length: count }, () => element("small"));
  const buttons = Array.from({ length: count }, (_, value) =>
    element(
      "button",
      { "data-testid": `${name}-button-${first + value}`, onclick: () => onpick(value) },
      element("span", { textContent: value }),
      notes[value],
    ),
  );
  const node = element("div", { className: "buttons" }, ...buttons);
  /** `called` gives a value's name, if it has one. */
  const mark = (shares, called = () => "") =>
    buttons.forEach((button, value) => {
      const share = shares[value];
      const percent = Math.round(100 * share);
      button.setAttribute("aria-pressed", share === 1 ? "true" : percent > 0 ? "mixed" : "false");
      button.style.setProperty("--share", share === 1 ? "0%" : `${Math.max(0, percent)}%`);
      notes[value].textContent = percent > 0 && share !== 1 ? `${percent} %` : called(value);
      button.title = called(value);
    });
  return { node, buttons, mark };
}

/** Buttons for the values of a categorical code, numbered from `first` on, over what each of them would draw, and a name
 * for the one in hand. */
function valuesOfCode(hand, { start, size }, first, names, locked) {
  const shares = () => hand.z.subarray(start, start + size);
  /** The value that is asked for most. */
  const most = () => shares().reduce((best, share, value, all) => (share > all[best] ? value : best), 0);
  const pick = (value) => hand.place(replaced(hand.z, start, oneHot(size, value)));
  const called = (value) => names.get(`value ${first + value}`) ?? "";
  const { node: buttons, mark } = valueButtons(size, "code", pick, first);
  const which = element("span", { className: "quiet" });
  const name = nameField({
    called: () => called(most()),
    label: "Name of this value",
    placeholder: "what does it draw?",
    onname: (text) => {
      names.set(`value ${first + most()}`, text);
      hand.tell();
    },
  });
  const lock = lockButton(locked, start, size, "the value");
  const named = element("div", { className: "line named" }, element("span", {}, which, name.node), lock);
  let marked;
  const refresh = () => {
    const now = Array.from(shares(), (share, value) => `${share} ${called(value)}`).join();
    if (now === marked) return; // while another part is dragged
    marked = now;
    mark(shares(), called);
    which.textContent = `Value ${most()}: `;
    name.refresh();
  };
  // Button over picture, column by column; few values are no wider than many.
  const strip = stripOfCode(hand, { start, size }, first);
  const columns = Math.min(size, 10);
  buttons.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  buttons.style.columnGap = `${100 / strip.node.width}%`;
  const values = element("div", { className: "digits values" }, buttons, strip.node);
  values.style.width = `${10 * columns}%`;
  return { node: element("div", { className: "code" }, values, named), refresh, strips: [strip], axes: [] };
}

/** What `hand` would draw with each value of a categorical code, side by side; a click takes one. */
function stripOfCode(hand, { start, size }, first) {
  const columns = Math.min(size, 10);
  const at = (value) => replaced(hand.z, start, oneHot(size, value));
  const cells = new Cells(columns, Math.ceil(size / columns), (value) => ({ z: at(value), mix: hand.mix }), {
    className: "row choice",
    role: "img",
    "data-testid": `code-strip-${first}`,
    "aria-label": "Each value of the code for this very latent",
    title: "Take this one",
    onclick: ({ offsetX, offsetY }) => {
      const { clientWidth, clientHeight, width, height } = cells.node;
      const cell = (at, length, pixels) => Math.floor((at * pixels) / length / cells.pitch);
      const value = cell(offsetX, clientWidth, width) + columns * cell(offsetY, clientHeight, height);
      if (value < size) hand.place(at(value));
    },
  });
  cells.total = size; // the last row may be shorter
  cells.node.style.aspectRatio = `${cells.node.width} / ${cells.node.height}`;
  return cells;
}

/** Sliders for a part with uniform codes, numbered from `first` on. */
function slidersOfCode(hand, { start, size }, first, names, locked) {
  const rows = Array.from({ length: size }, (_, i) => {
    const number = first + i;
    const called = () => names.get(`code ${number}`) || `Code ${number + 1}`;
    const name = nameField({
      called,
      label: `Name of code ${number + 1}`,
      placeholder: "Write a name of your own",
      onname: (text) => {
        names.set(`code ${number}`, text);
        one.input.setAttribute("aria-label", called());
        hand.tell();
      },
    });
    const moved = (value) => hand.place(replaced(hand.z, start + i, [value]));
    const lock = lockButton(locked, start + i, 1, `code ${number + 1}`);
    const head = element("div", { className: "line named" }, name.node, lock);
    const one = slider(head, -1, 1, 0.01, moved, { "data-testid": `code-slider-${number}`, "aria-label": called() });
    return { ...one, axis: { direction: oneHot(hand.z.length, start + i), reach: 1, called } };
  });
  const node = element("div", { className: "grid two" }, ...rows.map((row) => row.node));
  const refresh = () => rows.forEach((row, i) => row.show(hand.z[start + i], 2));
  return { node, refresh, strips: [], axes: rows.map((row) => row.axis) };
}

/** Buttons and sliders for the codes of a latent, the pictures under the buttons, which somebody has to paint, and the
 * axes that they lend to the pad. Names that one gives them are kept in this browser, for all moments of a run alike. */
function codeControls(hand, locked) {
  const { header } = hand.program;
  const names = ownNames(`codes-${header.pins}`);
  const numbered = { categorical: 0, uniform: 0 };
  const parts = hand.latents.codes.map((part) => {
    const first = numbered[part.kind];
    numbered[part.kind] += part.size;
    return (part.kind === "categorical" ? valuesOfCode : slidersOfCode)(hand, part, first, names, locked);
  });
  const latent = explained(hand.program, "latent");
  const told = element(
    "p",
    { className: "quiet" },
    header.conditional ? "" : "This generator was never told which digit is which. ",
    "Nobody has labelled these ",
    explained(hand.program, "code", "codes"),
    ": find out what each came to mean.",
    ...(numbered.categorical ? [" Below each value: what it makes of this very ", latent, "."] : []),
  );
  // Values are what one presses first, whatever stands first in the latent.
  const order = hand.latents.codes.map(({ kind }, i) => [kind !== "categorical", i]).sort(([a], [b]) => a - b);
  return {
    node: element("div", { className: "codes" }, told, ...order.map(([, i]) => parts[i].node)),
    refresh: () => parts.forEach((part) => part.refresh()),
    strips: parts.flatMap((part) => part.strips),
    axes: parts.flatMap((part) => part.axes),
  };
}
