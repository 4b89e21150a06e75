// Sliders for a latent: along directions that one can name, and for every coordinate by itself. Needs runtime.js, share.js,
// latents.js and hand.js.

/** Sliders cover ±3 standard deviations of the prior: 99.7 % of what the generator was trained on. */
const REACH = 3;

/** Names that a person gave to something, directions of a basis or codes, kept in this browser. */
function ownNames(what) {
  const key = `counterfeit-${what}`;
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    // A browser that keeps nothing: names last as long as the page.
  }
  return {
    get: (number) => kept[number],
    /** Nothing, or blanks, gives it its first name back. */
    set: (number, name) => {
      kept[number] = name.trim();
      try {
        localStorage.setItem(key, JSON.stringify(kept));
      } catch {
        // as above
      }
    },
  };
}

/** A field for a name of one's own, with a pencil. `called` gives the name as it is, `onname` takes what was written. */
function nameField({ called, label, placeholder, onname }) {
  const input = element("input", {
    type: "text",
    className: "name",
    value: called(),
    placeholder,
    title: "Write a name of your own",
    maxLength: 40,
    spellcheck: false,
    "aria-label": label,
    onfocus: () => input.select(),
    onkeydown: ({ key }) => {
      if (key === "Escape") input.value = called();
      if (key === "Enter" || key === "Escape") input.blur();
    },
    onchange: () => {
      onname(input.value);
      input.value = called();
    },
  });
  const pencil = element("span", { className: "pencil", textContent: "✎", "aria-hidden": "true" });
  /** Not while one writes. */
  const refresh = () => {
    if (input.getRootNode().activeElement !== input) input.value = called();
  };
  return { node: element("label", { className: "written" }, input, pencil), input, refresh };
}

/** Sliders along the directions of a basis that one can choose. */
function directionSliders(hand) {
  const state = { basis: 0, sliders: [], directions: [] };
  const rows = element("div", { className: "grid two" });
  const told = element("p", { className: "quiet" });
  const choice = element("select", {
    "aria-label": "Which directions",
    onchange: () => {
      state.basis = choice.selectedIndex;
      build();
      hand.tell();
    },
  });
  const build = () => {
    const { bases } = hand.program.header;
    const basis = bases[state.basis];
    const names = ownNames(`directions-${basis.id}`);
    choice.replaceChildren(...bases.map((one) => element("option", { textContent: one.label })));
    choice.selectedIndex = state.basis;
    told.textContent = basis.meaning;
    state.directions = basis.directions.map((row) => Float32Array.from(row));
    state.sliders = state.directions.map((direction, number) => {
      const called = () => names.get(number) || basis.names[number] || `Direction ${number + 1}`;
      const name = nameField({
        called,
        label: `Name of direction ${number + 1}`,
        placeholder: "Write a name of your own",
        onname: (text) => {
          names.set(number, text);
          one.input.setAttribute("aria-label", called());
          hand.tell();
        },
      });
      const moved = (value) => hand.move(direction, value - along(direction, hand.z));
      const one = slider(name.node, -REACH, REACH, 0.01, moved, {
        "data-testid": `latent-slider-${number}`,
        "aria-label": called(),
      });
      return { ...one, called };
    });
    rows.replaceChildren(...state.sliders.map((one) => one.node));
  };
  const refresh = () => state.sliders.forEach((one, number) => one.show(along(state.directions[number], hand.z)));
  build();
  const { program } = hand;
  const head = element("div", { className: "line" }, choice, explained(program, "direction", "What is a direction?"));
  return { node: element("div", { className: "directions" }, head, rows, told), refresh, build, state };
}

/** A button that keeps Random and Reset from `size` numbers of the latent, from `start` on. */
function lockButton(locked, start, size, what) {
  const lock = element("button", {
    textContent: "lock",
    title: "Random and Reset leave this one alone",
    "aria-pressed": "false",
    "aria-label": `Lock ${what}`,
    onclick: () => {
      const held = locked.has(start);
      for (let number = start; number < start + size; number++) held ? locked.delete(number) : locked.add(number);
      lock.setAttribute("aria-pressed", String(!held));
    },
  });
  return lock;
}

/** Every normal number of z by itself: found by its place, locked against Random, drawn anew one by one. */
function coordinateSliders(hand, locked) {
  const rows = Array.from({ length: hand.latents.normal }, (_, number) => {
    const moved = (value) => hand.place(replaced(hand.z, number, [value]));
    const one = slider(element("span", { textContent: `z${number}` }), -4, 4, 0.01, moved, {
      "data-testid": `coordinate-slider-${number}`,
      "aria-label": `Coordinate ${number}`,
    });
    const lock = lockButton(locked, number, 1, `coordinate ${number}`);
    const dice = element("button", {
      textContent: "draw",
      title: "A new value for this one",
      "aria-label": `Draw coordinate ${number}`,
      onclick: () => moved(normal()),
    });
    return { ...one, node: element("div", { className: "coordinate" }, one.node, lock, dice) };
  });
  const search = element("input", {
    type: "search",
    placeholder: "Find: 7, or 3-9",
    "aria-label": "Find coordinates",
    oninput: () => {
      const [, low, high = low] = /^\s*z?(\d+)\s*(?:-\s*z?(\d+))?/i.exec(search.value) ?? [];
      const wanted = (number) => low === undefined || (number >= Number(low) && number <= Number(high));
      rows.forEach((row, number) => (row.node.hidden = !wanted(number)));
    },
  });
  const node = element(
    "details",
    {},
    element("summary", { textContent: `All ${rows.length} coordinates` }),
    search,
    element("div", { className: "grid" }, ...rows.map((row) => row.node)),
  );
  return { node, refresh: () => node.open && rows.forEach((row, number) => row.show(hand.z[number], 2)) };
}
