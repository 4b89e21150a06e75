// What Flatland says: of its games, of things to try, and of the stages of slow motion.

import { element } from "../dom.js";

/** @import { Settings } from "./settings.js" */

/** Games: a name, and what is special about it. @type {Record<string, [string, string]>} */
export const NAMED = {
  ns: ["Non-saturating", "The usual one: the forger wants the detective to say “real”."],
  minimax: [
    "Minimax",
    "The game of 2014 to the letter: the forger wants the detective not to say “forged”. Where the detective is sure of a forgery, that forgery feels hardly any pull: its arrow is short.",
  ],
  ls: [
    "Least squares",
    "The detective gives marks, 1 for real and 0 for forged; both players pay the square of what is missing.",
  ],
  wgan: [
    "Wasserstein, clipped",
    "The detective is a critic without bounds, kept gentle by clipping its weights: its map is a slope that leads to the real points. It wants more moves: k 5.",
  ],
  hinge: ["Hinge", "The detective stops caring about points that it places well clear of the border."],
  rel: [
    "Relativistic",
    "The detective compares: it says which of two points, one real and one forged, looks more real.",
  ],
};

/** Things to try. @type {[string, string, Partial<Settings>][]} */
export const TRIALS = [
  ["As it opens", "The ring, with settings that cover it in a few seconds.", {}],
  [
    "Forgeries collapse",
    "A detective that learns too slowly and a forger that runs ahead: all forgeries crowd where the map is bluest, and chase it round the ring.",
    { rateD: 0.0005, rateG: 0.03 },
  ],
  [
    "The best detective",
    "In one dimension the best possible detective can be computed (dotted). The learned one follows it; as the hills come together both sink to “cannot tell”.",
    { data: "line2", latents: 1, activation: "tanh", rateG: 0.0005, rateD: 0.005, k: 3 },
  ],
  [
    "A thread into two moons",
    "One number as latent: the forger bends a thread. It cannot tear it, so some forgeries always lie between the moons.",
    { data: "moons", latents: 1, noise: "uniform", show: "rfmg" },
  ],
  [
    "A critic's slope",
    "Wasserstein with clipped weights: an even slope, slow and steady.",
    { game: "wgan", k: 5, data: "moons", rateD: 0.005 },
  ],
  [
    "GAN Lab's own settings",
    "Two hidden layers of 8 units each, plain gradient descent at 0.1, two moves of the detective, uniform latents: as GAN Lab opens.",
    {
      hiddenG: [8, 8],
      hiddenD: [8, 8],
      activation: "relu",
      optimizer: "sgd",
      rateG: 0.1,
      rateD: 0.1,
      k: 2,
      noise: "uniform",
      batch: 150,
    },
  ],
];

/** The stages of slow motion: who, its name, what happens. @type {[("D" | "G"), string, string][]} */
export const STAGES = [
  ["D", "forge", "Random latents go through the forger: amber discs. The real points are rings."],
  ["D", "look", "The detective looks at both. Where the map is blue it says “real”, where it is amber “forged”."],
  [
    "D",
    "learn",
    "It moved its weights a little, so that rings lie in bluer and discs in more amber places. The forger stood still.",
  ],
  ["G", "forge", "New forgeries. Now the detective stands still, and only answers."],
  [
    "G",
    "ask",
    "Each arrow says which way, and how strongly, its loss pulls a forgery: towards where the detective says “real”.",
  ],
  [
    "G",
    "learn",
    "The forger moved its weights a little, so that the discs went along the arrows: not each by itself, but as far as one network can move all of them.",
  ],
];

/**
 * A word that shows what it means on hover, on focus and by tap.
 * @param {string} text
 * @param {string} meaning
 */
export const term = (text, meaning) =>
  element(
    "span",
    { className: "term", tabIndex: 0 },
    text,
    element("span", { className: "term-meaning", role: "tooltip", textContent: meaning }),
  );

/** @param {number} value @param {number} digits */
export const told = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "–");
