// Step by step: what the trainer did in its last moves, stage by stage. The server sends a message (gan/training/scenes.py)
// when a command was carried out; slow motion, overlays and the drawing run here.

import { did } from "./did.js";
import { element } from "./dom.js";
import { readMessage } from "./message.js";
import { LayerPanel, mixed, RowPanel, written } from "./steps/panels.js";
import { Look, NAMES, ROWS, SHOWN } from "./steps/scene.js";

/** @import { About, RowName, Scene } from "./steps/scene.js" */

/** Milliseconds of a stage at speed 1. */
const STAGE = 1600;
const STAGES = 7;
/** When in a scene its words appear: what was drawn, who was frozen, what was asked, what moved. */
const SAID_FROM = [0.3, 1, 4, 6.6];
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const PLAYERS = /** @type {const} */ (["discriminator", "generator"]);

const clamp = (/** @type {number} */ value) => Math.min(1, Math.max(0, value));
const ease = (/** @type {number} */ value) => value * value * (3 - 2 * value);

/** The widget. Time in a scene runs from 0 to STAGES; what is seen at a time is a function of it and nothing else. */
class Steps {
  /**
   * @param {HTMLElement} root
   * @param {(value: string) => void} send
   */
  constructor(root, send) {
    this.send = send;
    /** @type {About | undefined} */
    this.about = undefined;
    /** @type {Look[]} how things stood before the first scene, and after each */
    this.looks = [];
    this.at = 0;
    this.time = STAGES;
    this.playing = false;
    this.speed = 2;
    this.overlay = true;
    this.asked = 0;
    this.pending = 0;
    this.version = "";
    this.frame = 0;
    this.last = 0;
    /** @type {[number, number]} */
    this.range = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    this.saying = false;
    this.sentAt = 0;
    /** @type {Map<string, [string, number, number][]>} */
    this.layersOf = new Map();
    const button = (
      /** @type {string} */ id,
      /** @type {string} */ label,
      /** @type {string} */ help,
      /** @type {() => void} */ onclick,
    ) => element("button", { type: "button", "data-testid": id, title: help, onclick }, label);
    this.buttons = [
      button("step-d", "D’s move", "The detective learns, the forger is frozen", () =>
        this.ask("move discriminator 1"),
      ),
      button("step-g", "G’s move", "The forger learns, the detective is frozen", () => this.ask("move generator 1")),
      button("step-both", "Both", "To the end of the step: D’s moves, then G’s", () => this.ask("move step 1")),
      button("step-ten", "×10", "Ten whole steps", () => this.ask("move step 10")),
    ];
    this.play = button("step-play", "▶ Slow motion", "Space: play and pause; ← → stage by stage", () => this.toggle());
    this.play.className = "primary";
    this.pace = element("input", {
      type: "range",
      min: 0,
      max: SPEEDS.length - 1,
      step: 1,
      value: 2,
      "aria-label": "Speed",
    });
    this.paceValue = element("span", { className: "pace" }, "1×");
    this.pace.addEventListener("input", () => {
      this.speed = Number(this.pace.value);
      this.paceValue.textContent = `${SPEEDS[this.speed]}×`;
    });
    this.train = button("step-train", "Train 5 s", "Train on for five seconds, and pause again", () =>
      this.ask(this.about?.running ? "pause" : "train"),
    );
    this.where = element("span", { className: "where" });
    const bar = element(
      "div",
      { className: "bar" },
      element("span", { className: "group" }, ...this.buttons),
      element(
        "span",
        { className: "group" },
        this.play,
        element("label", { className: "speed" }, "speed", this.pace, this.paceValue),
      ),
      element("span", { className: "group" }, this.train),
      this.where,
    );
    this.note = element("div", { className: "note", role: "status", "data-testid": "step-note" });
    this.stageNodes = /** @type {HTMLElement[]} */ ([]);
    this.stages = element("div", { className: "stages", role: "group", "aria-label": "Stages of a move" });
    this.tabs = element("div", { className: "tabs" });
    this.caption = element("div", { className: "caption" });
    this.stage = element("span", { className: "on", "data-testid": "stage" });
    this.panels = { real: new RowPanel("real", "real, x"), forged: new RowPanel("forged", "forged, G(z)") };
    const radio = (/** @type {string} */ label, /** @type {boolean} */ on) => {
      const input = element("input", { type: "radio", name: "overlay", checked: on === this.overlay });
      input.addEventListener("change", () => {
        this.overlay = on;
        this.render();
      });
      return element("label", {}, input, label);
    };
    const legend = element("span", { className: "legend" });
    legend.innerHTML = "<i class='more'></i> more ink <i class='less'></i> less ink";
    this.key = element("span", { className: "quiet" });
    const overlay = element(
      "div",
      { className: "overlay" },
      "Over the pictures:",
      radio("nothing", false),
      radio("what would make D say “more real”", true),
      legend,
      this.key,
    );
    this.before = element("span", { className: "loss", "data-testid": "loss-before" }, "–");
    this.after = element("span", { className: "loss", "data-testid": "loss-after" }, "–");
    this.lossOf = element("span", { className: "title" }, "Loss");
    this.lossNote = element("div", { className: "quiet" });
    const loss = element(
      "section",
      { className: "panel losses" },
      element(
        "div",
        { className: "head" },
        this.lossOf,
        element("span", { className: "quiet" }, "on the move’s own batch"),
      ),
      element(
        "div",
        { className: "change" },
        element("div", {}, this.before, element("span", { className: "quiet" }, "before")),
        element("span", { className: "to" }, "→"),
        element("div", {}, this.after, element("span", { className: "quiet" }, "after")),
      ),
      this.lossNote,
    );
    this.networks = PLAYERS.map((player) => new LayerPanel(player));
    const layers = element(
      "section",
      { className: "panel moved" },
      element(
        "div",
        { className: "head" },
        element("span", { className: "title" }, "How far each layer moved"),
        element(
          "span",
          { className: "quiet keys" },
          element("i", { className: "key update" }),
          "update",
          element("i", { className: "key gradient" }),
          "gradient",
        ),
      ),
      element("div", { className: "networks" }, ...this.networks.map(({ node }) => node)),
    );
    this.told = element("dl", { "data-testid": "told" });
    const words = element(
      "section",
      { className: "panel words" },
      element("div", { className: "head" }, element("span", { className: "title" }, "In words")),
      this.told,
    );
    const pictures = element("div", { className: "rows" }, this.panels.real.node, this.panels.forged.node);
    this.node = element(
      "div",
      { className: "steps" },
      bar,
      this.note,
      element("div", { className: "track" }, this.stages, this.tabs),
      element("div", { className: "said" }, this.stage, this.caption),
      pictures,
      overlay,
      element("div", { className: "below" }, loss, layers, words),
    );
    root.replaceChildren(this.node);
    this.onkey = this.onkey.bind(this);
    document.addEventListener("keydown", this.onkey);
  }

