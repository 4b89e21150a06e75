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
import { readMessage } from "../message.js";
import { readProgram } from "../runtime.js";
import "../learn.css";

/** @import { Thing, Tools } from "../learn/parts.js" */
/** @import { Program } from "../runtime.js" */

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
 * @property {(name: string, value: unknown) => void} setStateValue
 */

const page = /** @type {Window & { counterfeitShipped?: Program }} */ (window);

/** @typedef {HTMLElement & { thing?: Thing, took?: boolean, asking?: ReturnType<typeof setInterval> }} Root */

/** Milliseconds after which the generator is asked for once more: a question that comes while a page is drawn is lost. */
const AGAIN = 5000;

export default (/** @type {Component} */ { data, parentElement, setStateValue }) => {
  const root = /** @type {Root} */ (parentElement.querySelector(".root"));
  const { about: told, content: program } = readMessage(data);
  const take = () => {
    if (root.took || !page.counterfeitShipped) return false;
    root.took = true;
    clearInterval(root.asking);
    root.thing?.take?.(page.counterfeitShipped);
    return true;
  };
  const near = () => {
    let number = 0;
    // Two chapters want the generator: it is sent once.
    const ask = () => take() || setStateValue("near", ++number);
    root.asking = setInterval(ask, AGAIN);
    ask();
  };
  const tools = { tried: () => did(told.deed), near };
  root.className = "root learn";
  root.thing ??= THINGS[told.kind](root, told, tools);
  if (program.length) page.counterfeitShipped ??= readProgram(program);
  if (program.length) take();
  return () => {
    clearInterval(root.asking);
    root.thing?.end?.();
    root.thing = undefined;
    root.took = false;
    root.replaceChildren();
  };
};
