// The explorer: digit buttons, sliders, the ten digits of a latent, a pad. Needs runtime.js, share.js, latents.js, hand.js,
// pins.js, sliders.js, codes.js and pad.js.

/** One big button a digit, and behind a switch how much of each. */
function digitButtons(hand) {
  const buttons = valueButtons(10, "digit", (digit) => hand.ask(only(digit)));
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
    buttons.node,
    element(
      "details",
      {},
      element("summary", { textContent: "Mix digits: half a 3, half an 8" }),
      element("p", { className: "quiet" }, explained(hand.program, "mix", "What is a mix?")),
      element("div", { className: "grid" }, ...mixers.map((one) => one.node)),
    ),
  );
  let marked;
  const refresh = () => {
    if (hand.mix !== marked) buttons.mark((marked = hand.mix)); // not while a latent is dragged: that changes no mark
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (hand.mix.some((share, digit) => Math.abs(share - weights[digit] / sum) > 2e-3)) weights = Array.from(hand.mix);
    mixers.forEach((one, digit) => one.show(weights[digit], 2, hand.mix[digit]));
  };
  return { node, refresh };
}

/** What D says of the picture, in words. */
function opinion({ score }, logit) {
  if (score.energy) return `: ${logit.toPrecision(3)}, ${score.meaning}`;
  if (!score.probability) return `: score ${logit.toFixed(2)}, ${score.meaning}`;
  return `: ${(100 / (1 + Math.exp(-logit))).toFixed(0)} % real`;
}

/** Lines of Python that draw the same picture, and say where they can. */
function python(hand) {
  const { z, digit, mix } = toQuery(hand.z, hand.mix);
  const what = digit === undefined ? `latent.decode("${mix}")` : `torch.tensor([${digit}])`;
  return `# Draws this picture as forged.png. Run it in the folder of Counterfeit, the one that holds app.py,
# after: python -m pip install -r requirements.txt
try:
    import torch
    from gan.latents import sampling
    from gan import render
    from gan.models.find import resolve
    from gan.models.model import load_model
    from gan.models.sampling import forge
except ImportError as error:
    raise SystemExit(f"Run this in the folder of Counterfeit, with its requirements installed ({error}).")

model = load_model(resolve(${JSON.stringify(hand.program.header.reference)}))
z = latent.decode("${z}")
picture = forge(model, z, ${hand.program.header.conditional ? what : "None"})[0].numpy()
open("forged.png", "wb").write(render.png(picture, scale=20))
`;
}

/**
 * Builds the explorer inside `root`, with the latent and the mix that the address holds, else those that this tab last
 * had in hand, and returns `{ update(program), end() }`. A `standalone` page has no others beside it; its address holds
 * them behind the #.
 */
