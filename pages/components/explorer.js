// The explorer: digit buttons, sliders, the ten digits of a latent, a pad. Needs runtime.js, share.js, hand.js, pins.js
// and pad.js.

/** Sliders cover ±3 standard deviations of the prior: 99.7 % of what the generator was trained on. */
const REACH = 3;

/** One big button a digit, and behind a switch how much of each. */
function digitButtons(hand) {
  const buttons = Array.from({ length: 10 }, (_, digit) =>
    element("button", {
      textContent: digit,
      "data-testid": `digit-button-${digit}`,
      onclick: () => hand.ask(only(digit)),
    }),
  );
  // Sliders hold weights, the numbers beside them the shares: what one asks for does not depend on the way there.
  let weights = Array.from(hand.mix);
  const mixers = Array.from({ length: 10 }, (_, digit) => {
    const moved = (weight) => {
      weights[digit] = weight;
      hand.ask(weights);
    };
    return slider(element("span", { textContent: digit }), 0, 1, 0.01, moved, {
      "data-testid": `mix-slider-${digit}`,
      "aria-label": `Share of digit ${digit}`,
    });
  });
  const node = element(
    "div",
    { className: "digits" },
    element("div", { className: "buttons" }, ...buttons),
    element(
      "details",
      {},
      element("summary", { textContent: "Mix digits: half a 3, half an 8" }),
      element("div", { className: "grid" }, ...mixers.map((one) => one.node)),
    ),
  );
  const refresh = () => {
    buttons.forEach((button, digit) => button.setAttribute("aria-pressed", String(hand.mix[digit] === 1)));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (hand.mix.some((share, digit) => Math.abs(share - weights[digit] / sum) > 2e-3)) weights = Array.from(hand.mix);
    mixers.forEach((one, digit) => one.show(weights[digit], 2, hand.mix[digit]));
  };
  return { node, refresh };
}

/** Names that a person gave to the directions of a basis, kept in this browser. */
function ownNames(basis) {
  const key = `counterfeit-directions-${basis.id}`;
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    // A browser that keeps nothing: names last as long as the page.
  }
  return {
    get: (number) => kept[number],
    set: (number, name) => {
      kept[number] = name;
      try {
        localStorage.setItem(key, JSON.stringify(kept));
      } catch {
        // as above
      }
    },
  };
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
    const names = ownNames(basis);
    choice.replaceChildren(...bases.map((one) => element("option", { textContent: one.label })));
    choice.selectedIndex = state.basis;
    told.textContent = basis.meaning;
    state.directions = basis.directions.map((row) => Float32Array.from(row));
    state.sliders = state.directions.map((direction, number) => {
      const name = element("input", {
        type: "text",
        className: "name",
        value: names.get(number) || basis.names[number] || `Direction ${number + 1}`,
        title: "Write a name of your own",
        "aria-label": `Name of direction ${number + 1}`,
        onchange: () => {
          names.set(number, name.value);
          one.input.setAttribute("aria-label", name.value);
          hand.tell();
        },
      });
      const moved = (value) => hand.move(direction, value - along(direction, hand.z));
      const one = slider(name, -REACH, REACH, 0.01, moved, {
        "data-testid": `latent-slider-${number}`,
        "aria-label": name.value,
      });
      return { ...one, name };
    });
    rows.replaceChildren(...state.sliders.map((one) => one.node));
  };
  const refresh = () => state.sliders.forEach((one, number) => one.show(along(state.directions[number], hand.z)));
  build();
  return { node: element("div", { className: "directions" }, choice, rows, told), refresh, build, state };
}

