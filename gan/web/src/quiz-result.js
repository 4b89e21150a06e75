// The end of a quiz: who was right how often, and which pictures were missed.

import { did } from "./did.js";
import { copy, element } from "./dom.js";
import { paintGreys, SIDE } from "./painter.js";

/** @import { About } from "./quiz.js" */

/**
 * Who plays: with a score and the interval around it, or with the reason why not.
 * @typedef {{ who: "you" | "discriminator" | "classifier", right?: number, low?: number, high?: number, why?: string }} Player
 */

/**
 * A picture that was missed, and whether the others missed it too; null for who cannot play.
 * @typedef {{ number: number, discriminator: boolean | null, classifier: boolean | null }} Missed
 */

/** @typedef {{ players: Player[], missed: Missed[] }} Result */

const NAMES = { you: "You", discriminator: "The detective (D)", classifier: "The digit classifier" };

const percent = (/** @type {number} */ share) => Math.round(100 * share);

/**
 * @param {Player} player
 * @param {number} count
 */
function row({ who, right, low = 0, high = 1, why }, count) {
  const name = element("span", { className: "name" }, NAMES[who]);
  if (right === undefined)
    return element(
      "div",
      { className: `player ${who}` },
      name,
      element("span", { className: "quiet why" }, `does not play: ${why}.`),
    );
  const band = element("i", { className: "band" });
  const dot = element("i", { className: "dot" });
  band.style.left = `${100 * low}%`;
  band.style.width = `${100 * (high - low)}%`;
  dot.style.left = `${(100 * right) / count}%`;
  return element(
    "div",
    { className: `player ${who}`, "data-testid": `quiz-player-${who}` },
    name,
    element("span", { className: "track" }, element("i", { className: "guess" }), band, dot),
    element("b", {}, `${right} of ${count}`),
    element("span", { className: "quiet" }, `${percent(low)} to ${percent(high)} %`),
  );
}

/**
 * @param {Missed} missed
 * @param {About} about
 * @param {Uint8Array} pixels
 */
function figure({ number, discriminator, classifier }, about, pixels) {
  const kind = about.truth[number - 1] === "r" ? "real" : "forged";
  const canvas = element("canvas", {
    width: SIDE,
    height: SIDE,
    role: "img",
    "aria-label": `Picture ${number}, ${kind}`,
  });
  paintGreys(canvas, pixels);
  const too = about.small ? [] : [discriminator && "D too", classifier && "classifier too"].filter(Boolean);
  return element(
    "figure",
    {},
    canvas,
    element(
      "figcaption",
      {},
      element("span", { className: kind }, kind),
      ...(about.given[number - 1] === "-" ? [element("span", { className: "quiet" }, "too late")] : []),
      ...too.map((line) => element("span", { className: "quiet" }, line || "")),
    ),
  );
}

/**
 * @param {About} about
 * @param {Result} result
 * @param {Uint8Array} pixels of the missed pictures, one after the other
 * @param {(wish: string) => void} ask the page for something
 */
export function resultOf(about, { players, missed }, pixels, ask) {
  const { count, levels = [], link, small, says = "" } = about;
  const mine = players[0].right ?? 0;
  const again = element(
    "button",
    { type: "button", className: "main", onclick: () => ask("others") },
    small ? "Once more" : "Twenty others",
  );
  const buttons = element("div", { className: "buttons" }, again);
  const score = element("h2", { "data-testid": "quiz-score" }, `${mine} of ${count} right`);
  const row28 = SIDE * SIDE;
  const figures = missed.map((one, at) => figure(one, about, pixels.subarray(at * row28, (at + 1) * row28)));
  const pictures = element("div", { className: "missed", "data-testid": "quiz-missed" }, ...figures);
  const heading = element("h3", {}, missed.length ? `What you missed: ${missed.length} ` : "You missed none.");
  if (missed.some((one) => one.discriminator) && !small)
    heading.append(element("span", { className: "quiet" }, "“D too”: the detective missed it as well"));
  if (small) return element("div", { className: "result" }, score, heading, pictures, buttons);
  did("finished-a-quiz");
  if (mine > (players[1].right ?? count)) did("beat-the-detective");
  if (link) {
    const same = element("button", { type: "button", "data-testid": "quiz-link" }, "Link to the same twenty");
    const limit = new URLSearchParams(location.search).has("limit") ? "&limit=5" : "";
    same.addEventListener("click", () =>
      copy(same, new URL(`${location.pathname}${link}${limit}`, location.href).href),
    );
    buttons.append(same);
  }
  const others = levels.map(([name, label]) =>
    element("button", { type: "button", onclick: () => ask(`level ${name}`) }, label),
  );
  return element(
    "div",
    { className: "result" },
    element("div", { className: "head" }, score, element("p", {}, says)),
    buttons,
    element("div", { className: "players" }, ...players.map((player) => row(player, count)), axis()),
    heading,
    pictures,
    element("h3", {}, "Other levels"),
    element("div", { className: "buttons" }, ...others),
    element("h3", {}, "How the others play"),
    element(
      "p",
      { className: "quiet rules" },
      "The detective D is the discriminator that this generator learned against: it says “forged” where its score does not reach the point at which it is undecided, and it is told which digit it is meant to be if it learned so. The digit classifier learned to read real digits and was never asked what is real, so it has a rule: “forged” where it is less sure of its reading than it is for 9 of 10 real digits. All three see the same pixels. The band is the 95 % interval (Wilson): with so few pictures, the true skill may lie anywhere in it. The dashed line is guessing.",
    ),
  );
}

function axis() {
  const marks = [0, 50, 100].map((value) => {
    const mark = element("span", {}, `${value} %`);
    mark.style.left = `${value}%`;
    return mark;
  });
  return element(
    "div",
    { className: "player axis", "aria-hidden": "true" },
    element("span"),
    element("span", { className: "track" }, ...marks),
  );
}
