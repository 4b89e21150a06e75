// "Real or forged?": one picture after the other. The server sends only the pixels of the next one, and the truth about a
// picture after it was answered (gan/quality/quiz_messages.py). Answers are kept in the tab, so that a reload goes on
// where one was.

import { element } from "./dom.js";
import { readMessage } from "./message.js";
import { paintGreys, SIDE } from "./painter.js";
import { Countdown } from "./quiz-countdown.js";
import { Progress } from "./quiz-progress.js";
import { resultOf } from "./quiz-result.js";

/** @import { Result } from "./quiz-result.js" */

/**
 * What a page can ask for.
 * @typedef {object} Words
 * @property {string} [forger] who forged, for a sentence
 * @property {[string, string][]} [levels] names and labels of other levels
 * @property {string} [link] the query of an address that gives the same pictures
 * @property {boolean} [small] only the picture, the buttons and the score
 */

/**
 * What the server says; letters: r real, f forged, - too late.
 * @typedef {Words & { quiz: string, count: number, given: string, truth: string, result?: Result, says?: string }} About
 */

/** @typedef {"covered" | "asking" | "waiting" | "told" | "over"} Phase */

const SECONDS = 5;
/** Milliseconds for which a verdict stands. */
const RIGHT_STANDS = 800;
const WRONG_STANDS = 1500;
/** Milliseconds after which an answer is sent once more, and later and later: Streamlit loses what comes while the page's
 * script still runs. */
const LOST = 1000;
const KINDS = /** @type {Record<string, string>} */ ({ r: "real", f: "forged" });

/** A person's answers in this tab, by the name of a quiz. */
const kept = {
  /** @param {About} about */
  read({ quiz, count }) {
    try {
      const [answers] = /^[rf-]*/.exec(sessionStorage.getItem(`quiz ${quiz}`) ?? "") ?? [""];
      return answers.slice(0, count);
    } catch {
      return ""; // a browser may forbid it
    }
  },
  /** @param {string} quiz @param {string} answers */
  write(quiz, answers) {
    try {
      sessionStorage.setItem(`quiz ${quiz}`, answers);
    } catch {
      // then a reload begins anew
    }
  },
};

/** The widget. */
class Quiz {
  /** @param {HTMLElement} root */
  constructor(root) {
    /** @type {About | undefined} */
    this.about = undefined;
    this.pixels = new Uint8Array();
    /** @type {Phase} */
    this.phase = "waiting";
    /** All answers, the one included that the server does not know yet. */
    this.answers = "";
    /** How many of them were shown with their verdict. */
    this.seen = 0;
    this.attempt = 0;
    this.timers = { told: 0, lost: 0 };
    this.send = (/** @type {string} */ _name, /** @type {string} */ _value) => {};
    this.ask = (/** @type {string} */ _wish) => {};

    this.canvas = element("canvas", { width: SIDE, height: SIDE, role: "img", "data-testid": "quiz-picture" });
    this.cover = element(
      "button",
      { type: "button", className: "cover", "data-testid": "quiz-start", onclick: () => this.uncover() },
      `Start: ${SECONDS} seconds for each picture`,
    );
    this.countdown = new Countdown(SECONDS, () => this.answer("-"));
    this.verdict = element("div", { className: "verdict", role: "status", "data-testid": "quiz-verdict" });
    const button = (/** @type {"r" | "f"} */ letter) =>
      element(
        "button",
        { type: "button", "data-testid": `quiz-${KINDS[letter]}`, onclick: () => this.answer(letter) },
        KINDS[letter] === "real" ? "Real" : "Forged",
        element("kbd", { "aria-hidden": "true" }, letter.toUpperCase()),
      );
    this.buttons = { r: button("r"), f: button("f") };
    this.progress = new Progress();
    const [line, marks, piles] = this.progress.nodes;
    this.limit = element("input", { type: "checkbox", "data-testid": "quiz-limit" });
    this.limit.checked = new URLSearchParams(location.search).has("limit");
    this.limit.addEventListener("change", () => this.limited());
    this.what = element("p", {});
    this.board = element(
      "div",
      { className: "board" },
      element("div", { className: "frame" }, this.canvas, this.cover),
      this.countdown.node,
      this.verdict,
      element("div", { className: "buttons" }, this.buttons.r, this.buttons.f),
    );
    this.side = element(
      "div",
      { className: "side" },
      line,
      marks,
      element("label", { className: "switch" }, this.limit, `At most ${SECONDS} seconds for each`),
      this.what,
      element("p", { className: "quiet keys" }, "Keys: R real, F forged, space goes on at once."),
      element(
        "p",
        { className: "quiet" },
        "In a study with portraits, people who had not practised told forged faces from real ones in 48 % of all cases, and in 59 % after they had been told of each answer whether it was right (PNAS 2022).",
      ),
      piles,
    );
    this.node = element("div", { className: "quiz" }, this.board, this.side);
    root.replaceChildren(this.node);
    this.onkey = this.onkey.bind(this);
    document.addEventListener("keydown", this.onkey);
  }

