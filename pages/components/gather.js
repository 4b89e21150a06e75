// Pins in their order, and where they come from: chance, seeds, links. Needs runtime.js, share.js, hand.js and pins.js.

/** Seeds of what is shown to those who have pinned nothing yet. */
const EXAMPLE = [3, 4, 5];

/** The pins in their order, with what one can do to each. */
function pinList(state) {
  const node = element("div", { className: "pins" });
  const refresh = () => {
    const { pins, program } = state;
    node.replaceChildren(
      ...pins.list.map(({ z, mix }, number) => {
        const canvas = element("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": `Pin ${letter(number)}` });
        const image = new ImageData(SIDE, SIDE);
        shade(program.forge(z, mix), image.data);
        canvas.getContext("2d").putImageData(image, 0, 0);
        const act = (text, title, onclick, disabled = false) =>
          element("button", { textContent: text, title, "aria-label": `${title}: ${letter(number)}`, onclick, disabled });
        return element(
          "div",
          { className: "pin", "data-testid": `pin-${number}` },
          canvas,
          element("b", { textContent: letter(number) }),
          act("←", "Move to the front", () => pins.earlier(number), number === 0),
          act("✕", "Remove", () => pins.remove(number)),
        );
      }),
    );
  };
  return { node, refresh };
}

/** What a text means: a seed, or a link to a latent or to several. `{ pins, weights }`; null for anything else. */
function pinsOfText(text, dimensions) {
  if (/^\s*\d{1,9}\s*$/.test(text)) return { pins: [pinOfSeed(Number(text), dimensions)] };
  const query = new URLSearchParams(text.slice(text.search(/[?#]/) + 1));
  const { z, mix } = fromQuery(query, dimensions);
  const pins = query.has("pins") ? allFromText(query.get("pins"), dimensions) : z && [{ z, mix: mix ?? only(3) }];
  return pins && { pins, weights: query.get("weights") };
}

/** The pins that a page begins with: those in its address, one's own, or an example. */
function firstPins(program) {
  const own = new Pins(program);
  const linked = pinsOfText(location.search, own.dimensions);
  if (linked) return new Pins(program, linked.pins);
  return own.list.length ? own : new Pins(program, EXAMPLE.map((seed) => pinOfSeed(seed, own.dimensions)));
}

/** The list of pins, buttons to add some, and a word on pins that are lent. */
function gathering(state) {
  const list = pinList(state);
  const { pins } = state;
  const linked = new URLSearchParams(location.search);
  const told = element("p", { className: "quiet", role: "status" });
  const add = element("button", {
    textContent: "Pin a random latent",
    onclick: () => pins.change([...pins.list, pinOfSeed(Math.floor(1e9 * Math.random()), pins.dimensions)]),
  });
  const text = element("input", { type: "search", placeholder: "A seed, or a link", "aria-label": "A seed, or a link" });
  const wants = element(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        const found = pinsOfText(text.value, pins.dimensions);
        const { hash } = state.program.header;
        told.textContent = !found
          ? "That is neither a seed, a whole number of up to nine digits, nor a link to a latent of this model."
          : (found.weights ?? hash) === hash ? "" : "That link was made with other weights, so its pictures are others here.";
        if (!found) return;
        text.value = "";
        pins.change([...pins.list, ...found.pins]);
      },
    },
    text,
    element("button", { textContent: "Pin it" }),
  );
  const link = element("button", {
    textContent: "Copy link",
    onclick: () => {
      const { hash } = state.program.header;
      const asked = linked.get("model");
      const query = new URLSearchParams({ ...(asked && { model: asked }), pins: allToText(pins.list), weights: hash });
      copy(link, `${location.origin}${location.pathname}?${query}`);
    },
  });
  const clear = element("button", { textContent: "Clear", onclick: () => pins.change([]) });
  const giveBack = (keep) => () => {
    const query = new URLSearchParams(location.search);
    for (const name of ["pins", "weights"]) query.delete(name);
    history.replaceState(history.state, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    pins.giveBack(keep);
  };
  const others = linked.has("pins") && (linked.get("weights") ?? state.program.header.hash) !== state.program.header.hash;
  const lent = element(
    "div",
    { className: "lent" },
    element("span", {
      className: "quiet",
      textContent: !linked.has("pins")
        ? "An example. Pin your own here, in Explore, or in Draw."
        : `These pins came with the link.${others ? " The model has learned since it was made, so the pictures may be others." : ""}`,
    }),
    element("button", { textContent: "Keep them", onclick: giveBack(true) }),
    element("button", { textContent: linked.has("pins") ? "Back to mine" : "Start empty", onclick: giveBack(false) }),
  );
  const refresh = () => {
    list.refresh();
    lent.hidden = !pins.lent;
    clear.disabled = link.disabled = pins.list.length === 0;
  };
  return { node: element("div", { className: "gathering" }, element("div", { className: "buttons" }, add, wants, link, clear, lent), told, list.node), refresh };
}