function mountExplorer(root, program, standalone = false) {
  const hand = new Hand(program);
  const last = new LastInHand(program);
  const { pathname } = location;
  const asked = () => new URLSearchParams(standalone ? location.hash.slice(1) : location.search);
  /** Whether the address is this widget's: not any more when it is another page's or model's, and this one about to go. */
  const isOurs = () => standalone || (location.pathname === pathname && asked().get("model") === program.header.model);
  /** Takes what the address holds. Returns what there is to say about it. */
  const take = () => {
    const query = asked();
    const { z, mix } = fromQuery(query, hand.z.length);
    if (z) hand.z = z;
    if (mix) hand.mix = mix;
    if ((query.has("z") && !z) || ((query.has("digit") || query.has("mix")) && !mix))
      return "What the address says of a picture does not fit this model, and was left out.";
    const { hash } = hand.program.header;
    const others = (query.get("weights") ?? hash) !== hash;
    return others ? "This model has learned since the link was made, so the picture may be another one." : "";
  };
  let later;
  /** Puts what is in hand into the address, so that Back, a reload or a copy of it brings back the very picture. */
  const remember = () => {
    clearTimeout(later);
    later = undefined;
    if (!isOurs()) return;
    last.keep(hand);
    history.replaceState(history.state, "", addressOf(hand, standalone));
  };
  /** An address may not be replaced as often as a finger moves. */
  const rememberSoon = () => {
    clearTimeout(later);
    later = setTimeout(remember, 300);
  };
  /** Whatever is pressed next may lead to another page. */
  const rememberNow = () => later !== undefined && remember();

  const canvas = element("canvas", {
    width: SIDE,
    height: SIDE,
    className: "picture",
    role: "img",
    "data-testid": "digit-canvas",
    "aria-label": "The forged digit",
  });
  const { probability, energy } = program.header.score;
  const said = element("span");
  const word = energy ? "energy" : probability ? "discriminator" : "D's score";
  const judged = element("div", { className: "quiet" }, explained(program, word, "D"), said);
  const drawing = still({ className: "drawing", "data-testid": "drawing", "aria-label": "D's own drawing of it" });
  const pace = element("div", { className: "quiet pace", "data-testid": "fps" });
  const notice = element("p", { className: "quiet notice", role: "status" });
  const say = (text) => Object.assign(notice, { textContent: text, hidden: !text });
  if (!["z", "digit", "mix"].some((name) => asked().has(name))) last.give(hand);
  say(take());
  const directions = directionSliders(hand);
  const locked = new Set();
  const coordinates = coordinateSliders(hand, locked);
  const parts = [directions, coordinates];

  const unlocked = (z) => hand.place(z.map((value, i) => (locked.has(i) ? hand.z[i] : value)));
  const draw = () => unlocked(hand.latents.draw());
  const reset = () => unlocked(hand.latents.middle());
  const first = hand.latents.ofKind("categorical").length ? "; of a code the first value" : "";
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
    title: "Lines that draw this picture, to run in the folder of Counterfeit",
    onclick: () => copy(codeButton, python(hand)),
  });
  // Who has taken the file home has neither that folder nor the model's.
  const copies = standalone ? [linkButton] : [linkButton, codeButton];
  const left = element(
    "div",
    { className: "hand" },
    canvas,
    energy
      ? element("div", { className: "line" }, drawing.node, element("div", { className: "beside" }, judged, pace))
      : element("div", { className: "line" }, judged, pace),
    notice,
    element(
      "div",
      { className: "buttons" },
      element("button", { textContent: "Random", onclick: draw }),
      element("button", {
        textContent: "Reset",
        title: `All of z to 0, the mean of the prior${first}`,
        onclick: reset,
      }),
      element("button", {
        textContent: "Save",
        title: "The picture as a PNG of 560×560 pixels",
        onclick: () => save(canvas),
      }),
      ...copies,
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
    const head = element("p", { className: "quiet" }, "All ten digits of this very ", explained(program, "latent"));
    below.append(head, row.node);
  } else if (!hand.latents.codes.length) {
    const none = "This generator was never told which digit is which, so there is none to ask for.";
    right.append(element("p", { className: "quiet", textContent: none }));
  }
  const codes = hand.latents.codes.length ? codeControls(hand, locked) : null;
  if (codes) {
    parts.push(codes);
    right.append(codes.node);
    cells.push(...codes.strips);
  }
  right.append(directions.node);
  const pad = latentPad(hand, directions, codes?.axes ?? [], standalone);
  cells.push(pad.cells);
  parts.push(pad);
  below.append(pad.node, coordinates.node);
  coordinates.node.addEventListener("toggle", coordinates.refresh);
  root.replaceChildren(element("div", { className: "explorer" }, left, right, below));

  const refresh = () => parts.forEach((part) => part.refresh());
  hand.listeners.push(refresh);
  hand.movers.push(rememberSoon, () => say(""));
  refresh();
  // A link that is pasted over a standalone file; or Back, to an address that has the same model.
  const onaddress = () => {
    if (!isOurs()) return;
    clearTimeout(later);
    say(take());
    hand.tell();
  };
  const outside = { hashchange: onaddress, popstate: onaddress };
  for (const [name, listener] of Object.entries(outside)) addEventListener(name, listener);
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, rememberNow, true);
  if (!standalone && notice.hidden) remember();
  const painter = new Painter(
    hand,
    canvas,
    cells,
    (number) => {
      said.textContent = opinion(hand.program.header, number);
      if (energy) drawing.show(hand.program.drawing());
    },
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
      for (const [name, listener] of Object.entries(outside)) removeEventListener(name, listener);
      for (const name of ["pointerdown", "keydown"]) removeEventListener(name, rememberNow, true);
      painter.end();
      pad.end();
    },
  };
}

/** Saves the picture, each pixel 20 wide. */
function save(canvas) {
  const large = element("canvas", { width: SIDE * 20, height: SIDE * 20 });
  const context = large.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, large.width, large.height);
  large.toBlob((blob) => offer(blob, "forged.png"));
}
