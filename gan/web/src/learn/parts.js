// Small pieces of which the chapters' live things are made.

import { element } from "../dom.js";

/** What a live thing may do: say that its task was done, and ask the server for the generator that ships.
 * @typedef {{ tried: () => void, near: () => void }} Tools
 */

/**
 * A live thing on the page. `take` gets the generator that ships, where it asked for it.
 * @typedef {{ take?: (program: import("../runtime.js").Program) => void, end?: () => void }} Thing
 */

/** @typedef {"generator" | "discriminator" | "real"} Role */

/**
 * Does something once, when one comes near to a part of the page.
 * @param {Element} node
 * @param {() => void} act
 * @returns {() => void} stops waiting
 */
export function whenNear(node, act) {
  const watcher = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      act();
    },
    { rootMargin: "400px" },
  );
  watcher.observe(node);
  return () => watcher.disconnect();
}

/**
 * A row of buttons, one of which is pressed.
 * @template {string} Value
 * @param {readonly (readonly [Value, string])[]} options value and label
 * @param {(value: Value) => void} onchange
 * @param {string} label of the group
 */
export function choice(options, onchange, label) {
  const buttons = options.map(([value, text]) =>
    element("button", {
      type: "button",
      textContent: text,
      "data-testid": `choose-${value}`,
      onclick: () => {
        show(value);
        onchange(value);
      },
    }),
  );
  const show = (/** @type {Value} */ value) => {
    options.forEach(([own], i) => {
      buttons[i].setAttribute("aria-pressed", String(own === value));
    });
  };
  show(options[0][0]);
  return { node: element("div", { className: "choice", role: "group", "aria-label": label }, ...buttons), show };
}

/**
 * A row of digits as one picture, which can be replaced.
 * @param {string} alt
 */
export function strip(alt) {
  const node = element("img", { className: "strip", alt });
  return {
    node,
    /** @param {string} source */
    show(source) {
      if (node.src !== source) node.src = source;
    },
  };
}

/**
 * A bar from 0 to 1 with its number.
 * @param {string} label
 * @param {Role} role
 */
export function meter(label, role) {
  const fill = element("i");
  const number = element("span", { className: "number" });
  const node = element(
    "div",
    { className: `meter ${role}` },
    element("span", { textContent: label }),
    element("span", { className: "bar" }, fill),
    number,
  );
  return {
    node,
    /** @param {number} value */
    show(value) {
      fill.style.width = `${(100 * value).toFixed(1)}%`;
      number.textContent = value.toFixed(2);
    },
  };
}

/**
 * @param {string} className
 * @param {string} text
 */
export const line = (className, text = "") => element("p", { className, textContent: text });