  /** @param {string} command */
  ask(command) {
    if (this.pending || (!this.about?.ready && !["look", "pause"].includes(command))) return;
    const [, mover] = /^move (discriminator|generator|step) /.exec(command) ?? [];
    if (mover === "discriminator" || mover === "step") did("moved-d");
    if (mover === "generator" || mover === "step") did("moved-g");
    this.asked = Math.max(this.asked + 1, Date.now());
    this.pending = this.asked;
    this.sentAt = performance.now();
    this.state();
    this.send(`${this.asked} ${command}`);
    setTimeout(() => {
      if (this.pending !== this.asked) return;
      this.pending = 0;
      this.playing = false;
      this.state();
    }, 12_000);
  }

  /**
   * @param {About} about
   * @param {Uint8Array} content
   */
  receive(about, content) {
    const first = !this.about || this.about.run !== about.run;
    this.about = about;
    if (first) {
      this.looks = [];
      this.range = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      this.layersOf.clear();
      this.stageNodes = about.stages.map((name, index) =>
        element("button", { type: "button", onclick: () => this.goTo(index) }, name),
      );
      this.stages.replaceChildren(...this.stageNodes);
      this.panels.forged.note.textContent = about.conditional;
      this.panels.real.note.textContent = "the same ten all along";
    }
    if (this.pending && about.asked >= this.pending) this.pending = 0;
    if (about.scenes.length && about.version !== this.version) {
      this.version = about.version;
      this.node.setAttribute("data-version", about.version);
      this.show(about.scenes.map((scene) => new Look(scene, content)));
    } else if (this.playing && !this.pending && this.time >= STAGES && !about.ready) {
      this.playing = false;
    }
    this.where.innerHTML = about.where;
    this.note.textContent = about.note;
    this.note.hidden = !about.note;
    this.state();
  }

