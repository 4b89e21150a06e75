// The time machine of the Train page: a slider over the moments of a run, their film, and clicks on its curves. What is
// shown at a moment comes from the server; here is only which one is wanted.

import { did } from "../did.js";
import { element } from "../dom.js";
import { typing } from "../keys.js";
import "../lookback.css";

/** Between two pictures of the film; more where the server needs longer. */
const MILLISECONDS_A_MOMENT = 140;
/** While a finger moves, the server is asked at most so often. */
const MILLISECONDS_A_QUESTION = 120;
/** The film goes on after this, whether or not the server has answered. */
const MILLISECONDS_TO_ANSWER = 2000;

/**
 * @typedef {object} Told
 * @property {[number, number][]} moments images and seconds, oldest first
 * @property {number | null} at the moment that is shown, in images; null where it is now
 * @property {string} chart the class of what is around the curves
 * @property {number} returns how often one has pressed "back to now"
 */
/** @typedef {HTMLElement & { on?: (event: string, listener: (event: any) => void) => void }} Chart */
/**
 * @typedef {object} Component
 * @property {HTMLElement | ShadowRoot} parentElement
 * @property {Told} data
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/** @param {number} seconds */
const clock = (seconds) =>
  seconds < 10
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {Component} first */
function build({ parentElement, setTriggerValue }) {
  /** @type {Told} */
  let told = { moments: [], at: null, chart: "", returns: 0 };
  /** What one has moved to, as an index; null where it is what the server says. @type {number | null} */
  let wanted = null;
  let playing = false;
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  let held = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let guard;
  /** Until then the film that has just been ended by "back to now" may still be answered. */
  let returning = 0;

  const slider = /** @type {HTMLInputElement} */ (
    element("input", { type: "range", min: "0", step: "1", "aria-label": "Moment of the run", "data-testid": "moment" })
  );
  const onkey = (/** @type {KeyboardEvent} */ event) => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (!by || typing(event) || last() < 1) return;
    event.preventDefault();
    stop();
    held = event.type === "keydown";
    if (held) {
      wanted = Math.min(last(), Math.max(0, (wanted ?? shown()) + by));
      askSoon(wanted);
      show();
    } else if (wanted !== null) ask(wanted, false);
  };
  for (const name of /** @type {const} */ (["keydown", "keyup"])) document.addEventListener(name, onkey);
  const play = /** @type {HTMLButtonElement} */ (element("button", { "data-testid": "film" }));
  const label = element("output", { className: "moment", "data-testid": "moment-label" });
  const root = element("div", { className: "lookback" }, play, slider, label);

  const last = () => told.moments.length - 1;
  const shown = () => {
    if (told.at === null) return last();
    const { at } = told;
    let nearest = 0;
    told.moments.forEach(([images], i) => {
      if (Math.abs(images - at) < Math.abs(told.moments[nearest][0] - at)) nearest = i;
    });
    return nearest;
  };

  const show = () => {
    const index = Math.min(wanted ?? shown(), last());
    slider.max = String(Math.max(0, last()));
    slider.disabled = play.disabled = last() < 1;
    if (slider.value !== String(index)) slider.value = String(index);
    slider.style.setProperty("--share", `${(100 * index) / Math.max(1, last())}%`);
    const [images, seconds] = told.moments[index] ?? [0, 0];
    const text = `${images.toLocaleString("en")} images · ${clock(seconds)}`;
    label.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    play.textContent = playing ? "❚❚" : "▶";
    play.title = playing ? "Stop the film" : "Play the run as a film";
    play.setAttribute("aria-label", play.title);
  };

  /** Asks for a moment. Passing ones, of a drag or the film, are not to stand in the address.
   * @param {number} index @param {boolean} passing */
  const ask = (index, passing) => {
    clearTimeout(later);
    asked = performance.now();
    const now = index >= last() && !passing;
    if (!now) returning = 0;
    if (index < last()) did("looked-back");
    setTriggerValue("asked", { at: now ? null : told.moments[index][0], passing });
  };

  /** @param {number} index */
  const askSoon = (index) => {
    clearTimeout(later);
    later = setTimeout(() => ask(index, true), Math.max(0, asked + MILLISECONDS_A_QUESTION - performance.now()));
  };

  const stop = () => {
    if (!playing) return;
    playing = false;
    clearTimeout(later);
  };

  /** The next picture of the film, once the server has shown the one before, or has had the time to. */
  const next = () => {
    if (!playing || later !== undefined) return;
    clearTimeout(guard);
    guard = setTimeout(next, MILLISECONDS_TO_ANSWER);
    const wait = Math.max(0, asked + MILLISECONDS_A_MOMENT - performance.now());
    later = setTimeout(() => {
      later = undefined;
      const index = (wanted ?? 0) + 1;
      if (index >= last()) {
        playing = false;
        wanted = null;
        told.at = null;
        ask(last(), false);
      } else {
        wanted = index;
        ask(index, true);
      }
      show();
    }, wait);
  };

  slider.oninput = () => {
    stop();
    held = true;
    wanted = Number(slider.value);
    askSoon(wanted);
    show();
  };
  slider.onchange = () => {
    held = false;
    ask(Number(slider.value), false);
  };
  play.onclick = () => {
    clearTimeout(later);
    later = undefined;
    playing = !playing;
    if (playing) {
      did("played-the-film");
      const from = wanted ?? shown();
      wanted = from >= last() ? 0 : from;
      if (from === wanted) next();
      else ask(wanted, true);
    } else if (wanted !== null) ask(wanted, false);
    show();
  };

  /** @type {Chart | undefined} */
  let heard;
  const listen = () => {
    /** @type {Chart | null} */
    const chart = told.chart ? document.querySelector(`.${told.chart} .js-plotly-plot`) : null;
    if (!chart?.on || chart === heard) return;
    heard = chart;
    chart.on("plotly_click", ({ points }) => {
      const images = 1000 * Number(points?.[0]?.x);
      if (!Number.isFinite(images) || !told.moments.length) return;
      stop();
      told.at = images;
      wanted = shown();
      ask(wanted, false);
      show();
    });
  };
  const observer = new MutationObserver(listen);
  observer.observe(document.body, { childList: true, subtree: true });

  parentElement.append(root);
  return {
    /** @param {Told} data */
    update(data) {
      const returned = data.returns !== told.returns;
      told = data;
      if (returned && playing) {
        stop();
        returning = performance.now() + MILLISECONDS_TO_ANSWER;
      }
      if (told.at !== null && performance.now() < returning) ask(last(), false);
      // The server has caught up with what one has moved to; while a finger is down it is the finger's.
      if (playing) next();
      else if (!held) wanted = null;
      listen();
      show();
    },
    end() {
      playing = false;
      clearTimeout(later);
      clearTimeout(guard);
      observer.disconnect();
      for (const name of /** @type {const} */ (["keydown", "keyup"])) document.removeEventListener(name, onkey);
      root.remove();
    },
  };
}

/** @type {WeakMap<object, ReturnType<typeof build>>} */
const built = new WeakMap();

/** @param {Component} component */
export default (component) => {
  const { parentElement, data } = component;
  const machine = built.get(parentElement) ?? build(component);
  built.set(parentElement, machine);
  machine.update(data);
  return () => {
    built.delete(parentElement);
    machine.end();
  };
};