/** Every coordinate of z by itself: found by number, locked against Random, drawn anew one by one. */
function coordinateSliders(hand) {
  const locked = new Set();
  const rows = Array.from(hand.z, (_, number) => {
    const moved = (value) => hand.place(hand.z.map((old, i) => (i === number ? value : old)));
    const one = slider(element("span", { textContent: `z${number}` }), -4, 4, 0.01, moved, {
      "data-testid": `coordinate-slider-${number}`,
      "aria-label": `Coordinate ${number}`,
    });
    const lock = element("button", {
      textContent: "lock",
      title: "Random and Reset leave this one alone",
      "aria-pressed": "false",
      "aria-label": `Lock coordinate ${number}`,
      onclick: () => {
        if (!locked.delete(number)) locked.add(number);
        lock.setAttribute("aria-pressed", String(locked.has(number)));
      },
    });
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
  return { node, refresh: () => node.open && rows.forEach((row, number) => row.show(hand.z[number], 2)), locked };
}

const SCALES = {
  least_squares: "where 1 means real and 0 forged",
  hinge: "where 1 or more means real and −1 or less forged",
  relativistic: "the higher the more real; only differences count",
};

/** What D says of the picture, in words. */
function opinion(header, logit) {
  if (!header.is_probability) return `D: score ${logit.toFixed(2)}, ${SCALES[header.loss]}`;
  return `D: ${(100 / (1 + Math.exp(-logit))).toFixed(0)} % real`;
}

/** Lines of Python that draw the same picture. */
function python(hand) {
  const { z, digit, mix } = toQuery(hand.z, hand.mix);
  const what = digit === undefined ? `latent.decode("${mix}")` : `torch.tensor([${digit}])`;
  return `import torch
from gan import latent, render
from gan.checkpoint import forge, load_model, resolve

model = load_model(resolve(${JSON.stringify(hand.program.header.reference)}))
z = latent.decode("${z}")
picture = forge(model, z, ${hand.program.header.conditional ? what : "None"})[0].numpy()
open("forged.png", "wb").write(render.png(picture, scale=20))
`;
}

/**
 * Builds the explorer inside `root`, with the latent and the mix that the address holds, and returns
 * `{ update(program), end() }`. A `standalone` page has no others beside it; its address holds them behind the #.
 */
function mountExplorer(root, program, standalone = false) {
  const hand = new Hand(program);
  /** Takes what the address holds. Returns whether it was drawn with other weights. */
  const take = () => {
    const query = new URLSearchParams(standalone ? location.hash.slice(1) : location.search);
    const { z, mix } = fromQuery(query, hand.z.length);
    if (z) hand.z = z;
    if (mix) hand.mix = mix;
    return z !== null && (query.get("weights") ?? program.header.hash) !== program.header.hash;
  };
  /** Puts what is in hand into the address; not any more when that is another model's, and this one about to go. */
  const remember = () => {
    const shown = new URLSearchParams(location.search).get("model") ?? "pretrained";
    if (standalone || shown === program.header.model)
      history.replaceState(history.state, "", addressOf(hand, standalone));
  };

  const canvas = element("canvas", {
    width: SIDE,
    height: SIDE,
    className: "picture",
    role: "img",
    "data-testid": "digit-canvas",
    "aria-label": "The forged digit",
  });
  const said = element("div", { className: "quiet" });
  const pace = element("div", { className: "quiet pace", "data-testid": "fps" });
  const changed = "This model has learned since the link was made, so the picture may be another one.";
  const notice = element("p", { className: "quiet", textContent: changed, hidden: !take() });
  const directions = directionSliders(hand);
  const coordinates = coordinateSliders(hand);
  const parts = [directions, coordinates];

  const draw = () => hand.place(hand.z.map((old, i) => (coordinates.locked.has(i) ? old : normal())));
  const reset = () => hand.place(hand.z.map((old, i) => (coordinates.locked.has(i) ? old : 0)));
  const linkButton = element("button", {
    textContent: "Copy link",
    onclick: () => {
      remember();
      // To these very weights, also while their run goes on.
      copy(linkButton, addressOf(hand, standalone, { model: hand.program.header.link }));
    },
  });
  const codeButton = element("button", {
    textContent: "Copy as Python",
    onclick: () => copy(codeButton, python(hand)),
  });
  const left = element(
    "div",
    { className: "hand" },
    canvas,
    element("div", { className: "line" }, said, pace),
    notice,
    element(
      "div",
      { className: "buttons" },
      element("button", { textContent: "Random", onclick: draw }),
      element("button", { textContent: "Reset", onclick: reset }),
      element("button", {
        textContent: "Save",
        title: "The picture as a PNG of 560×560 pixels",
        onclick: () => save(canvas),
      }),
      linkButton,
      codeButton,
    ),
  );

  const cells = [];
  const right = element("div", { className: "controls" });
  const below = element("div", { className: "below" });
  if (program.header.conditional) {
    const buttons = digitButtons(hand);
    parts.push(buttons);
    right.append(buttons.node);
    const row = new Cells(10, 1, (digit) => ({ z: hand.z, mix: ONLY[digit] }), {
      className: "row",
      role: "img",
      "data-testid": "ten-digits",
      "aria-label": "All ten digits of this very latent",
    });
    cells.push(row);
    below.append(element("p", { className: "quiet", textContent: "All ten digits of this very latent" }), row.node);
  } else {
    const none = "This generator was never told which digit is which, so there is none to ask for.";
    right.append(element("p", { className: "quiet", textContent: none }));
  }
  right.append(directions.node);
  const pad = latentPad(hand, directions, standalone);
  cells.push(pad.cells);
  parts.push(pad);
  below.append(pad.node, coordinates.node);
  coordinates.node.addEventListener("toggle", coordinates.refresh);
  root.replaceChildren(element("div", { className: "explorer" }, left, right, below));

  const refresh = () => parts.forEach((part) => part.refresh());
  let later;
  hand.listeners.push(refresh);
  const rememberSoon = () => {
    clearTimeout(later);
    later = setTimeout(remember, 300);
  };
  hand.movers.push(rememberSoon, () => (notice.hidden = true));
  refresh();
  const onhashchange = () => {
    notice.hidden = !take();
    hand.tell();
  };
  addEventListener("hashchange", onhashchange); // a link that is pasted over a standalone file
  const painter = new Painter(
    hand,
    canvas,
    cells,
    (logit) => (said.textContent = opinion(hand.program.header, logit)),
    (fps, took) => (pace.textContent = `${fps ? `${fps.toFixed(0)} fps · ` : ""}${took.toFixed(1)} ms`),
  );
  return {
    update: (next) => {
      const before = hand.program.header.bases.map((basis) => basis.id).join();
      hand.program = next;
      if (next.header.bases.map((basis) => basis.id).join() !== before) directions.build();
      hand.tell();
      if (notice.hidden) rememberSoon(); // what a link shows stays what the link says until somebody moves it
    },
    end: () => {
      clearTimeout(later);
      removeEventListener("hashchange", onhashchange);
      painter.end();
      pad.end();
    },
  };
}

/** The page's address with what is in hand, `named` in the query as well. */
function addressOf(hand, standalone, named = {}) {
  const query = new URLSearchParams(standalone ? location.hash.slice(1) : location.search);
  for (const name of ["z", "digit", "mix"]) query.delete(name);
  const held = { ...toQuery(hand.z, hand.mix), weights: hand.program.header.hash, ...(standalone ? {} : named) };
  for (const [name, value] of Object.entries(held)) query.set(name, value);
  return `${location.href.split(/[?#]/)[0]}${standalone ? "#" : "?"}${query}`;
}

/** Saves the picture, each pixel 20 wide. */
function save(canvas) {
  const large = element("canvas", { width: SIDE * 20, height: SIDE * 20 });
  const context = large.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, large.width, large.height);
  large.toBlob((blob) => offer(blob, "forged.png"));
}