  /** @param {Look[]} looks */
  show(looks) {
    const before = this.looks.at(-1) ?? looks[0];
    this.looks = [before, ...looks];
    for (const { scene } of this.looks) {
      if (scene.layers) this.layersOf.set(scene.player, scene.layers);
      for (const row of ROWS)
        for (const score of scene.rows[row].scores)
          this.range = [Math.min(this.range[0], score), Math.max(this.range[1], score)];
    }
    const moves = looks.filter(({ scene }) => scene.player);
    this.tabs.replaceChildren(
      ...(moves.length > 1
        ? moves.map(({ scene }, index) =>
            element(
              "button",
              { type: "button", className: scene.player, onclick: () => this.turnTo(index + 1) },
              `${scene.player === "discriminator" ? "D" : "G"}’s move`,
            ),
          )
        : []),
    );
    this.at = this.playing ? 1 : looks.length;
    this.time = this.playing && moves.length ? 0 : STAGES;
    this.words();
    this.render();
    if (this.playing) this.run();
  }

  /** @param {number} at */
  turnTo(at) {
    this.halt();
    this.at = at;
    this.time = STAGES;
    this.words();
    this.render();
  }

  /** @param {number} index of a stage */
  goTo(index) {
    if (!this.scene?.player) return;
    this.halt();
    this.time = index + 0.999;
    this.render();
  }

  get scene() {
    return this.looks[this.at]?.scene;
  }

  toggle() {
    if (this.playing) {
      this.halt();
      return;
    }
    this.playing = true;
    this.state();
    if (this.time < STAGES) this.run();
    else this.onward();
  }

