// Latents that were pinned for a model: kept in this browser, so that all widgets share them.

import { rounded } from "./half.js";
import { LatentSpec } from "./latents.js";
import { decode, encode } from "./links.js";

/** @import { Pin } from "./links.js" */
/** @import { Program } from "./runtime.js" */

export class Pins {
  /**
   * The pins that are kept; or `lent` ones, from a link, that are kept nowhere.
   * @param {Program} program
   * @param {Pin[] | null} lent
   */
  constructor(program, lent = null) {
    this.key = `counterfeit-pins-${program.header.pins}`;
    this.latents = new LatentSpec(program.header.latents);
    this.classes = program.header.classes.length;
    /** @type {(() => void)[]} */
    this.listeners = [];
    this.lent = lent !== null;
    this.list = lent ?? this.read();
    /** @param {StorageEvent} event from another tab */
    this.onstorage = ({ key }) => {
      if (key === this.key && !this.lent) this.change(this.read());
    };
    addEventListener("storage", this.onstorage);
  }

  end() {
    removeEventListener("storage", this.onstorage);
  }

  /**
   * What is kept, without what does not fit the model any more.
   * @returns {Pin[]}
   */
  read() {
    try {
      /** @type {{ z: string, mix: string }[]} */
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      return kept.flatMap(({ z: latent, mix: shares }) => {
        const [z, mix] = [decode(latent, this.latents.size), decode(shares, this.classes)];
        return z && mix ? [{ z, mix }] : [];
      });
    } catch {
      return [];
    }
  }

  /** @param {Pin[]} list */
  change(list) {
    this.list = list;
    if (!this.lent) this.keep();
    for (const listener of this.listeners) listener();
  }

  keep() {
    const kept = this.list.map(({ z, mix }) => ({ z: encode(z), mix: encode(mix) }));
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: pins last as long as the page.
    }
  }

  /**
   * Gives lent pins back; with `keep`, they follow one's own.
   * @param {boolean} keep
   */
  giveBack(keep) {
    const lent = this.list;
    this.lent = false;
    this.change([...this.read(), ...(keep ? lent : [])]);
  }

  /** @param {Pin} pin */
  add({ z, mix }) {
    this.change([...this.list, { z: rounded(z), mix: rounded(mix) }]);
  }

  /** @param {number} number */
  remove(number) {
    this.change(this.list.filter((_, i) => i !== number));
  }

  /**
   * Swaps a pin with the one before it.
   * @param {number} number
   */
  earlier(number) {
    if (number < 1) return;
    const list = this.list.slice();
    [list[number - 1], list[number]] = [list[number], list[number - 1]];
    this.change(list);
  }
}

/**
 * The name of a pin: A, B, … Z, A1, …
 * @param {number} number
 */
export const letter = (number) =>
  String.fromCharCode(65 + (number % 26)) + (number < 26 ? "" : Math.floor(number / 26));
