// Small pieces of page that several widgets are built of.

/** @import { Program } from "./runtime.js" */

/**
 * Properties, listeners (onclick …) and attributes (those with a hyphen) of an element.
 * @typedef {{ [Name in keyof HTMLElementEventMap as `on${Name}`]?: (event: HTMLElementEventMap[Name]) => unknown } &
 *   { [name: string]: unknown }} Properties
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (name.startsWith("on")) made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (name.includes("-") || !(name in made)) made.setAttribute(name, String(value));
    else Object.assign(made, { [name]: value });
  made.append(...children);
  return made;
}

/**
 * A word that shows what it means while it is pointed at, has the focus, or was tapped: the page's glossary comes with
 * the program. The meaning lies within the nearest box around it that is positioned.
 * @param {Program} program
 * @param {string} name
 * @param {string} text
 */
export function explained(program, name, text = name) {
  const meaning = element("span", {
    className: "term-meaning",
    role: "tooltip",
    textContent: program.header.words[name],
  });
  return element("span", { className: "term", tabIndex: 0 }, text, meaning);
}

/**
 * A range input with its value beside it; `onmove` gets the number while it is dragged. `show(number)` moves it, and
 * can write another number beside it.
 * @param {Node | string} label
 * @param {number} low
 * @param {number} high
 * @param {number} step
 * @param {(value: number) => void} onmove
 * @param {Properties} attributes
 */
export function slider(label, low, high, step, onmove, attributes = {}) {
  const value = element("span", { className: "value" });
  const input = element("input", { type: "range", min: low, max: high, step, value: 0, ...attributes });
  const show = (/** @type {number} */ number, digits = 1, written = number) => {
    input.value = String(number);
    value.textContent = (Number(written.toFixed(digits)) + 0).toFixed(digits).replace("-", "−"); // no "−0.0"
  };
  input.addEventListener("input", () => onmove(Number(input.value)));
  return { node: element("div", { className: "slider" }, label, input, value), input, show };
}

/**
 * Has the browser save a file.
 * @param {Blob | null} blob
 * @param {string} name
 */
export function download(blob, name) {
  if (!blob) return; // a canvas that could not be encoded
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000); // at once would cancel it in some browsers
}

/**
 * Copies a text and says so on the button for a moment.
 * @param {HTMLButtonElement} button
 * @param {string} text
 */
export async function copy(button, text) {
  button.dataset.label ??= button.textContent ?? "";
  const before = button.dataset.label;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    prompt("Copy this:", text); // a page that is not served over https may not write to the clipboard
  }
  setTimeout(() => {
    button.textContent = before;
  }, 1200);
}

/**
 * A canvas's 2D context; there is one in every browser that runs this.
 * @param {HTMLCanvasElement} canvas
 */
export const context2d = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/**
 * A word with its article: a digit, an article.
 * @param {string} word
 */
export const article = (word) => `${/^[aeiou]/i.test(word) ? "an" : "a"} ${word}`;

const NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/**
 * A count in words, as far as it has a short one.
 * @param {number} count
 */
export const counted = (count) => NUMBERS[count] ?? String(count);