  halt() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.state();
  }

  run() {
    cancelAnimationFrame(this.frame);
    this.last = performance.now();
    const tick = (/** @type {number} */ now) => {
      if (!this.playing) return;
      // After the tab was hidden, it goes on from where it was.
      this.time += (Math.min(100, now - this.last) / STAGE) * SPEEDS[this.speed];
      this.last = now;
      if (this.time >= STAGES) {
        this.time = STAGES;
        did("slow-motion");
        this.render();
        this.onward();
        return;
      }
      this.render();
      this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  }

  /** The next scene, or where there is none the next move. */
  onward() {
    if (this.at + 1 < this.looks.length) {
      this.at += 1;
      this.time = 0;
      this.words();
      this.run();
    } else if (this.about?.ready) this.ask("move next 1");
    else this.halt();
  }

  /** @param {KeyboardEvent} event */
  onkey(event) {
    const target = /** @type {HTMLElement | null} */ (event.composedPath()[0]);
    if (event.altKey || event.ctrlKey || event.metaKey || !this.node?.isConnected) return;
    const typing = target?.closest?.(
      "input:not([type=radio]), textarea, select, [role=combobox], [role=slider], [contenteditable]",
    );
    if (typing) return;
    if (event.key === " ") {
      event.preventDefault(); // a button that has the focus would be pressed
      if (target?.tagName === "BUTTON") target.blur();
      this.toggle();
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      if (target?.closest?.("input")) return;
      event.preventDefault();
      this.stepStage(event.key === "ArrowRight" ? 1 : -1);
    }
  }

  /** @param {1 | -1} by */
  stepStage(by) {
    this.halt();
    const whole = Math.min(STAGES - 1, Math.floor(this.time));
    const last = this.time >= STAGES ? STAGES : whole;
    if (by > 0 && last >= STAGES - 1) {
      if (this.time < STAGES) this.time = STAGES;
      else if (this.at + 1 < this.looks.length) {
        this.at += 1;
        this.time = 0.999;
      } else this.ask("move next 1");
    } else if (by < 0 && last === 0) {
      if (this.at > 1) {
        this.at -= 1;
        this.time = STAGES;
      }
    } else if (this.scene?.player) this.time = last + by + 0.999;
    this.words();
    this.render();
  }

  /** What depends on whether commands can be sent, and on who plays. */
  state() {
    const off = !this.about?.ready || this.pending > 0;
    for (const button of [...(this.buttons ?? []), this.train]) if (button) button.disabled = off;
    if (this.about?.running) this.train.disabled = this.pending > 0;
    this.train.textContent = this.about?.running ? "Pause" : "Train 5 s";
    if (this.play) {
      this.play.textContent = this.playing ? "❚❚ Stop here" : "▶ Slow motion";
      this.play.disabled = !this.playing && !this.about?.ready && this.time >= STAGES;
    }
    this.node?.classList.toggle("pending", this.pending > 0);
  }

  /** What a scene says in words. */
  words() {
    const scene = this.scene;
    const told = scene?.told ?? [];
    this.told?.replaceChildren(...told.flatMap(([head, text]) => [element("dt", {}, head), element("dd", {}, text)]));
    this.saying = told.length > 0;
    if (!told.length)
      this.told?.replaceChildren(
        element(
          "dd",
          {},
          "Nobody has moved yet. Press D’s move: the detective looks at a batch of real and forged pictures and learns a little; then let the forger answer.",
        ),
      );
    const player = scene?.player ?? "";
    if (this.lossOf) {
      this.lossOf.textContent = player ? `Loss of ${NAMES[player]}` : "Loss";
      this.lossOf.className = `title ${player}`;
    }
    for (const network of this.networks ?? []) {
      const layers = (network.player === player ? scene?.layers : undefined) ?? this.layersOf.get(network.player) ?? [];
      network.name(layers.map(([name]) => name));
    }
    [...(this.tabs?.children ?? [])].forEach((tab, index) => {
      tab.classList.toggle("chosen", index + 1 === this.at);
    });
  }

  /** Draws the moment `time` of the scene `at`. */
  render() {
    const after = this.looks[this.at];
    const { about } = this;
    if (!after || !about) return;
    const before = this.looks[this.at - 1] ?? after;
    const { scene } = after;
    const moving = Boolean(scene.player);
    const stage = Math.min(STAGES - 1, Math.floor(this.time));
    const done = !moving || this.time >= STAGES;
    const share = moving ? ease(clamp(this.time - 6)) : 1;
    this.stageNodes.forEach((node, index) => {
      node.classList.toggle("lit", moving && !done && index === stage);
      node.classList.toggle("past", moving && (done || index < stage));
      node.style.setProperty("--part", String(!moving || done ? 0 : index === stage ? clamp(this.time - index) : 0));
      if (moving && !done && index === stage) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
    });
    if (this.stage && this.caption) {
      const mover = NAMES[scene.player] ?? "";
      this.stage.textContent = !moving ? "before the first move" : done ? `${mover} has moved` : about.stages[stage];
      this.caption.textContent = !moving
        ? "Ten real pictures and ten forgeries, and what the detective D says of each."
        : done
          ? (scene.captions?.[STAGES - 1] ?? "")
          : (scene.captions?.[stage] ?? "");
    }
    const asked = this.overlay || (moving && !done && stage === 5 && scene.player === "generator");
    // A lesson may hide it.
    const looking = asked && !getComputedStyle(this.node).getPropertyValue("--see-steps-gradient");
    this.node?.setAttribute("data-stage", moving && !done ? String(stage) : "done");
    this.node?.setAttribute("data-player", scene.player);
    for (const name of ROWS) this.row(name, before, after, share, looking);
    this.loss(scene, done);
    // What is still to come keeps its place.
    [...(this.told?.children ?? [])].forEach((node, index) => {
      const hidden = this.saying && !done && this.time < SAID_FROM[index >> 1];
      /** @type {HTMLElement} */ (node).style.visibility = hidden ? "hidden" : "";
    });
    this.layers(scene);
  }

  /**
   * @param {RowName} name
   * @param {Look} before
   * @param {Look} after
   * @param {number} share
   * @param {boolean} looking
   */
  row(name, before, after, share, looking) {
    const { score } = /** @type {About} */ (this.about);
    const panel = this.panels?.[name];
    if (!panel) return;
    const [was, is] = [before.scene.rows[name], after.scene.rows[name]];
    const low = score.probability || score.energy ? 0 : this.range[0];
    const high = score.probability ? 1 : this.range[1];
    let sum = 0;
    // First the latents come, and then the pictures out of them.
    const latents = name === "forged" && after.scene.player && this.time < 2 ? after.latents : [];
    const hidden = this.time < 1 ? ease(clamp(this.time / 0.35)) : 1 - ease(clamp(this.time - 1));
    panel.figures.forEach((figure, index) => {
      figure.paint(
        figure.canvas,
        index,
        [before[name].images, after[name].images],
        looking ? [before[name].toward, after[name].toward] : null,
        share,
        latents[index],
        hidden,
      );
      const value = mixed(was.scores[index], is.scores[index], share);
      sum += value;
      figure.number.textContent = written(value, score.probability);
      figure.fill.style.width = `${100 * clamp((value - low) / (high - low || 1))}%`;
      figure.tick.hidden = score.undecided === null;
      if (score.undecided !== null)
        figure.tick.style.left = `${100 * clamp((score.undecided - low) / (high - low || 1))}%`;
      const drawn = after[name].drawn[0];
      figure.drawn.hidden = !drawn;
      if (drawn) figure.paint(figure.drawn, index, [before[name].drawn[0] ?? drawn, drawn], null, share);
      const now = share < 0.5 ? was : is;
      const texts = now.readings.filter(({ texts }) => texts);
      figure.line.hidden = !texts.length;
      figure.line.replaceChildren(
        ...texts.map(({ texts: read, asked, right, label }) => {
          const wanted = asked?.length ? asked[index] : "";
          const text = wanted ? `${read?.[index]} (${wanted})` : `${read?.[index]}`;
          const good = right ? (right[index] ? "right" : "wrong") : "";
          return element(
            "span",
            { className: good, title: `${label}${wanted ? "; in brackets what it should be" : ""}` },
            text,
          );
        }),
      );
    });
    const what = name === "real" ? "x" : "G(z)";
    const letter = score.energy ? `energy of ${what}, low is real:` : `D(${what})`;
    panel.mean.textContent = `${letter} on average ${written(sum / SHOWN, score.probability)}`;
    const labels = is.readings.map(({ label, asked }) => `${label}${asked?.length ? " (asked for)" : ""}`);
    if (name === "forged" && this.key)
      this.key.textContent = labels.length ? `Beside and below: ${labels.join(", ")}` : "";
  }

  /**
   * @param {Scene} scene
   * @param {boolean} done
   */
  loss(scene, done) {
    if (!this.before || !this.after || !this.lossNote) return;
    const [before, after] = scene.losses ?? ["–", "–"];
    this.before.textContent = done || this.time >= 4 ? before : "–";
    this.after.textContent = done || this.time >= 6.5 ? after : "–";
    const [was, is] = scene.loss ?? [null, null];
    const change = was !== null && is !== null ? is - was : 0;
    const shown = scene.loss && (done || this.time >= 6.5);
    this.lossNote.textContent = !shown
      ? "What it tries to make small."
      : `${change <= 0 ? "Lower" : "Higher"} by ${written(Math.abs(change), false)}: the same pictures, seen again.`;
  }

  /** @param {Scene} scene */
  layers(scene) {
    const moved = new Map([[scene.player, scene.layers ?? []]]);
    const both = Boolean(this.about?.simultaneous && scene.player);
    if (both) for (const look of this.looks) if (look.scene.layers) moved.set(look.scene.player, look.scene.layers);
    const grown = clamp(this.time - 5);
    const gone = clamp(this.time - 6);
    for (const network of this.networks ?? []) {
      const layers = moved.get(network.player) ?? [];
      const frozen = Boolean(scene.player) && !both && network.player !== scene.player;
      network.lock.textContent = frozen ? "🔒 frozen: nil" : "";
      network.node.classList.toggle("frozen", frozen);
      const most = (/** @type {1 | 2} */ which) => Math.max(...layers.map((layer) => layer[which]), 1e-30);
      network.rows.forEach(({ gradient, update, value }, index) => {
        const [, long, far] = layers[index] ?? ["", 0, 0];
        gradient.style.width = `${(100 * grown * long) / most(1)}%`;
        update.style.width = `${(100 * gone * far) / most(2)}%`;
        value.textContent = frozen ? "0" : gone >= 0.5 && layers.length ? written(far, false) : "";
      });
    }
  }

  end() {
    this.halt();
    document.removeEventListener("keydown", this.onkey);
  }
}

/** @typedef {HTMLElement & { steps?: Steps }} Root */

/**
 * As components.v2 wants it.
 * @param {{ data: Uint8Array, parentElement: HTMLElement, setStateValue: (name: string, value: unknown) => void }} component
 */
export function component({ data, parentElement, setStateValue }) {
  const root = /** @type {Root} */ (parentElement.querySelector(".root"));
  /** @type {{ about: About, content: Uint8Array }} */
  const { about, content } = readMessage(data);
  const send = (/** @type {string} */ value) => setStateValue("asked", value);
  root.steps ??= new Steps(root, send);
  root.steps.send = send;
  root.steps.receive(about, content);
  // The server takes it that this page holds pictures, but it was built anew: then it needs them once more.
  if (about.ready && !root.steps.looks.length && !root.steps.pending) root.steps.ask("look");
  return () => {
    root.steps?.end();
    root.steps = undefined;
  };
}