  /**
   * @param {About} about
   * @param {Uint8Array} pixels
   */
  receive(about, pixels) {
    const other = about.quiz !== this.about?.quiz;
    const before = this.about?.given.length ?? 0;
    this.about = about;
    this.pixels = pixels.slice();
    if (other) {
      this.halt();
      this.answers = kept.read(about);
      this.phase = "waiting";
      // A list that was used to choose these pictures would take the keys.
      if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
      this.words();
    }
    if (about.given.length < this.answers.length) {
      // It was loaded anew, or the answer is still on its way.
      if (other || about.given.length < before) this.tell();
      return;
    }
    clearTimeout(this.timers.lost);
    const answered = this.phase === "waiting" && !other && about.given.length === this.seen + 1;
    this.answers = about.given;
    if (answered) this.show();
    else if (this.seen !== about.given.length || this.phase === "waiting") this.onward();
  }

  /**
   * Sends all answers: the server takes those that it does not know.
   * @param {number} patience in milliseconds
   */
  tell(patience = LOST) {
    if (!this.about) return;
    this.attempt += 1;
    this.send("answers", `${this.about.quiz} ${this.answers} ${this.attempt}`);
    clearTimeout(this.timers.lost);
    this.timers.lost = setTimeout(() => this.tell(2 * patience), patience);
  }

  /** @param {"r" | "f" | "-"} letter */
  answer(letter) {
    if (this.phase !== "asking" || !this.about) return;
    this.countdown.stop();
    this.answers += letter;
    kept.write(this.about.quiz, this.answers);
    this.turn("waiting");
    this.tell();
  }

  /** The verdict on the last answer, over its picture. */
  show() {
    const truth = this.about?.truth.at(-1) ?? "";
    const right = truth === this.answers.at(-1);
    this.turn("told");
    this.seen = this.answers.length;
    this.progress.add(this.canvas, truth, right);
    if (this.about) this.progress.show(this.about, this.seen, this.seen);
    clearTimeout(this.timers.told);
    this.timers.told = setTimeout(() => this.onward(), right ? RIGHT_STANDS : WRONG_STANDS);
  }

  /** The next picture, or the result. */
  onward() {
    const { about } = this;
    if (!about) return;
    clearTimeout(this.timers.told);
    this.seen = about.given.length;
    if (about.result) {
      this.turn("over");
      return;
    }
    paintGreys(this.canvas, this.pixels);
    this.canvas.setAttribute("aria-label", `Picture ${this.seen + 1} of ${about.count}`);
    this.turn(this.limit.checked && this.node.dataset.begun === undefined ? "covered" : "asking");
  }

  uncover() {
    if (this.phase === "covered") this.turn("asking");
  }

  /** The address holds the limit too. */
  announce() {
    const query = new URLSearchParams(location.search);
    if (query.has("limit") === this.limit.checked) return;
    if (this.limit.checked) query.set("limit", String(SECONDS));
    else query.delete("limit");
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
  }

  limited() {
    this.announce();
    if (this.phase === "covered" && !this.limit.checked) this.turn("asking");
    else if (this.phase === "asking") this.count();
    this.countdown.show(this.limit.checked);
  }

