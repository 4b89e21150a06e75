// Pins in their order, and where they come from: chance, seeds, links.

import { copy, element } from "./dom.js";
import { rounded } from "./half.js";
import { mixOfClass } from "./latents.js";
import { fromQuery, pinsFromText, pinsToText } from "./links.js";
import { picture } from "./painter.js";
import { letter, Pins } from "./pins.js";

/** @import { LatentSpec } from "./latents.js" */
/** @import { Pin } from "./links.js" */
/** @import { Program } from "./runtime.js" */
/** @typedef {{ program: Program, pins: Pins }} State */
/** @typedef {"" | "link" | "misfit"} Origin where pins come from; "misfit": those in the address do not fit */

/** Seeds of what is shown to those who have pinned nothing yet. */
const EXAMPLE = [3, 4, 5];

/**
 * A source of numbers between 0 and 1 that follow from a seed below 2³² − 1: xorshift (Marsaglia 2003).
 * @param {number} seed
 */
export function seeded(seed) {
  let state = seed + 1; // 0 would stay 0
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 20; i++) random(); // small seeds begin with small numbers
  return random;
}

/**
 * The latent and the class of a seed.
 * @param {number} seed
 * @param {LatentSpec} latents
 * @param {number} classes
 * @returns {Pin}
 */
export function pinOfSeed(seed, latents, classes) {
  const random = seeded(seed);
  const mix = mixOfClass(Math.floor(classes * random()), classes);
  return { z: rounded(latents.draw(random)), mix };
}

/**
 * The pins in their order, with what one can do to each. Its nodes stay while there are as many pins, so that neither
 * the keyboard nor a click loses its place.
 * @param {State} state
 */
function pinList(state) {
  const node = element("div", { className: "pins" });
  const one = (/** @type {number} */ number) => {
    const name = letter(number);
    const sample = picture({ "aria-label": `Pin ${name}` });
    /**
     * @param {string} text
     * @param {string} title
     * @param {() => void} onclick
     * @param {boolean} disabled
     */
    const act = (text, title, onclick, disabled = false) =>
      element("button", { textContent: text, title, "aria-label": `${title}: ${name}`, onclick, disabled });
    const pin = element(
      "div",
      { className: "pin", "data-testid": `pin-${number}` },
      sample.node,
      element("b", { textContent: name }),
      act("←", "Move to the left", () => state.pins.earlier(number), number === 0),
      act("✕", "Remove", () => {
        state.pins.remove(number);
        const next = [...node.querySelectorAll(".pin")].at(Math.min(number, state.pins.list.length - 1));
        /** @type {HTMLButtonElement | null | undefined} */ (next?.querySelector("button:last-child"))?.focus();
      }),
    );
    return { pin, sample };
  };
  /** @type {ReturnType<typeof one>[]} */
  let shown = [];
  const refresh = () => {
    const { pins, program } = state;
    if (shown.length !== pins.list.length) {
      shown = pins.list.map((_, number) => one(number));
      node.replaceChildren(...shown.map(({ pin }) => pin));
    }
    pins.list.forEach(({ z, mix }, number) => {
      shown[number].sample.show(program.sample(z, mix));
    });
  };
  return { node, refresh };
}

/**
 * What a text means: a seed, or a link to a latent or to several, perhaps with the hash of its weights; null for anything
 * else.
 * @param {string} text
 * @param {LatentSpec} latents
 * @param {number} classes
 * @returns {{ pins: Pin[], weights: string | null } | null}
 */
