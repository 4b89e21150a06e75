import { mountFlatland } from "../flatland/view.js";
import "../flatland.css";

/** @typedef {HTMLElement & { leave?: () => void }} Root */

/** Streamlit calls this again with the same root after each run of the page's script: then nothing is to do. */
export default (/** @type {{ parentElement: HTMLElement }} */ { parentElement }) => {
  const root = /** @type {Root} */ (parentElement.querySelector(".root"));
  root.leave ??= mountFlatland(root);
  return () => {
    root.leave?.();
    root.leave = undefined;
  };
};