  count() {
    if (this.limit.checked) this.countdown.start();
    else this.countdown.reset();
  }

  /** @param {Phase} phase */
  turn(phase) {
    this.phase = phase;
    const { about, answers } = this;
    const given = answers.at(-1) ?? "";
    const truth = phase === "told" ? (about?.truth.at(-1) ?? "") : "";
    this.node.dataset.phase = phase;
    this.cover.hidden = phase !== "covered";
    for (const [letter, button] of Object.entries(this.buttons)) {
      button.setAttribute("aria-disabled", String(phase !== "asking"));
      button.classList.toggle("chosen", ["waiting", "told"].includes(phase) && letter === given);
    }
    this.board.classList.toggle("right", truth !== "" && truth === given);
    this.board.classList.toggle("wrong", truth !== "" && truth !== given);
    const fate = truth === given ? "Right" : given === "-" ? "Too late" : "Wrong";
    this.verdict.textContent = truth
      ? `${fate}: it is ${KINDS[truth]}.`
      : phase === "asking"
        ? "Real or forged?"
        : "\u00a0";
    if (phase === "asking") {
      this.node.dataset.begun = "";
      this.count();
      if (about) this.progress.show(about, this.seen, this.seen + 1);
    }
    if (phase === "over" && about?.result) {
      this.node.replaceChildren(resultOf(about, about.result, this.pixels, this.ask));
    } else if (!this.board.isConnected) this.node.replaceChildren(this.board, this.side);
  }

  /** What stays the same for a quiz. */
  words() {
    const { about } = this;
    if (!about) return;
    delete this.node.dataset.begun;
    this.countdown.reset();
    this.seen = -1;
    this.node.classList.toggle("small", Boolean(about.small));
    this.limit.checked &&= !about.small;
    if (!about.small) this.announce();
    this.countdown.show(this.limit.checked);
    this.progress.begin(about.count);
    this.what.textContent = `For each picture a coin decides: a real digit, or one forged by ${about.forger ?? "the generator"}. The detective and a classifier look at the same ones; how they did you see at the end.`;
    if (!this.board.isConnected) this.node.replaceChildren(this.board, this.side);
  }

  /** @param {KeyboardEvent} event */
  onkey(event) {
    const target = /** @type {HTMLElement | null} */ (event.composedPath()[0]);
    if (event.altKey || event.ctrlKey || event.metaKey || event.repeat || !this.node.isConnected) return;
    if (target?.closest?.("input:not([type=checkbox]), textarea, select, [role=combobox], [contenteditable]")) return;
    // In a chapter there is more on the page than a quiz.
    if (this.about?.small && !this.node.matches(":hover, :focus-within")) return;
    const key = event.key.toLowerCase();
    if (key === "r" || key === "f") this.answer(key);
    else if (key !== " " || (this.phase !== "told" && this.phase !== "covered")) return;
    else if (this.phase === "told") this.onward();
    else this.uncover();
    event.preventDefault(); // a button that has the focus would be pressed too
  }

  halt() {
    this.countdown.stop();
    clearTimeout(this.timers.told);
    clearTimeout(this.timers.lost);
  }

  end() {
    this.halt();
    document.removeEventListener("keydown", this.onkey);
  }
}

/** @typedef {HTMLElement & { quiz?: Quiz }} Root */

/**
 * As components.v2 wants it.
 * @param {{ data: Uint8Array, parentElement: HTMLElement, setStateValue: (name: string, value: unknown) => void,
 *   setTriggerValue: (name: string, value: unknown) => void }} component
 */
export function component({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = /** @type {Root} */ (parentElement.querySelector(".root"));
  /** @type {{ about: About, content: Uint8Array }} */
  const { about, content } = readMessage(data);
  root.quiz ??= new Quiz(root);
  root.quiz.send = setStateValue;
  root.quiz.ask = (wish) => setTriggerValue("wants", wish);
  root.quiz.receive(about, content);
  return () => {
    root.quiz?.end();
    root.quiz = undefined;
  };
}
