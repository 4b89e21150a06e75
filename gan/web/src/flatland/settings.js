// What can be set, within which bounds, and how it stands in the address. A link may hold anything: what does not fit costs
// a sentence, and the usual value is taken.

import { CLOUDS } from "./clouds.js";
import { GAMES } from "./games.js";
import { pointsFromText, pointsToText } from "./points.js";

/** @import { Setup } from "./session.js" */

/**
 * Besides the game: what is shown, and how fast it goes.
 * @typedef {Setup & { show: string, pace: number }} Settings
 */

/** @type {Settings} */
export const USUAL = {
  data: "ring",
  dims: 2,
  game: "ns",
  k: 1,
  rateG: 0.002,
  rateD: 0.002,
  hiddenG: [32, 32],
  hiddenD: [32, 32],
  activation: "leaky",
  optimizer: "adam",
  noise: "normal",
  latents: 2,
  clip: 0.1,
  batch: 64,
  seed: 1,
  points: new Float64Array(0),
  show: "rfma",
  pace: 0,
};

/** What can be shown, a letter each: real, forged, map, arrows, grid. */
export const SHOWN = "rfmag";
export const PACES = [1, 5, 25, 0];
export const RATES = [0.0003, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1];
const MOST_LAYERS = 4;
const MOST_UNITS = 64;

/**
 * A field of the address: what its text says, or undefined, and the text of a value.
 * @typedef {{ name: string, read: (text: string) => Partial<Settings> | undefined, write: (of: Settings) => string,
 *   allowed: string }} Field
 */

/**
 * @param {string} name
 * @param {keyof Settings} key
 * @param {readonly string[]} options
 * @returns {Field}
 */
const choice = (name, key, options) => ({
  name,
  read: (text) => (options.includes(text) ? { [key]: text } : undefined),
  write: (settings) => String(settings[key]),
  allowed: `one of ${options.join(", ")}`,
});

/**
 * @param {string} name
 * @param {keyof Settings} key
 * @param {number} low
 * @param {number} high
 * @param {boolean} whole
 * @returns {Field}
 */
const number = (name, key, low, high, whole) => ({
  name,
  read(text) {
    const value = text.trim() && text.length < 30 ? Number(text) : Number.NaN;
    if (!Number.isFinite(value)) return undefined;
    if (value < low || value > high || (whole && !Number.isInteger(value))) return undefined;
    return { [key]: value };
  },
  write: (settings) => String(settings[key]),
  allowed: `a ${whole ? "whole " : ""}number from ${low} to ${high}`,
});

/**
 * @param {string} name
 * @param {"hiddenG" | "hiddenD"} key
 * @returns {Field}
 */
const layers = (name, key) => ({
  name,
  read(text) {
    const sizes = text.split("-").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 0));
    const fits = sizes.length <= MOST_LAYERS && sizes.every((size) => size >= 1 && size <= MOST_UNITS);
    return fits ? { [key]: sizes } : undefined;
  },
  write: (settings) => settings[key].join("-"),
  allowed: `one to ${MOST_LAYERS} layers of 1 to ${MOST_UNITS} units, such as 32-32`,
});

/** @type {Field[]} */
export const FIELDS = [
  choice("data", "data", [...Object.keys(CLOUDS), "own"]),
  {
    name: "dims",
    read: (text) => (text === "1" || text === "2" ? { dims: Number(text) } : undefined),
    write: ({ data, dims }) => (data === "own" ? String(dims) : "2"),
    allowed: "1 or 2",
  },
  choice("game", "game", Object.keys(GAMES)),
  number("k", "k", 1, 10, true),
  number("lr_g", "rateG", 1e-5, 1, false),
  number("lr_d", "rateD", 1e-5, 1, false),
  layers("g", "hiddenG"),
  layers("d", "hiddenD"),
  choice("units", "activation", ["leaky", "relu", "tanh"]),
  choice("opt", "optimizer", ["adam", "sgd"]),
  choice("noise", "noise", ["normal", "uniform"]),
  number("latents", "latents", 1, 2, true),
  number("clip", "clip", 0.001, 1, false),
  number("batch", "batch", 8, 256, true),
  number("seed", "seed", 0, 2 ** 31 - 1, true),
  {
    name: "show",
    read: (text) =>
      text === "none"
        ? { show: "" }
        : /^[rfmag]{1,5}$/.test(text)
          ? { show: [...SHOWN].filter((letter) => text.includes(letter)).join("") }
          : undefined,
    write: ({ show }) => show || "none",
    allowed: "letters of rfmag, or none",
  },
  {
    name: "pace",
    read: (text) => (PACES.map(String).includes(text) ? { pace: Number(text) } : undefined),
    write: ({ pace }) => String(pace),
    allowed: `one of ${PACES.join(", ")}`,
  },
  {
    name: "points",
    read(text) {
      const points = pointsFromText(text);
      return points ? { points } : undefined;
    },
    write: ({ data, points }) => (data === "own" ? pointsToText(points) : ""),
    allowed: "points as this page writes them",
  },
];

/** Fields that are the app's own. */
const OTHERS = ["embed", "embed_options", "present", "lesson", "step"];

/** @param {string} text as it may be shown: not ten kilobytes of it */
const short = (text) => (text.length > 24 ? `${text.slice(0, 24)}…` : text);

/**
 * @param {URLSearchParams} query
 * @returns {{ settings: Settings, problems: string[] }}
 */
export function readSettings(query) {
  /** @type {Settings} */
  let settings = { ...USUAL };
  const problems = [];
  for (const { name, read, allowed } of FIELDS) {
    const text = query.get(name);
    if (text === null) continue;
    const found = read(text);
    if (found) settings = { ...settings, ...found };
    else problems.push(`“${short(text)}” is no ${name} (${allowed}).`);
  }
  if (settings.data === "own" && settings.points.length === 0) {
    problems.push("The link has no points of its own.");
    settings = { ...settings, data: USUAL.data };
  }
  if (settings.data !== "own") settings = { ...settings, dims: CLOUDS[settings.data].dims };
  const known = new Set([...FIELDS.map(({ name }) => name), ...OTHERS]);
  const unknown = [...new Set(query.keys())].filter((name) => !known.has(name));
  if (unknown.length) {
    const named = unknown.slice(0, 3).map((name) => `“${short(name)}”`);
    problems.push(`Flatland has no field ${named.join(", ")}${unknown.length > 3 ? " and others" : ""}.`);
  }
  return { settings, problems };
}

/**
 * The address's query: what differs from the usual.
 * @param {Settings} settings
 * @param {URLSearchParams} before what else stands there stays
 */
export function writeSettings(settings, before) {
  const query = new URLSearchParams();
  for (const name of OTHERS) {
    const text = before.get(name);
    if (text !== null) query.set(name, text);
  }
  for (const { name, write } of FIELDS) {
    const text = write(settings);
    if (text !== write(USUAL)) query.set(name, text);
  }
  return query;
}
