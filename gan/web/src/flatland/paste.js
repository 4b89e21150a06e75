// A box for points that somebody has elsewhere.

import { element } from "../dom.js";

/**
 * Closed at first; `open` opens it.
 * @param {(text: string) => void} use takes what was pasted
 */
export function pasteBox(use) {
  const text = element("textarea", {
    wrap: "off",
    // A browser takes minutes to lay out a very long text: it is used at once, and not shown.
    onpaste: (event) => {
      const content = event.clipboardData?.getData("text") ?? "";
      if (content.length < 20_000) return;
      event.preventDefault();
      use(content);
    },
    rows: 5,
    placeholder: "0.3, −0.5\n0.31, −0.48\n…",
    "aria-label": "Points, two numbers a line",
    "data-testid": "flat-paste",
  });
  const node = element(
    "div",
    { className: "paste", hidden: true },
    text,
    element(
      "div",
      { className: "buttons" },
      element("button", {
        textContent: "Use these points",
        "data-testid": "flat-use",
        onclick: () => use(text.value),
      }),
      element("button", {
        textContent: "Close",
        onclick: () => {
          node.hidden = true;
        },
      }),
    ),
  );
  const open = () => {
    node.hidden = false;
    text.focus();
  };
  return { node, open };
}
