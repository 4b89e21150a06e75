// Draw a digit, find its latent. Needs runtime.js, share.js, hand.js, pins.js, fit.js, paper.js and yardstick.js.

/** Milliseconds at a time for a search that one waits for, and for one in the background. */
const AWAITED = 24;
const BACKGROUND = 12;
/** Real digits that have to be measured before yours is compared with them. */
const ENOUGH = 3;

/** Builds the page inside `root`; returns { update(program), end() }. */
function mountDraw(root, program) {
  const conditional = program.header.conditional;
  const hand = new Hand(program);
  const pins = new Pins(program);
  const state = { search: null, target: null, started: 0, seconds: 0, found: null, ended: false, waiting: false };
  const seen = still({ "aria-label": "Your digit as MNIST would have it", "data-testid": "as-mnist" });
  const forged = still({
    "aria-label": "What the generator makes of the latent that was found",
    "data-testid": "found",
  });
  const off = still({ "aria-label": "Where the two differ" });
  const told = element("p", { className: "told", "data-testid": "found-told" });
  const judged = element("p", { className: "quiet", "aria-live": "polite", "data-testid": "judged" });
  const pinned = element("p", { className: "quiet" });

  const paper = drawingPaper({
    onstroke: () => (state.search = null),
    onlift: (target) => begin(target),
    onclear: () => begin(null),
  });
  const real = element("button", {
    textContent: "Take a real one",
    title: "A test digit of MNIST, which neither network has seen",
    onclick: () => {
      const { targets } = yardstick;
      paper.put(targets[(state.real = ((state.real ?? -1) + 1) % targets.length)]);
    },
  });
  const pin = element("button", {
    textContent: "Pin it",
    onclick: () => {
      pins.add(state.found.z, state.found.mix);
      pinned.textContent = `Pinned as ${letter(pins.list.length - 1)}. `;
      const way = element("a", {
        href: address("interpolate", program.header.model),
        target: "_self",
        textContent: "Walk between pins",
      });
      pinned.append(pins.list.length > 1 ? way : "Draw another one and pin it, to walk from one to the other.");
    },
  });
  const address = (page, model, more) =>
    `${page}?${new URLSearchParams({ model, weights: program.header.hash, ...more })}`;
  const query = () => toQuery(state.found.z, state.found.mix);
  const link = element("button", {
    textContent: "Copy link",
    onclick: () => copy(link, new URL(address("explore", program.header.link, query()), location.href).href),
  });
  const explore = element("a", { className: "button", textContent: "Open in Explore", target: "_self" });
  const after = element("div", { className: "buttons" }, pin, explore, link);

  const ten = new Cells(10, 1, (digit) => ({ z: hand.z, mix: ONLY[digit] }), {
    className: "row",
    role: "img",
    "data-testid": "ten-digits",
    "aria-label": "Your hand, all ten digits: the latent that was found, asked for each",
  });
  const mine = {
    own: still({ "aria-label": "Yours" }),
    forged: still({ "aria-label": "The generator's" }),
    told: element("small"),
  };
  const mineNode = element(
    "figure",
    { className: "pair mine", hidden: true },
    mine.own.node,
    mine.forged.node,
    mine.told,
  );
  const progress = element("p", { className: "quiet", "data-testid": "yardstick" });
  const yardstick = new Yardstick(program, () => judge());

  const figure = (one, text) =>
    element("figure", {}, one.node, element("figcaption", { className: "quiet", textContent: text }));
  const pictures = [
    figure(seen, "yours, as in MNIST"),
    figure(forged, "the generator's"),
    figure(off, "the difference"),
  ];
  const results = element(
    "div",
    { className: "results" },
    element(
      "div",
      { className: "outcome" },
      ...pictures,
      element("div", { className: "words" }, told, judged, after, pinned),
    ),
  );
  if (conditional)
    results.append(
      element("p", { className: "quiet" }, "Your hand, all ten digits: one ", explained(program, "latent")),
      ten.node,
    );
  root.replaceChildren(
    element(
      "div",
      { className: "explorer draw" },
      element(
        "div",
        { className: "hand" },
        paper.node,
        element("div", { className: "buttons" }, ...paper.buttons, real),
      ),
      results,
      element(
        "div",
        { className: "below" },
        element("h2", { textContent: "How near does it come to real digits?" }),
        progress,
        element("div", { className: "yardstick" }, mineNode, ...yardstick.pairs.map((pair) => pair.node)),
      ),
    ),
  );

  function begin(target) {
    Object.assign(state, {
      target,
      found: null,
      search: target && new Search(program, target),
      started: performance.now(),
    });
    mineNode.hidden = true;
    judged.textContent = pinned.textContent = "";
    after.hidden = true;
    ten.left = 0;
    for (const picture of [seen, forged, off]) picture.clear();
    ten.context.clearRect(0, 0, ten.node.width, ten.node.height);
    told.textContent =
      "Draw a digit with mouse or finger. When you lift it, the latent of the nearest forgery is found.";
    if (target) {
      seen.show(target);
      mine.own.show(target);
    }
    request();
  }

  function show() {
    const { z, mix, error } = state.search.best;
    const pixels = program.forge(z, mix);
    forged.show(pixels);
    off.show(pixels.map((value, i) => Math.abs(value - state.target[i]) - 1));
    const what = conditional ? `a ${singleDigit(mix)}` : "something";
    const doing = state.found ? "Found" : "Searching:";
    told.textContent = `${doing} ${what} that differs from yours by ${percent(error)}, ${state.seconds.toFixed(1)} s`;
    if (!conditional) return;
    hand.place(z);
    ten.restart();
  }

  /** Says how good that is, with what of the yardstick is there. */
  function judge() {
    const { errors, done, targets } = yardstick;
    const count = errors.length;
    const middle = count ? ` (their median: ${percent(median(errors))})` : "";
    progress.textContent =
      "The same search on digits of the test images: above the real one, below the generator's, the nearest first; " +
      "the root mean square of the difference, in percent of black to white. " +
      (done ? `All ${count}${middle}.` : `${count} of ${targets.length} so far${middle}.`);
    if (!state.found) return;
    const { z, mix, error } = state.found;
    mineNode.hidden = false;
    mineNode.style.order = rank(error);
    mine.forged.show(program.forge(z, mix));
    mine.told.textContent = percent(error);
    const nearer = errors.filter((one) => one > error).length;
    judged.textContent =
      count < ENOUGH
        ? "Real digits are being measured, to compare it with."
        : `Nearer than ${nearer} of ${count} real digits${middle}.`;
  }

  function request() {
    if (state.waiting || state.ended) return;
    state.waiting = true;
    requestAnimationFrame(frame);
  }
  function frame() {
    state.waiting = false;
    const started = performance.now();
    if (state.search) {
      state.seconds = (started - state.started) / 1000;
      const done = state.search.work(AWAITED);
      if (done) state.found = state.search.best;
      show();
      if (done) {
        state.search = null;
        after.hidden = false;
        explore.href = address("explore", program.header.link, query());
        judge();
      }
    } else if (ten.left) while (ten.left && performance.now() - started < BACKGROUND) ten.paint(program);
    else if (!yardstick.done && !paper.drawing) yardstick.work(BACKGROUND);
    if (state.search || ten.left || !yardstick.done) request();
  }

  begin(paper.target());
  judge();
  return {
    update: () => {},
    end: () => {
      state.ended = true;
      pins.end();
    },
  };
}
