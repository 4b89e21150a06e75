// What the widgets are made of, for tests.

export * from "../animations.js";
export * from "../explorer.js";
export * from "../files.js";
export * from "../fit.js";
export * as flatland from "../flatland/engine.js";
export * from "../half.js";
export * from "../latents.js";
export { bestGame } from "../learn/value.js";
export * from "../links.js";
export * from "../paper.js";
export * from "../paths.js";
export * from "../pinboard.js";
export * from "../runtime.js";
export * from "../selection.js";
