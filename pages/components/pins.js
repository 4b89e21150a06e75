// Latents that were pinned for a model: kept in this browser, so that all widgets share them. Needs share.js and latents.js.

class Pins {
  /** The pins that are kept; or `lent` ones, from a link, that are kept nowhere. */
  constructor(program, lent = null) {
    this.key = `counterfeit-pins-${program.header.pins}`;
    this.latents = new Latents(program.header.latents);
    this.listeners = [];
    this.lent = lent !== null;
    this.list = lent ?? this.read();
    this.onstorage = ({ key }) => key === this.key && !this.lent && this.change(this.read()); // from another tab
    addEventListener("storage", this.onstorage);
  }

  end() {
    removeEventListener("storage", this.onstorage);
  }

  /** What is kept, without what does not fit the model any more. */
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "[]")
        .map(({ z, mix }) => ({ z: decode(z, this.latents.size), mix: decode(mix, 10) }))
        .filter(({ z, mix }) => z && mix);
    } catch {
      return [];
    }
  }

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

  /** Gives lent pins back; with `keep`, they follow one's own. */
  giveBack(keep) {
    const lent = this.list;
    this.lent = false;
    this.change([...this.read(), ...(keep ? lent : [])]);
  }

  add(z, mix) {
    this.change([...this.list, { z: rounded(z), mix: rounded(mix) }]);
  }

  remove(number) {
    this.change(this.list.filter((_, i) => i !== number));
  }

  /** Swaps a pin with the one before it. */
  earlier(number) {
    if (number < 1) return;
    const list = this.list.slice();
    [list[number - 1], list[number]] = [list[number], list[number - 1]];
    this.change(list);
  }
}

/** The name of a pin: A, B, … Z, A1, … */
const letter = (number) => String.fromCharCode(65 + (number % 26)) + (number < 26 ? "" : Math.floor(number / 26));
