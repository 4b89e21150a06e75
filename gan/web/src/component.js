// How Streamlit mounts a widget: called when it appears, and with each answer to what the page asked. An answer is
// made by pages/components/in_page.py: a few words about it, and a program where the page is to have another one.

import { readMessage } from "./message.js";
import { readProgram } from "./runtime.js";

/** @import { Program } from "./runtime.js" */

/**
 * A widget on a page. It takes newer weights of its model, and leaves nothing behind when it ends.
 * @typedef {{ update: (program: Program) => void, end: () => void }} Widget
 */

/** @typedef {(root: HTMLElement, program: Program) => Widget} Mount */

/**
 * What an answer says of itself.
 * @typedef {object} About
 * @property {string} version which weights the page holds now
 * @property {number} asked the number of the question
 * @property {boolean} follow whether the page goes on asking
 * @property {boolean} problem
 */

/**
 * What Streamlit's components.v2 hands over.
 * @typedef {object} Component
 * @property {Uint8Array} data
 * @property {HTMLElement} parentElement
 * @property {(name: string, value: unknown) => void} setStateValue
 */

/** Milliseconds from one question to the next, and after how many a question counts as lost. */
const EVERY = 1000;
const LOST = 20_000;

/** Asks for newer weights of a run that trains. It asks again once the page has dealt with the last answer, and not while
 * nobody sees it: weights do not come faster than they are shown. */
class Poller {
  /** @param {(value: string) => void} send to the server, which runs the fragment around the widget */
  constructor(send) {
    this.send = send;
    this.version = "";
    this.number = 0;
    this.answered = 0;
    this.when = 0;
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  /** @param {About} about */
  receive({ asked, follow }) {
    this.answered = Math.max(this.answered, asked);
    this.number = Math.max(this.number, asked);
    if (!follow) this.end();
    else this.timer ??= setInterval(() => this.ask(), EVERY);
  }

  ask() {
    if (document.hidden || (this.number > this.answered && performance.now() - this.when < LOST)) return;
    this.when = performance.now();
    this.number += 1;
    this.send(`${this.version} ${this.number}`);
  }

  end() {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/**
 * The address names the model that is shown, so that whoever comes back to it sees this one.
 * @param {string} model
 */
function nameInAddress(model) {
  const query = new URLSearchParams(location.search);
  if (query.get("model") === model) return;
  query.set("model", model);
  history.replaceState(history.state, "", `${location.pathname}?${query}`);
}

/** What is mounted in a root: it is kept there, since Streamlit calls again with the same one. */
class Mounted {
  /** @param {(value: string) => void} send */
  constructor(send) {
    this.poller = new Poller(send);
    /** @type {Widget | undefined} */
    this.widget = undefined;
    /** What the widget was built for: another needs a widget anew. */
    this.shape = "";
  }
}

/** @typedef {HTMLElement & { mounted?: Mounted }} Root */

/**
 * The component of a widget, as components.v2 wants a module's default export.
 * @param {Mount} mount
 */
export const component =
  (mount) =>
  /** @param {Component} component */
  ({ data, parentElement, setStateValue }) => {
    const root = /** @type {Root} */ (parentElement.querySelector(".root"));
    /** @type {{ about: About, content: Uint8Array }} */
    const { about, content } = readMessage(data);
    const send = (/** @type {string} */ value) => setStateValue("held", value);
    root.mounted ??= new Mounted(send);
    const { mounted } = root;
    const { poller } = mounted;
    poller.send = send;
    if (content.length) {
      const program = readProgram(content);
      const { model, latents } = program.header;
      const shape = JSON.stringify([model, latents]);
      if (mounted.widget && mounted.shape === shape) {
        mounted.widget.update(program);
      } else {
        mounted.widget?.end();
        nameInAddress(model);
        mounted.widget = mount(root, program);
        mounted.shape = shape;
      }
      poller.version = about.version;
    }
    poller.receive(about);
    // The server takes it that this page holds weights, but it was built anew: then it needs them once more.
    if (!mounted.widget && !about.problem) poller.ask();
    return () => {
      poller.end();
      mounted.widget?.end();
      root.mounted = undefined;
    };
  };
