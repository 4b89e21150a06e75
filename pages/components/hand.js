// What is in one's hand, and what paints it: shared by the explorer's widgets, in the page and in the standalone file. Needs
// runtime.js, share.js and latents.js.

/** An element with properties, listeners (onclick …) and attributes (those with a hyphen). */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.includes("-") || !(name in made)) made.setAttribute(name, value);
    else made[name] = value;
  made.append(...children);
  return made;
}

/** A word that shows what it means while it is pointed at, has the focus, or was tapped: the page's glossary comes with
 * the program. The meaning lies within the nearest box around it that is positioned. */
function explained(program, name, text = name) {
  const meaning = element("span", { className: "term-meaning", role: "tooltip", textContent: program.header.words[name] });
  return element("span", { className: "term", tabIndex: 0 }, text, meaning);
}

/** A range input with its value beside it; `onmove` gets the number while it is dragged. `show(number)` moves it, and
 * can write another number beside it. */
function slider(label, low, high, step, onmove, attributes = {}) {
  const value = element("span", { className: "value" });
  const input = element("input", { type: "range", min: low, max: high, step, value: 0, ...attributes });
  const show = (number, digits = 1, shown = number) => {
    input.value = number;
    value.textContent = (Number(shown.toFixed(digits)) + 0).toFixed(digits).replace("-", "−"); // no "−0.0"
  };
  input.addEventListener("input", () => onmove(Number(input.value)));
  return { node: element("div", { className: "slider" }, label, input, value), input, show };
}

/** Has the browser save a file. */
function offer(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000); // at once would cancel it in some browsers
}

/** Copies a text and says so on the button for a moment. */
async function copy(button, text) {
  const before = (button.dataset.label ??= button.textContent);
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    prompt("Copy this:", text); // a page that is not served over https may not write to the clipboard
  }
  setTimeout(() => (button.textContent = before), 1200);
}

const norm = (z) => Math.sqrt(dot(z, 0, z, 0, z.length));
const along = (direction, z) => dot(direction, 0, z, 0, z.length);

const ONLY = Array.from({ length: 10 }, (_, digit) => only(digit));

/** A latent and a mix of digits, and the program that makes a picture of them. */
class Hand {
  constructor(program) {
    this.program = program;
    const { latents, digit, start } = program.header;
    this.latents = new Latents(latents);
    this.z = (start && decode(start, this.latents.size)) || this.latents.middle();
    this.mix = only(digit ?? 3);
    /** Called when something is to be painted anew, and when it is because somebody moved something. */
    this.listeners = [];
    this.movers = [];
  }

  /** Moves the latent. It is kept as a link would hold it, so that what one sees is what one shares. */
  place(z) {
    this.z = rounded(z);
    this.moved();
  }

  /** Moves it by so much along a direction. */
  move(direction, by) {
    this.place(this.z.map((value, i) => value + by * direction[i]));
  }

  /** Asks for a mix; any ten shares that are not all 0 will do. */
  ask(shares) {
    const sum = shares.reduce((total, share) => total + share, 0);
    if (!(sum > 0)) return;
    this.mix = rounded(shares.map((share) => share / sum));
    this.moved();
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  moved() {
    this.tell();
    for (const mover of this.movers) mover();
  }
}

/** A small canvas that shows pixels in [-1, 1]. */
function still(properties) {
  const node = element("canvas", { width: SIDE, height: SIDE, role: "img", ...properties });
  const context = node.getContext("2d");
  const image = new ImageData(SIDE, SIDE);
  const show = (pixels) => {
    shade(pixels, image.data);
    context.putImageData(image, 0, 0);
  };
  const clear = () => context.clearRect(0, 0, SIDE, SIDE);
  return { node, show, clear };
}

/** Small pictures side by side on one canvas, painted one at a time: each call of `paint` fills the next cell. */
class Cells {
  /** `latent(cell)` gives the z and the mix of a cell. */
  constructor(columns, rows, latent, properties) {
    this.columns = columns;
    this.total = columns * rows;
    this.latent = latent;
    this.pitch = SIDE + 1;
    this.node = element("canvas", { width: columns * this.pitch - 1, height: rows * this.pitch - 1, ...properties });
    this.context = this.node.getContext("2d");
    this.image = new ImageData(SIDE, SIDE);
    this.next = 0;
    this.left = 0;
  }

  /** All cells are out of date. Painting goes on where it was: while one drags, no cell waits for ever. */
  restart() {
    this.left = this.total;
  }

  paint(program) {
    const { z, mix } = this.latent(this.next);
    shade(program.forge(z, mix), this.image.data);
    const column = this.next % this.columns;
    const row = Math.floor(this.next / this.columns);
    this.context.putImageData(this.image, column * this.pitch, row * this.pitch);
    this.next = (this.next + 1) % this.total;
    this.left -= 1;
  }
}

const SIDE = 28;
/** Milliseconds of a frame that painting may take at most; the rest is the browser's. */
const BUDGET = 9;
/** A frame that took longer than so many milliseconds was late for a display of 60 Hz. */
const LATE = 19;

/** Paints the big picture in every frame in which something has changed, and small ones in what time is left. */
class Painter {
  constructor(hand, canvas, cells, onPicture, onPace) {
    Object.assign(this, { hand, cells, onPicture, onPace });
    this.context = canvas.getContext("2d");
    this.image = new ImageData(SIDE, SIDE);
    this.frames = [];
    this.took = 0;
    this.waiting = false;
    this.turn = 0;
    this.budget = BUDGET / 2;
    hand.listeners.push(() => this.changed());
    this.changed();
  }

  changed() {
    this.dirty = true;
    this.request();
  }

  request() {
    if (this.waiting || this.ended) return;
    this.waiting = true;
    requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.waiting = false;
    const { hand, cells } = this;
    const started = performance.now();
    // What a frame has left is seen from whether the last one was late: the browser has work of its own to do.
    const late = now - (this.before ?? now) > LATE;
    this.budget = Math.min(BUDGET, Math.max(0.5, this.budget * (late ? 0.7 : 1.1)));
    this.before = now;
    if (this.dirty) {
      this.dirty = false;
      const pixels = hand.program.forge(hand.z, hand.mix);
      shade(pixels, this.image.data);
      this.took = performance.now() - started;
      this.context.putImageData(this.image, 0, 0);
      this.onPicture(hand.program.judge(pixels, hand.mix));
      for (const one of cells) one.restart();
      this.count(started);
    }
    let waiting = cells.filter((one) => one.left);
    while (waiting.length) {
      this.turn = (this.turn + 1) % waiting.length;
      waiting[this.turn].paint(hand.program);
      waiting = cells.filter((one) => one.left);
      if (performance.now() - started > this.budget) break; // at least one a frame, however slow the model
    }
    if (this.dirty || waiting.length) this.request();
  }

  /** Pictures in the last second, told four times a second while something moves. The first few are not: a browser
   * compiles code while it runs, and theirs are not the times of the others. */
  count(now) {
    this.pictures = (this.pictures ?? 0) + 1;
    if (this.pictures < 6) return;
    this.frames.push(now);
    while (this.frames[0] < now - 1000) this.frames.shift();
    if (now - (this.told ?? -Infinity) < 250) return;
    this.told = now;
    const span = now - this.frames[0];
    const fps = span > 200 ? ((this.frames.length - 1) * 1000) / span : 0;
    this.onPace(fps, this.took);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.onPace(0, this.took), 1500);
  }

  end() {
    this.ended = true;
    clearTimeout(this.rest);
  }
}
