// The live thing beside a chapter of "How it works". A message is the length of a JSON object (4 bytes, little endian), the
// object, and the program of the generator that ships, once the thing has asked for it.

import { did } from "../did.js";
import { mountAsk } from "../learn/ask.js";
import { mountFrozen } from "../learn/frozen.js";
import { mountOpinion } from "../learn/opinion.js";
import { mountFailures, mountRun } from "../learn/run.js";
import { mountStep } from "../learn/step.js";
import { mountTell } from "../learn/tell.js";
import { mountValue } from "../learn/value.js";
import { readProgram } from "../runtime.js";
import "../learn.css";

/** @import { Thing, Tools } from "../learn/parts.js" */

/** @type {Record<string, (root: HTMLElement, told: any, tools: Tools) => Thing>} */
const THINGS = {
  tell: mountTell,
  opinion: mountOpinion,
  step: mountStep,
  frozen: mountFrozen,
  value: mountValue,
  run: mountRun,
  failures: mountFailures,
  ask: mountAsk,
};

/**
 * @typedef {object} Component
 * @property {Uint8Array} data
 * @property {HTMLElement} parentElement
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/** @typedef {HTMLElement & { thing?: Thing, took?: boolean }} Root */

export default (/** @type {Component} */ { data, parentElement, setTriggerValue }) => {
  const root = /** @type {Root} */ (parentElement.querySelector(".root"));
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  const tools = { tried: () => did(told.deed), near: () => setTriggerValue("near", true) };
  root.className = "root learn";
  root.thing ??= THINGS[told.kind](root, told, tools);
  const program = data.subarray(4 + length);
  if (program.length && !root.took) {
    root.took = true;
    root.thing.take?.(readProgram(program));
  }
  return () => {
    root.thing?.end?.();
    root.thing = undefined;
    root.took = false;
    root.replaceChildren();
  };
};
