// Makes a file of pictures in motion, in a thread of its own: to pack a hundred frames takes seconds.

import { apng, gif } from "./animations.js";

/** @typedef {{ kind: "gif" | "apng", frames: Uint8Array[], side: number, seconds: number }} Animation */

addEventListener("message", (/** @type {MessageEvent<Animation>} */ { data: { kind, frames, side, seconds } }) => {
  postMessage((kind === "gif" ? gif : apng)(frames, side, seconds));
});
