// Draw a digit, find its latent.

import { Baseline, median, percent, rank } from "./baseline.js";
import { article, copy, counted, element, explained } from "./dom.js";
import { LatentSearch } from "./fit.js";
import { mixOfClass } from "./latents.js";
import { singleClass, toQuery } from "./links.js";
import { PictureGrid, picture } from "./painter.js";
import { drawingPaper } from "./paper.js";
import { letter, Pins } from "./pins.js";
import { LatentSelection } from "./selection.js";

/** @import { Widget } from "./component.js" */
/** @import { Found } from "./fit.js" */
/** @import { Program } from "./runtime.js" */

/** Milliseconds at a time for a search that one waits for, and for one in the background. */
const AWAITED = 24;
const BACKGROUND = 12;
/** Real digits that have to be measured before yours is compared with them. */
const ENOUGH = 3;

/**
 * Builds the page inside `root`.
 * @param {HTMLElement} root
 * @param {Program} program
 * @returns {Widget}
 */
export function mountDraw(root, program) {
  const { conditional, classes, one, many, dataset } = program.header;
  const selection = new LatentSelection(program);
  const pins = new Pins(program);
  const state = {
    /** @type {LatentSearch | null} */
    search: null,
    /** @type {Float32Array | null} */
    target: null,
    started: 0,
    seconds: 0,
    /** @type {Found | null} */
    found: null,
    /** The number of the real digit on the sheet. */
    real: -1,
    ended: false,
    waiting: false,
  };
  const seen = picture({ "aria-label": `Your ${one} as ${dataset} would have it`, "data-testid": "as-mnist" });
  const sampled = picture({
    "aria-label": "What the generator makes of the latent that was found",
    "data-testid": "found",
  });
  const difference = picture({ "aria-label": "Where the two differ" });
  const outcome = element("p", { className: "told", "data-testid": "found-told" });
  const comparison = element("p", { className: "quiet", "aria-live": "polite", "data-testid": "judged" });
  const pinned = element("p", { className: "quiet" });

  const paper = drawingPaper(article(one), {
    onstroke: () => {
      state.search = null;
    },
    onlift: (target) => begin(target),
    onclear: () => begin(null),
  });
  const real = element("button", {
    textContent: "Take a real one",
    title: `A test ${one} of ${dataset}, which neither network has seen`,
    onclick: () => {
      const { targets } = baseline;
      state.real = (state.real + 1) % targets.length;
      paper.put(targets[state.real]);
    },
  });
  const pin = element("button", {
    textContent: "Pin it",
    onclick: () => {
      if (!state.found) return;
      pins.add(state.found);
      pinned.textContent = `Pinned as ${letter(pins.list.length - 1)}. `;
      const way = element("a", {
        href: address("interpolate", program.header.model),
        target: "_self",
        textContent: "Walk between pins",
      });
      pinned.append(pins.list.length > 1 ? way : "Draw another one and pin it, to walk from one to the other.");
    },
  });
  /**
   * @param {string} page
   * @param {string} model
   * @param {Found} [found]
   */
  const address = (page, model, found) => {
    const query = { model, weights: program.header.hash, ...(found && toQuery(found.z, found.mix)) };
    return `${page}?${new URLSearchParams(query)}`;
  };
  const link = element("button", {
    textContent: "Copy link",
    onclick: () => {
      if (!state.found) return;
      copy(link, new URL(address("explore", program.header.link, state.found), location.href).href);
    },
  });
  const explore = element("a", { className: "button", textContent: "Open in Explore", target: "_self" });
  const after = element("div", { className: "buttons" }, pin, explore, link);

  const mixOf = (/** @type {number} */ label) => mixOfClass(label, classes.length);
  const ten = new PictureGrid(classes.length, 1, (label) => ({ z: selection.z, mix: mixOf(label) }), {
    className: "row",
    role: "img",
    "data-testid": "ten-digits",
    "aria-label": `Your hand, all ${counted(classes.length)} ${many}: the latent that was found, asked for each`,
  });
  const mine = {
    own: picture({ "aria-label": "Yours" }),
    sampled: picture({ "aria-label": "The generator's" }),
    label: element("small"),
  };
  const mineNode = element(
    "figure",
    { className: "pair mine", hidden: true },
    mine.own.node,
    mine.sampled.node,
    mine.label,
  );
  const progress = element("p", { className: "quiet", "data-testid": "yardstick" });
  const baseline = new Baseline(program, () => compare());

  const figure = (/** @type {{ node: HTMLElement }} */ one, /** @type {string} */ text) =>
    element("figure", {}, one.node, element("figcaption", { className: "quiet", textContent: text }));
  const pictures = [
    figure(seen, `yours, as in ${dataset}`),
    figure(sampled, "the generator's"),
    figure(difference, "the difference"),
  ];
  const results = element(
    "div",
    { className: "results" },
    element(
      "div",
      { className: "outcome" },
      ...pictures,
      element("div", { className: "words" }, outcome, comparison, after, pinned),
    ),
  );
  if (conditional)
    results.append(
      element(
        "p",
        { className: "quiet" },
        `Your hand, all ${counted(classes.length)} ${many}: one `,
        explained(program, "latent"),
      ),
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
        element("h2", { textContent: `How near does it come to real ${many}?` }),
        progress,
        element("div", { className: "yardstick" }, mineNode, ...baseline.pairs.map((pair) => pair.node)),
      ),
    ),
  );

  /** @param {Float32Array | null} target */
  function begin(target) {
    Object.assign(state, {
      target,
      found: null,
      search: target && new LatentSearch(program, target),
      started: performance.now(),
    });
    mineNode.hidden = true;
    comparison.textContent = pinned.textContent = "";
    after.hidden = true;
    ten.clear();
    for (const picture of [seen, sampled, difference]) picture.clear();
    outcome.textContent = `Draw ${article(one)} with mouse or finger. When you lift it, the latent of the nearest forgery is found.`;
    if (target) {
      seen.show(target);
      mine.own.show(target);
    }
    request();
  }

  /**
   * @param {Found} found
   * @param {Float32Array} target
   */
  function show({ z, mix, error }, target) {
    const pixels = program.sample(z, mix);
    sampled.show(pixels);
    difference.show(pixels.map((value, i) => Math.abs(value - target[i]) - 1));
    const what = conditional ? article(classes[singleClass(mix)]) : "something";
    const doing = state.found ? "Found" : "Searching:";
    outcome.textContent = `${doing} ${what} that differs from yours by ${percent(error)}, ${state.seconds.toFixed(1)} s`;
    if (!conditional) return;
    selection.setLatent(z);
    ten.restart();
  }

  /** Says how good that is, with what of the baseline is there. */
  function compare() {
    const { errors, done, targets } = baseline;
    const count = errors.length;
    const middle = count ? ` (their median: ${percent(median(errors))})` : "";
    progress.textContent =
      "The same search on test images: above the real one, below the generator's, the nearest first; " +
      "the root mean square of the difference, in percent of black to white. " +
      (done ? `All ${count}${middle}.` : `${count} of ${targets.length} so far${middle}.`);
    if (!state.found) return;
    const { z, mix, error } = state.found;
    mineNode.hidden = false;
    mineNode.style.order = rank(error);
    mine.sampled.show(program.sample(z, mix));
    mine.label.textContent = percent(error);
    const nearer = errors.filter((one) => one > error).length;
    comparison.textContent =
      count < ENOUGH
        ? `Real ${many} are being measured, to compare it with.`
        : `Nearer than ${nearer} of ${count} real ${many}${middle}.`;
  }

  function request() {
    if (state.waiting || state.ended) return;
    state.waiting = true;
    requestAnimationFrame(frame);
  }
  function frame() {
    state.waiting = false;
    const started = performance.now();
    const { search } = state;
    if (search) {
      state.seconds = (started - state.started) / 1000;
      state.found = search.work(AWAITED);
      if (search.best) show(search.best, search.target);
      if (state.found) {
        state.search = null;
        after.hidden = false;
        explore.href = address("explore", program.header.link, state.found);
        compare();
      }
    } else if (ten.left) while (ten.left && performance.now() - started < BACKGROUND) ten.paint(program);
    else if (!baseline.done && !paper.drawing) baseline.work(BACKGROUND);
    if (state.search || ten.left || !baseline.done) request();
  }

  begin(paper.target());
  compare();
  return {
    update: () => {},
    end: () => {
      state.ended = true;
      pins.end();
    },
  };
}
