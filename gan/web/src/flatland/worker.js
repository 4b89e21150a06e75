// The thread that plays the game, so that the page never waits for it. It trains on while a picture is drawn, and makes
// the next one when the page has dealt with the last.

import { Session } from "./session.js";

/** @import { Figures, Picture, Setup } from "./session.js" */

/**
 * What the page says.
 * @typedef {{ kind: "begin", setup: Setup } | { kind: "play", on: boolean } | { kind: "move", player: "D" | "G" | "next" } |
 *   { kind: "pace", steps: number } | { kind: "show", show: { map: boolean, arrows: boolean, grid: boolean } } |
 *   { kind: "drawn" }} Order
 */

/**
 * What it gets to hear.
 * @typedef {{ game: number, picture: Picture, figures?: Figures, real?: Float32Array, realDensity?: Float32Array,
 *   moved?: { player: "D" | "G", loss: number }, broken: boolean }} News
 */

/** Milliseconds of training between two pictures, and between two measurements of the distance. */
const BETWEEN = 14;
const MEASURE = 500;
const REAL = 500;

/** @type {Session | undefined} */
let session;
let game = 0;
let playing = false;
let waiting = false;
/** Steps a picture; 0 is as many as there is time for. */
let pace = 0;
let show = { map: true, arrows: true, grid: false };
let measured = Number.NEGATIVE_INFINITY;
let looping = false;

const post = (/** @type {News} */ news) => postMessage(news);

/**
 * @param {Partial<News>} more
 * @param {boolean} measure
 */
function picture(more = {}, measure = false) {
  if (!session) return;
  const now = performance.now();
  const due = measure || now - measured > MEASURE;
  if (due) measured = now;
  const { broken } = session;
  if (broken) playing = false;
  const figures = due && !broken ? session.figures() : undefined;
  waiting = true;
  post({ game, picture: session.picture(show), figures, broken, ...more });
}

// A timer's least wait is 4 ms once it is called again and again; a message's is none.
const { port1, port2 } = new MessageChannel();
port1.onmessage = loop;

function loop() {
  looping = playing;
  if (!session || !playing) return;
  if (pace > 0) {
    if (!waiting) {
      for (let i = 0; i < pace; i += 1) session.step();
      picture();
    }
    setTimeout(loop, waiting ? 4 : 0);
    return;
  }
  const until = performance.now() + BETWEEN;
  do session.step();
  while (performance.now() < until);
  if (!waiting) picture();
  port2.postMessage(0);
}

addEventListener("message", ({ data }) => {
  /** @type {Order} */
  const order = data;
  if (order.kind === "begin") {
    session = new Session(order.setup);
    game += 1;
    picture({ real: session.shown(REAL), realDensity: Float32Array.from(session.realDensity) }, true);
  } else if (order.kind === "play") {
    playing = order.on;
    if (playing && !looping) {
      looping = true;
      loop();
    } else if (!playing) picture({}, true);
  } else if (order.kind === "move" && session) {
    const player = order.player === "next" ? session.next : order.player;
    const loss = session.move(player);
    picture({ moved: { player, loss } }, true);
  } else if (order.kind === "pace") pace = order.steps;
  else if (order.kind === "show") {
    show = order.show;
    if (!playing) picture();
  } else if (order.kind === "drawn") waiting = false;
});
