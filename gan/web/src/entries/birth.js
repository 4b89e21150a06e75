// Asks the server for the life of the latent in hand, which the explorer keeps in the address.

import { element } from "../dom.js";

/** @param {{ parentElement: HTMLElement, setTriggerValue: (name: string, value: unknown) => void }} component */
export default ({ parentElement, setTriggerValue }) => {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".root"));
  const ask = () => {
    const query = new URLSearchParams(location.search);
    setTriggerValue("asked", Object.fromEntries(["z", "digit", "mix"].map((name) => [name, query.get(name) ?? ""])));
  };
  root.replaceChildren(
    element("button", { textContent: "Show how this digit came to be", "data-testid": "birth", onclick: ask }),
  );
};
