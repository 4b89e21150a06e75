// Sliders for a latent: along directions that one can name, and for every coordinate by itself.

import { did } from "./did.js";
import { element, explained, slider } from "./dom.js";
import { normal, replaced } from "./latents.js";
import { coordinate } from "./selection.js";

/** @import { LatentSelection } from "./selection.js" */

/** Sliders cover ±3 standard deviations of the prior: 99.7 % of what the generator was trained on. */
export const REACH = 3;

/**
 * Names that a person gave to something, directions of a basis or codes, kept in this browser.
 * @param {string} what
 */
export function ownNames(what) {
  const key = `counterfeit-${what}`;
  /** @type {Record<string, string>} */
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    // A browser that keeps nothing: names last as long as the page.
  }
  return {
    /**
     * @param {string | number} what
     * @returns {string | undefined}
     */
    get: (what) => kept[what],
    /**
     * Nothing, or blanks, gives it its first name back.
     * @param {string | number} what
     * @param {string} name
     */
    set: (what, name) => {
      kept[what] = name.trim();
      try {
        localStorage.setItem(key, JSON.stringify(kept));
      } catch {
        // as above
      }
    },
  };
}

/**
 * A field for a name of one's own, with a pencil. `called` gives the name as it is, `onname` takes what was written.
 * @param {{ called: () => string, label: string, placeholder: string, onname: (name: string) => void }} options
 */
export function nameField({ called, label, placeholder, onname }) {
  const input = element("input", {
    type: "text",
    className: "name",
    value: called(),
    placeholder,
    title: "Write a name of your own",
    maxLength: 40,
    spellcheck: false,
    "aria-label": label,
    onfocus: () => {
      input.select();
    },
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
    const root = /** @type {Document | ShadowRoot} */ (input.getRootNode());
    if (root.activeElement !== input) input.value = called();
  };
  return { node: element("label", { className: "written" }, input, pencil), input, refresh };
}

/** @typedef {ReturnType<typeof directionSliders>} DirectionSliders */

/**
 * Sliders along the directions of a basis that one can choose.
 * @param {LatentSelection} selection
 */
export function directionSliders(selection) {
  const state = {
    basis: 0,
    /** @type {(ReturnType<typeof slider> & { called: () => string })[]} */
    sliders: [],
    /** @type {Float32Array[]} */
    directions: [],
  };
  const rows = element("div", { className: "grid two" });
  const meaning = element("p", { className: "quiet" });
  const choice = element("select", {
    "aria-label": "Which directions",
    onchange: () => {
      state.basis = choice.selectedIndex;
      build();
      selection.notify();
    },
  });
  const build = () => {
    const { bases } = selection.program.header;
    const basis = bases[state.basis];
    const names = ownNames(`directions-${basis.id}`);
    choice.replaceChildren(...bases.map(({ label }) => element("option", { textContent: label })));
    choice.selectedIndex = state.basis;
    meaning.textContent = basis.meaning;
    state.directions = basis.directions.map((row) => Float32Array.from(row));
    state.sliders = state.directions.map((direction, number) => {
      const called = () => names.get(number) || basis.names[number] || `Direction ${number + 1}`;
      const name = nameField({
        called,
        label: `Name of direction ${number + 1}`,
        placeholder: "Write a name of your own",
        onname: (text) => {
          names.set(number, text);
          made.input.setAttribute("aria-label", called());
          selection.notify();
        },
      });
      const moved = (/** @type {number} */ value) => {
        did("moved-a-slider");
        selection.moveAlong(direction, value - coordinate(direction, selection.z));
      };
      const made = slider(name.node, -REACH, REACH, 0.01, moved, {
        "data-testid": `latent-slider-${number}`,
        "aria-label": called(),
      });
      return { ...made, called };
    });
    rows.replaceChildren(...state.sliders.map(({ node }) => node));
  };
  const refresh = () => {
    state.sliders.forEach(({ show }, number) => {
      show(coordinate(state.directions[number], selection.z));
    });
  };
  build();
  const head = element(
    "div",
    { className: "line" },
    choice,
    explained(selection.program, "direction", "What is a direction?"),
  );
  return { node: element("div", { className: "directions" }, head, rows, meaning), refresh, build, state };
}

/**
 * A button that keeps Random and Reset from `size` numbers of the latent, from `start` on.
 * @param {Set<number>} locked
 * @param {number} start
 * @param {number} size
 * @param {string} what
 */
export function lockButton(locked, start, size, what) {
  const lock = element("button", {
    textContent: "lock",
    title: "Random and Reset leave this one alone",
    "aria-pressed": "false",
    "aria-label": `Lock ${what}`,
    onclick: () => {
      const held = locked.has(start);
      for (let number = start; number < start + size; number++)
        if (held) locked.delete(number);
        else locked.add(number);
      lock.setAttribute("aria-pressed", String(!held));
    },
  });
  return lock;
}

/**
 * Every normal number of z by itself: found by its place, locked against Random, drawn anew one by one.
 * @param {LatentSelection} selection
 * @param {Set<number>} locked
 */
export function coordinateSliders(selection, locked) {
  const rows = Array.from({ length: selection.latents.normal }, (_, number) => {
    const moved = (/** @type {number} */ value) => {
      did("moved-a-slider");
      selection.setLatent(replaced(selection.z, number, [value]));
    };
    const made = slider(element("span", { textContent: `z${number}` }), -4, 4, 0.01, moved, {
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
    return { ...made, node: element("div", { className: "coordinate" }, made.node, lock, dice) };
  });
  const search = element("input", {
    type: "search",
    placeholder: "Find: 7, or 3-9",
    "aria-label": "Find coordinates",
    oninput: () => {
      const [, low, high = low] = /^\s*z?(\d+)\s*(?:-\s*z?(\d+))?/i.exec(search.value) ?? [];
      rows.forEach(({ node }, number) => {
        node.hidden = low !== undefined && (number < Number(low) || number > Number(high));
      });
    },
  });
  const node = element(
    "details",
    {},
    element("summary", { textContent: `All ${rows.length} coordinates` }),
    search,
    element("div", { className: "grid" }, ...rows.map((row) => row.node)),
  );
  const refresh = () => {
    if (node.open)
      rows.forEach(({ show }, number) => {
        show(selection.z[number], 2);
      });
  };
  return { node, refresh };
}
