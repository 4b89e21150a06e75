// How near the generator comes to real digits, to compare a drawing with. Needs runtime.js, share.js, hand.js and fit.js.

/** The middle one of sorted numbers, or the mean of the two in the middle. */
const median = (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;

/** How much two pictures differ, in percent of black to white (root mean square). */
const percent = (error) => `${(100 * Math.sqrt(error)).toFixed(1)} %`;

/** Where an error stands in a row that begins with the smallest: CSS orders by whole numbers. */
const rank = (error) => Math.round(1e6 * error);
const LAST = rank(1);

/** The same search on real test digits: how near the generator comes to those, as a yardstick. Calls `onmeasured` after
 * each. Errors are kept in this browser, by the hash of the weights. */
class Yardstick {
  constructor(program, onmeasured) {
    this.program = program;
    this.onmeasured = onmeasured;
    const { real, hash } = program.header;
    this.targets = real.map((text) => Float32Array.from(atob(text), (c) => c.charCodeAt(0) / 127.5 - 1));
    this.key = `counterfeit-yardstick-${hash}`;
    this.found = this.read();
    this.pairs = this.targets.map((target, number) => {
      const own = still({ "aria-label": `Real test digit ${number + 1}` });
      const forged = still({ "aria-label": "What the generator makes of it" });
      own.show(target);
      const told = element("small", { textContent: "…" });
      const node = element("figure", { className: "pair" }, own.node, forged.node, told);
      node.style.order = LAST;
      return { node, forged, told };
    });
    this.found.forEach((_, number) => this.tell(number));
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "[]")
        .map(({ z, digit }) => ({ z: decode(z, this.program.header.latent_dim), mix: only(digit) }))
        .map((one, number) => ({
          ...one,
          error: difference(this.program.forge(one.z, one.mix), this.targets[number]),
        }));
    } catch {
      return []; // kept by another version, or by nobody
    }
  }

  get done() {
    return this.found.length === this.targets.length;
  }

  /** The errors so far, smallest first. */
  get errors() {
    return this.found.map(({ error }) => error).sort((a, b) => a - b);
  }

  /** Goes on for so many milliseconds. */
  work(milliseconds) {
    this.search ??= new Search(this.program, this.targets[this.found.length]);
    if (!this.search.work(milliseconds)) return;
    this.found.push(this.search.best);
    this.search = null;
    this.tell(this.found.length - 1);
    const kept = this.found.map(({ z, mix }) => ({ z: encode(z), digit: singleDigit(mix) }));
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: measured anew each time.
    }
    this.onmeasured();
  }

  tell(number) {
    const { z, mix, error } = this.found[number];
    const { node, forged, told } = this.pairs[number];
    forged.show(this.program.forge(z, mix));
    told.textContent = percent(error);
    node.style.order = rank(error);
  }
}