export function pinsOfText(text, latents, classes) {
  if (/^\s*\d{1,9}\s*$/.test(text)) return { pins: [pinOfSeed(Number(text), latents, classes)], weights: null };
  const query = new URLSearchParams(text.slice(text.search(/[?#]/) + 1));
  const weights = query.get("weights");
  const several = query.get("pins");
  if (several !== null) {
    const pins = pinsFromText(several, latents.size, classes);
    return pins && { pins, weights };
  }
  const { z, mix } = fromQuery(query, latents.size, classes);
  return z && { pins: [{ z, mix: mix ?? mixOfClass(Math.min(3, classes - 1), classes) }], weights };
}

/**
 * The pins that a page begins with: those in its address, one's own, or an example.
 * @param {Program} program
 * @returns {{ pins: Pins, origin: Origin }}
 */
export function firstPins(program) {
  const own = new Pins(program);
  const asked = new URLSearchParams(location.search).get("pins");
  const linked = asked ? pinsFromText(asked, own.latents.size, own.classes) : null;
  const origin = linked ? "link" : asked ? "misfit" : "";
  if (!linked && own.list.length) return { pins: own, origin };
  own.end();
  return {
    pins: new Pins(program, linked || EXAMPLE.map((seed) => pinOfSeed(seed, own.latents, own.classes))),
    origin,
  };
}

/**
 * The list of pins, buttons to add some, and a word on pins that are lent.
 * @param {State} state
 * @param {Origin} origin
 */
export function pinboard(state, origin) {
  const { pins } = state;
  const list = pinList(state);
  const hash = () => state.program.header.hash;
  const notice = element("p", { className: "quiet", role: "status" });
  /** Whoever adds to an example wants pins of their own. */
  const add = (/** @type {Pin[]} */ more) => {
    if (pins.lent && origin !== "link") giveBack(false);
    pins.change([...pins.list, ...more]);
  };
  const chance = element("button", {
    textContent: "Pin a random latent",
    onclick: () => add([pinOfSeed(Math.floor(1e9 * Math.random()), pins.latents, pins.classes)]),
  });
  const text = element("input", {
    type: "search",
    placeholder: "A seed, or a link",
    "aria-label": "A seed, or a link",
  });
  const asked = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const found = pinsOfText(text.value, pins.latents, pins.classes);
    notice.textContent = !found
      ? "That is neither a seed, a whole number of up to nine digits, nor a link to a latent of this model."
      : (found.weights ?? hash()) === hash()
        ? ""
        : "That link was made with other weights, so its pictures are others here.";
    if (!found) return;
    text.value = "";
    add(found.pins);
  };
  const link = element("button", {
    textContent: "Copy link",
    onclick: () => {
      const query = { model: state.program.header.link, pins: pinsToText(pins.list), weights: hash() };
      copy(link, `${location.origin}${location.pathname}?${new URLSearchParams(query)}`);
    },
  });
  const clear = element("button", { textContent: "Clear", onclick: () => pins.change([]) });
  const giveBack = (/** @type {boolean} */ keep) => {
    const query = new URLSearchParams(location.search);
    for (const name of ["pins", "weights"]) query.delete(name);
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
    pins.giveBack(keep);
  };
  const others = (new URLSearchParams(location.search).get("weights") ?? hash()) !== hash();
  const example = "An example. Pin your own here, in Explore, or in Draw.";
  const lent = element(
    "div",
    { className: "lent" },
    element("span", {
      className: "quiet",
      textContent: origin === "link" ? "These pins came with the link." : example,
    }),
    element("button", { textContent: "Keep them", onclick: () => giveBack(true) }),
    element("button", {
      textContent: origin === "link" ? "Back to mine" : "Start empty",
      onclick: () => giveBack(false),
    }),
  );
  if (origin === "misfit") notice.textContent = "The pins of that link belong to another model.";
  if (origin === "link" && others)
    notice.textContent = "This model has learned since the link was made, so the pictures may be others.";
  const refresh = () => {
    list.refresh();
    lent.hidden = !pins.lent;
    clear.disabled = link.disabled = pins.list.length === 0;
  };
  const wants = element("form", { onsubmit: asked }, text, element("button", { textContent: "Pin it" }));
  const head = element("div", { className: "buttons" }, chance, wants, link, clear, lent);
  return { node: element("div", { className: "gathering" }, head, notice, list.node), refresh };
}
