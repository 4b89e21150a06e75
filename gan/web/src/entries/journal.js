// What was done so far, kept in localStorage: it tells the server what that holds and what widgets report, each name
// once (pages/components/journal.py). Where localStorage is refused, the session alone remembers.

import { DID, said } from "../did.js";

const KEY = "counterfeit-journal";
/** What somebody put there by hand costs no more than this. */
const MOST_NAMES = 500;
const MOST_LETTERS = 80;
/** Milliseconds by which the server's clock may be ahead. */
const MOST_APART = 86_400_000;

/**
 * @typedef {object} Kept
 * @property {string[]} done
 * @property {number} forgotten when all before it was forgotten, in milliseconds since 1970
 */
/**
 * @typedef {object} Component
 * @property {HTMLElement | ShadowRoot} parentElement
 * @property {[Kept]} data what the server knows
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/** @returns {Kept} */
function read() {
  try {
    const { done, forgotten } = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return {
      done: (Array.isArray(done) ? done : [])
        .filter((name) => typeof name === "string" && name.length <= MOST_LETTERS)
        .slice(0, MOST_NAMES),
      forgotten: Number.isFinite(forgotten) && forgotten < Date.now() + MOST_APART ? forgotten : 0,
    };
  } catch {
    return { done: [], forgotten: 0 };
  }
}

/** @param {Kept} kept */
function write(kept) {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Refused, or full.
  }
}

/** Milliseconds until something that was done is told, and between two looks at whether it can be: the widget in which it
 * was done has its own message to send, and of two that wait at one moment the server sees the later one only. */
const SOON = 300;
/** Whether the server is at work for this page, so that a message would wait. */
const busy = () =>
  document.querySelector('[data-testid="stApp"]')?.getAttribute("data-test-script-state") === "running";
/** Milliseconds after which what was not answered is told once more, and how often: a name that the server does not know
 * is never answered. */
const AGAIN = 2000;
const TIMES = 5;

function build() {
  /** What the server has, or was told. @type {Set<string>} */
  const reported = new Set();
  /** What it has not answered yet: of two messages that come close together it may see the later one only.
   * @type {Set<string>} */
  const waiting = new Set();
  /** @type {Component["setTriggerValue"]} */
  let send = () => {};
  let forgotten = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  const tell = (times = TIMES) => {
    clearTimeout(later);
    if (!waiting.size || !times) return;
    if (busy()) {
      later = setTimeout(tell, SOON, times);
      return;
    }
    send("found", [...waiting]);
    later = setTimeout(tell, AGAIN, times - 1);
  };

  /** @param {string[]} names */
  const report = (names) => {
    const fresh = names.filter((name) => !reported.has(name));
    if (!fresh.length) return;
    for (const name of fresh) {
      reported.add(name);
      waiting.add(name);
    }
    clearTimeout(later);
    later = setTimeout(tell, SOON);
  };

  const hear = () => {
    const fresh = [...said()].filter((name) => !reported.has(name));
    if (!fresh.length) return;
    const kept = read();
    write({ ...kept, done: [...new Set([...kept.done, ...fresh])] });
    report(fresh);
  };
  // Another tab did something.
  const onStorage = (/** @type {StorageEvent} */ event) => {
    if (event.key === KEY) report(read().done);
  };
  addEventListener(DID, hear);
  addEventListener("storage", onStorage);

  return {
    /** @param {Component} component */
    update({ data: [data], setTriggerValue }) {
      send = setTriggerValue;
      const kept = read();
      if (data.forgotten > kept.forgotten) kept.done = [];
      if (data.forgotten > forgotten) for (const names of [reported, waiting, said()]) names.clear();
      forgotten = Math.max(forgotten, data.forgotten);
      kept.forgotten = Math.max(kept.forgotten, data.forgotten);
      for (const name of data.done) {
        reported.add(name);
        waiting.delete(name);
      }
      const done = [...new Set([...kept.done, ...data.done])];
      if (data.done.length || data.forgotten) write({ ...kept, done });
      report(kept.done);
      hear();
    },
    end() {
      clearTimeout(later);
      removeEventListener(DID, hear);
      removeEventListener("storage", onStorage);
    },
  };
}

/** @type {WeakMap<object, ReturnType<typeof build>>} */
const built = new WeakMap();

/** @param {Component} component */
export default (component) => {
  const { parentElement } = component;
  const journal = built.get(parentElement) ?? build();
  built.set(parentElement, journal);
  journal.update(component);
  return () => {
    built.delete(parentElement);
    journal.end();
  };
};
