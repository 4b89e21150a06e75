// The moving pictures of Home, one a component: `data.kind` says which.

import { playing } from "../home/playing.js";
import { play } from "../home/scene.js";
import { training } from "../home/training.js";
import { walking } from "../home/walking.js";
import "../home.css";

/** @import { Recorded } from "../home/training.js" */
/** @import { Walk } from "../home/walking.js" */

/** @typedef {{ kind: "training" } & Recorded | { kind: "walking" } & Walk | { kind: "playing" }} Data */

/** @typedef {HTMLElement & { leave?: () => void }} Root */

/** @param {Data} data */
const scene = (data) =>
  data.kind === "training" ? training(data) : data.kind === "walking" ? walking(data) : playing();

/** Streamlit calls this again with the same root after each run of the page's script: then nothing is to do. */
export default (/** @type {{ parentElement: HTMLElement, data: [Data] }} */ { parentElement, data: [data] }) => {
  const root = /** @type {Root} */ (parentElement.querySelector(".root"));
  root.leave ??= play(root, scene(data));
  return () => {
    root.leave?.();
    root.leave = undefined;
  };
};
