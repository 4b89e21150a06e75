// Flatland's page: the board, what moves it, what is measured, and what can be set. All of its state is in the address.

import { did } from "../did.js";
import { context2d, copy, element } from "../dom.js";
import { Board } from "./board.js";
import { Chart } from "./chart.js";
import { CLOUDS, sample } from "./clouds.js";
import { GAMES } from "./games.js";
import { pasted, withMore } from "./points.js";
import { Random } from "./random.js";
import { PACES, RATES, readSettings, USUAL, writeSettings } from "./settings.js";
import workerText from "./worker.js?worker";

/** @import { Cloud } from "./clouds.js" */
/** @import { Settings } from "./settings.js" */
/** @import { News, Order } from "./worker.js" */
/** @import { Figures } from "./session.js" */

/** Games: a name, and what is special about it. @type {Record<string, [string, string]>} */
const NAMED = {
  ns: ["Non-saturating", "The usual one: the forger wants the detective to say “real”."],
  minimax: [
    "Minimax",
    "The game of 2014 to the letter: the forger wants the detective not to say “forged”. Where the detective is sure of a forgery, that forgery feels hardly any pull: its arrow is short.",
  ],
  ls: [
    "Least squares",
    "The detective gives marks, 1 for real and 0 for forged; both players pay the square of what is missing.",
  ],
  wgan: [
    "Wasserstein, clipped",
    "The detective is a critic without bounds, kept gentle by clipping its weights: its map is a slope that leads to the real points. It wants more moves: k 5.",
  ],
  hinge: ["Hinge", "The detective stops caring about points that it places well clear of the border."],
  rel: [
    "Relativistic",
    "The detective compares: it says which of two points, one real and one forged, looks more real.",
  ],
};

/** Things to try. @type {[string, string, Partial<Settings>][]} */
const TRIALS = [
  ["As it opens", "The ring, with settings that cover it in a few seconds.", {}],
  [
    "Forgeries collapse",
    "A detective that learns too slowly and a forger that runs ahead: all forgeries crowd where the map is bluest, and chase it round the ring.",
    { rateD: 0.0005, rateG: 0.03 },
  ],
  [
    "The best detective",
    "In one dimension the best possible detective can be computed (dotted). The learned one follows it; as the hills come together both sink to “cannot tell”.",
    { data: "line2", latents: 1, activation: "tanh", rateG: 0.0005, rateD: 0.005, k: 3 },
  ],
  [
    "A thread into two moons",
    "One number as latent: the forger bends a thread. It cannot tear it, so some forgeries always lie between the moons.",
    { data: "moons", latents: 1, noise: "uniform", show: "rfmg" },
  ],
  [
    "A critic's slope",
    "Wasserstein with clipped weights: an even slope, slow and steady.",
    { game: "wgan", k: 5, data: "moons", rateD: 0.005 },
  ],
  [
    "GAN Lab's own settings",
    "Two hidden layers of 8 units each, plain gradient descent at 0.1, two moves of the detective, uniform latents: as GAN Lab opens.",
    {
      hiddenG: [8, 8],
      hiddenD: [8, 8],
      activation: "relu",
      optimizer: "sgd",
      rateG: 0.1,
      rateD: 0.1,
      k: 2,
      noise: "uniform",
      batch: 150,
    },
  ],
];

/** The stages of slow motion: who, its name, what happens. @type {[("D" | "G"), string, string][]} */
const STAGES = [
  ["D", "forge", "Random latents go through the forger: amber discs. The real points are rings."],
  ["D", "look", "The detective looks at both. Where the map is blue it says “real”, where it is amber “forged”."],
  [
    "D",
    "learn",
    "It moved its weights a little, so that rings lie in bluer and discs in more amber places. The forger stood still.",
  ],
  ["G", "forge", "New forgeries. Now the detective stands still, and only answers."],
  [
    "G",
    "ask",
    "Each arrow says which way, and how strongly, its loss pulls a forgery: towards where the detective says “real”.",
  ],
  [
    "G",
    "learn",
    "The forger moved its weights a little, so that the discs went along the arrows: not each by itself, but as far as one network can move all of them.",
  ],
];
const STAGE_SECONDS = 1.6;

/** @param {string} text @param {string} meaning */
const term = (text, meaning) =>
  element(
    "span",
    { className: "term", tabIndex: 0 },
    text,
    element("span", { className: "term-meaning", role: "tooltip", textContent: meaning }),
  );

/** @param {number} value @param {number} digits */
const told = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "–");

/**
 * A labelled choice.
 * @param {Node | string} label
 * @param {[string, string][]} options value, text
 * @param {(value: string) => void} onchange
 * @param {string} name
 */
function select(label, options, onchange, name) {
  /** @type {HTMLSelectElement} */
  const node = element("select", { "data-testid": `flat-${name}` });
  node.addEventListener("change", () => onchange(node.value));
  const show = (/** @type {string} */ value) => {
    const all = options.some(([known]) => known === value)
      ? options
      : [...options, /** @type {[string, string]} */ ([value, value])];
    node.replaceChildren(...all.map(([known, text]) => element("option", { value: known, textContent: text })));
    node.value = value;
  };
  return { node: element("label", { className: "field" }, element("span", {}, label), node), show };
}

/** @param {HTMLElement} root */
export function mountFlatland(root) {
  let { settings, problems } = readSettings(new URLSearchParams(location.search));
  let playing = false;
  let drawing = false;
  /** @type {number | undefined} */
  let slow;
  let stage = -1;
  let ended = false;
  let begun = 0;
  let newest = 0;
  /** @type {Figures | undefined} */
  let figures;
  /** @type {number[]} */
  let frames = [];
  /** @type {News | undefined} */
  let pending;

  const board = new Board();
  const losses = new Chart(2, "Losses of detective and forger over steps");
  const distances = new Chart(1, "Distance of the two clouds over steps");

  const worker = new Worker(URL.createObjectURL(new Blob([workerText], { type: "text/javascript" })));
  const order = (/** @type {Order} */ message) => worker.postMessage(message);

  // ---- Words that change ---------------------------------------------------------------------------------------------
  const notice = element("p", { className: "notice", role: "status", "data-testid": "flat-notice" });
  const caption = element("p", { className: "caption", "aria-live": "polite", "data-testid": "flat-caption" });
  const fps = element("span", { className: "quiet fixed", "data-testid": "flat-fps" });
  const count = element("span", { className: "fixed", "data-testid": "flat-steps" });
  const distance = element("strong", { "data-testid": "flat-distance" });
  const floor = element("span", { "data-testid": "flat-floor" });
  const blobs = element("span", { className: "fixed", "data-testid": "flat-blobs" });
  const lossD = element("strong", { className: "detective fixed" });
  const lossG = element("strong", { className: "forger fixed" });
  const value = element("span", { className: "fixed" });
  const hover = element("div", { className: "hover", hidden: true });

  const say = (/** @type {string} */ text) => {
    notice.textContent = text;
  };

  // ---- The game ------------------------------------------------------------------------------------------------------
  const address = () => {
    const query = String(writeSettings(settings, new URLSearchParams(location.search)));
    history.replaceState(history.state, "", `${location.pathname}${query ? `?${query}` : ""}`);
  };
  const showing = () => {
    const { show } = settings;
    order({
      kind: "show",
      show: { map: show.includes("m"), arrows: show.includes("a") || stage === 4, grid: show.includes("g") },
    });
  };

  /** A new game with what is set now. */
  function begin() {
    losses.clear();
    distances.clear();
    figures = undefined;
    begun += 1;
    board.dims = settings.dims;
    board.latents = settings.latents;
    showing();
    order({ kind: "pace", steps: settings.pace });
    order({ kind: "begin", setup: settings });
    refresh();
  }

  /** @param {boolean} on */
  function play(on) {
    if (on) {
      stopSlow();
      draw(false);
    }
    if (on) did("trained-flatland");
    playing = on;
    frames = [];
    order({ kind: "play", on });
    refresh();
  }

  /** @param {"D" | "G" | "next"} player */
  function move(player) {
    if (playing) play(false);
    stopSlow();
    draw(false);
    order({ kind: "move", player });
  }

  function stopSlow() {
    clearTimeout(slow);
    slow = undefined;
    stage = -1;
    board.emphasis = "";
    refresh();
  }

  function nextStage() {
    stage = (stage + 1) % STAGES.length;
    const [player, name, text] = STAGES[stage];
    caption.textContent = `${player === "D" ? "Detective's move" : "Forger's move"}. ${text}`;
    board.emphasis = { forge: "forged", look: "", ask: "arrows", learn: "" }[name] ?? "";
    showing();
    if (name === "learn") order({ kind: "move", player });
    request();
    refresh();
    slow = setTimeout(nextStage, STAGE_SECONDS * 1000);
  }

  /** @param {Partial<Settings>} changes @param {boolean} again whether a new game begins */
  function change(changes, again = true) {
    settings = { ...settings, ...changes };
    if (settings.data !== "own") settings.dims = CLOUDS[settings.data].dims;
    address();
    say("");
    if (again) begin();
    else refresh();
  }

  worker.onmessage = ({ data }) => {
    /** @type {News} */
    const news = data;
    if (ended) return;
    if (news.game !== newest) {
      newest = news.game;
      pending = undefined;
    }
    // What comes once a game must not be lost if another picture follows at once.
    pending = {
      ...news,
      real: news.real ?? pending?.real,
      realDensity: news.realDensity ?? pending?.realDensity,
      figures: news.figures ?? pending?.figures,
      moved: news.moved ?? pending?.moved,
    };
    request();
  };
  worker.onerror = (event) => {
    say(`The game cannot be played here: ${event.message || "this browser starts no worker threads"}.`);
  };

  let requested = false;
  function request() {
    if (requested || ended) return;
    requested = true;
    requestAnimationFrame((now) => {
      requested = false;
      frame(now);
    });
  }

  /** @param {number} now */
  function frame(now) {
    if (ended) return;
    if (pending && pending.game === begun) take(pending, now);
    else if (pending) order({ kind: "drawn" });
    pending = undefined;
    board.fit();
    board.show = settings.show;
    board.drawing = drawing;
    board.points = settings.points;
    board.paint();
  }

  /** @param {News} news @param {number} now */
  function take({ picture, figures: measured, real, realDensity, moved, broken }, now) {
    board.picture = picture;
    if (real) board.real = real;
    if (realDensity) board.realDensity = realDensity;
    order({ kind: "drawn" });
    if (measured) {
      figures = measured;
      distances.add(picture.step, [measured.distance]);
    }
    const { ideal } = GAMES[settings.game];
    const { colours } = board;
    if (Number.isFinite(picture.lossD) || Number.isFinite(picture.lossG)) {
      losses.add(picture.step, [picture.lossD, picture.lossG]);
      if (Number.isFinite(picture.lossD)) {
        lossD.textContent = told(picture.lossD);
        value.textContent = told(-picture.lossD);
      }
      if (Number.isFinite(picture.lossG)) lossG.textContent = told(picture.lossG);
    } else if (real) for (const node of [lossD, lossG, value]) node.textContent = "–";
    count.textContent = `${picture.step.toLocaleString("en")} steps`;
    next.textContent = picture.next === "D" ? "detective" : "forger";
    if (figures) {
      distance.textContent = told(figures.distance, 3);
      floor.textContent = told(figures.floor, 3);
      blobs.textContent = figures.outOf > 1 ? `${figures.blobs} of ${figures.outOf} blobs covered` : "";
    }
    losses.paint(
      [
        { colour: colours.discriminator, dash: [], ideal: ideal[0] },
        { colour: colours.generator, dash: [6, 3], ideal: ideal[1] },
      ],
      colours.ink,
      undefined,
    );
    distances.paint([{ colour: colours.ink, dash: [], ideal: figures?.floor }], colours.ink, 0);
    if (moved && stage < 0)
      caption.textContent =
        moved.player === "D"
          ? `The detective moved; its loss on this batch was ${told(moved.loss, 3)}. The forger stood still: the discs are where they were, the map is not.`
          : `The forger moved; its loss on this batch was ${told(moved.loss, 3)}. The detective stood still: the map is what it was, the discs went along the arrows.`;
    if (broken && playing) {
      playing = false;
      say("The numbers went beyond all bounds: the rates are too high for this game. Lower one, and start again.");
      refresh();
    }
    if (!playing) {
      fps.textContent = "";
      return;
    }
    frames.push(now);
    while (frames[0] < now - 1000) frames.shift();
    const span = now - frames[0];
    if (span > 400) fps.textContent = `${Math.round(((frames.length - 1) * 1000) / span)} pictures/s`;
  }

  // ---- One's own points ----------------------------------------------------------------------------------------------
  /** @param {boolean} on */
  function draw(on) {
    if (drawing === on) return;
    drawing = on;
    if (on) {
      if (playing) play(false);
      stopSlow();
      caption.textContent = "Draw with the mouse or a finger: each stroke leaves points. Then press Play.";
    } else caption.textContent = "";
    refresh();
    request();
    if (on) canvas.scrollIntoView({ block: "nearest" });
  }

  let stroke = false;
  const brush = new Random(5);
  /** @param {PointerEvent} event */
  function dab(event) {
    const { x, y } = board.place(event);
    const more = [];
    for (let i = 0; i < 3; i += 1)
      more.push(x + 0.02 * brush.normal(), settings.dims === 1 ? 0 : y + 0.02 * brush.normal());
    settings = { ...settings, points: withMore(settings.points, more) };
    request();
  }
  const { canvas } = board;
  canvas.addEventListener("pointerdown", (event) => {
    if (!drawing) return inspect(event);
    stroke = true;
    canvas.setPointerCapture(event.pointerId);
    dab(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (stroke) dab(event);
    else if (!drawing) inspect(event);
  });
  const lift = () => {
    if (!stroke) return;
    stroke = false;
    change({ data: "own" });
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", () => {
    hover.hidden = true;
  });

  /** What D says under the pointer. @param {PointerEvent} event */
  function inspect(event) {
    const place = board.place(event);
    const says = board.opinionAt(place);
    hover.hidden = says === undefined;
    if (says === undefined) return;
    const sure = settings.game === "ns" || settings.game === "minimax";
    hover.textContent = sure
      ? `D says: ${Math.round(100 * says)} % real`
      : `D says: ${says > 0.6 ? "rather real" : says < 0.4 ? "rather forged" : "cannot tell"}`;
    const box = canvas.getBoundingClientRect();
    const left = event.clientX - box.left;
    hover.style.left = `${Math.min(left + 12, box.width - 130)}px`;
    hover.style.top = `${Math.max(4, event.clientY - box.top - 30)}px`;
  }

  /** @param {string} content */
  function use(content) {
    const { points, told: made } = pasted(content);
    if (points) {
      if (playing) play(false);
      drawing = false;
      change({ data: "own", points });
      paste.hidden = true;
    }
    say(made);
  }

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
  const paste = element(
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
          paste.hidden = true;
        },
      }),
    ),
  );

  // ---- Controls ------------------------------------------------------------------------------------------------------
  const playButton = element("button", {
    className: "main",
    "data-testid": "flat-play",
    onclick: () => play(!playing),
  });
  const next = element("span", { className: "next" });
  const stepD = element("button", {
    className: "detective",
    textContent: "Detective's move",
    "data-testid": "flat-step-d",
    title: "D",
    onclick: () => move("D"),
  });
  const stepG = element("button", {
    className: "forger",
    textContent: "Forger's move",
    "data-testid": "flat-step-g",
    title: "G",
    onclick: () => move("G"),
  });
  const slowButton = element("button", {
    textContent: "Slow motion",
    "data-testid": "flat-slow",
    onclick: () => {
      if (slow !== undefined) {
        stopSlow();
        caption.textContent = "";
        return;
      }
      if (playing) play(false);
      draw(false);
      nextStage();
    },
  });
  const again = element("button", {
    textContent: "↺",
    "aria-label": "Start again",
    "data-testid": "flat-again",
    title: "Start again: the same settings and seed, from the first weights on",
    onclick: () => begin(),
  });
  const pace = select(
    "Speed",
    PACES.map((steps) => [
      String(steps),
      steps === 0 ? "as fast as it goes" : `${steps} ${steps === 1 ? "step" : "steps"} a picture`,
    ]),
    (steps) => {
      change({ pace: Number(steps) }, false);
      order({ kind: "pace", steps: settings.pace });
    },
    "pace",
  );
  const chips = STAGES.map(([player, name]) =>
    element("span", { className: `chip ${player === "D" ? "detective" : "forger"}`, textContent: name }),
  );
  const stages = element(
    "div",
    { className: "stages", hidden: true },
    element("span", { className: "detective", textContent: "detective:" }),
    ...chips.slice(0, 3),
    element("span", { className: "forger", textContent: "forger:" }),
    ...chips.slice(3),
  );

  const switches = /** @type {[string, string, string][]} */ ([
    ["r", "Real", "rings; in one dimension the dashed hill"],
    ["f", "Forged", "amber discs, the same latents all along"],
    ["m", "Detective's map", "blue where it says real, amber where it says forged"],
    ["a", "Arrows", "which way, and how strongly, the forger is pulled"],
    ["g", "Latent grid", "even lines of the latent space, as the forger bends them"],
  ]).map(([letter, label, title]) => {
    const input = element("input", {
      type: "checkbox",
      "data-testid": `flat-show-${letter}`,
      onchange: () => {
        const kept = settings.show.replace(letter, "");
        change({ show: input.checked ? kept + letter : kept }, false);
        showing();
        request();
      },
    });
    return {
      letter,
      input,
      node: element("label", { title }, input, element("span", { className: `mark mark-${letter}` }), label),
    };
  });

  const thumbs = [...Object.keys(CLOUDS), "own"].map((name) => {
    /** @type {Cloud | undefined} */
    const cloud = CLOUDS[name];
    const picture = element("canvas", { width: 44, height: 44 });
    const label = cloud?.label ?? "Draw your own";
    const button = element(
      "button",
      {
        className: "thumb",
        title: label,
        "data-testid": `flat-data-${name}`,
        onclick: () => {
          if (name === "own") {
            settings = { ...settings, dims: settings.dims };
            draw(!drawing);
            if (drawing && settings.points.length && settings.data !== "own") change({ data: "own" });
          } else {
            draw(false);
            change({ data: name, latents: settings.latents });
          }
        },
      },
      picture,
      element("span", {}, label),
    );
    return { name, cloud, picture, button };
  });

  const game = select(
    "Game",
    Object.entries(NAMED).map(([name, [label]]) => [name, label]),
    (name) => change({ game: name }),
    "game",
  );
  const meaning = element("p", { className: "quiet" });
  const k = select(
    term("Detective's moves a step, k", "How often the detective moves before the forger moves once."),
    [1, 2, 3, 5, 10].map((n) => [String(n), String(n)]),
    (n) => change({ k: Number(n) }),
    "k",
  );
  const rate = (/** @type {"rateG" | "rateD"} */ key, /** @type {string} */ name) =>
    select(
      term(
        "Learning rate",
        "How far the network moves at each step: too small and it learns slowly, too large and the game breaks.",
      ),
      RATES.map((value) => [String(value), String(value)]),
      (text) => change({ [key]: Number(text) }),
      name,
    );
  const rateG = rate("rateG", "rate-g");
  const rateD = rate("rateD", "rate-d");
  const layer = (/** @type {"hiddenG" | "hiddenD"} */ key, /** @type {string} */ name) =>
    select(
      term(
        "Hidden layers",
        "How many layers of units lie between input and answer, and how wide each is: more can draw finer shapes, and take longer.",
      ),
      ["8", "16", "32", "8-8", "16-16", "32-32", "48-48", "32-32-32"].map((text) => [
        text,
        text.replaceAll("-", " → "),
      ]),
      (text) => change({ [key]: text.split("-").map(Number) }),
      name,
    );
  const hiddenG = layer("hiddenG", "hidden-g");
  const hiddenD = layer("hiddenD", "hidden-d");
  const latent = select(
    term(
      "Latent",
      "The random numbers that the forger makes one point from, called z: the same latent, the same point.",
    ),
    [
      ["2normal", "two numbers, normal"],
      ["2uniform", "two numbers, uniform"],
      ["1normal", "one number, normal"],
      ["1uniform", "one number, uniform"],
    ],
    (text) => change({ latents: Number(text[0]), noise: /** @type {"normal" | "uniform"} */ (text.slice(1)) }),
    "latent",
  );
  const units = select(
    "Units",
    [
      ["leaky", "leaky ReLU"],
      ["relu", "ReLU"],
      ["tanh", "tanh"],
    ],
    (text) => change({ activation: /** @type {Settings["activation"]} */ (text) }),
    "units",
  );
  const optimizer = select(
    term(
      "Optimiser",
      "How gradients become moves. Adam gives each weight a pace of its own; plain descent gives all the same.",
    ),
    [
      ["adam", "Adam"],
      ["sgd", "plain descent"],
    ],
    (text) => change({ optimizer: /** @type {Settings["optimizer"]} */ (text) }),
    "optimizer",
  );
  const clip = select(
    term(
      "Weights clipped at",
      "After each of its moves the critic's weights are cut off at this size, which keeps its slope gentle.",
    ),
    ["0.01", "0.05", "0.1", "0.2", "0.5"].map((text) => [text, text]),
    (text) => change({ clip: Number(text) }),
    "clip",
  );
  const batch = select(
    "Points a move",
    ["16", "32", "64", "128", "256"].map((text) => [text, text]),
    (text) => change({ batch: Number(text) }),
    "batch",
  );
  const seed = select(
    "Seed",
    ["1", "2", "3", "4", "5"].map((text) => [text, text]),
    (text) => change({ seed: Number(text) }),
    "seed",
  );
  const dims = select(
    "Own points in",
    [
      ["2", "two dimensions"],
      ["1", "one dimension"],
    ],
    (text) => change({ dims: Number(text) }),
    "dims",
  );
  const trials = TRIALS.map(([label, what, changes]) =>
    element(
      "button",
      {
        className: "trial",
        onclick: () => {
          draw(false);
          change({ ...USUAL, points: settings.points, ...changes });
          caption.textContent = what;
          play(true);
          canvas.scrollIntoView({ block: "nearest", behavior: "smooth" });
        },
      },
      element("strong", { textContent: label }),
      element("span", { textContent: what }),
    ),
  );
  /** @type {HTMLButtonElement} */
  const link = element("button", { textContent: "Copy link", onclick: () => void copy(link, location.href) });

  /** Whatever stands on controls. */
  function refresh() {
    playButton.textContent = playing ? "Pause" : "Play";
    playButton.setAttribute("aria-pressed", String(playing));
    slowButton.setAttribute("aria-pressed", String(slow !== undefined));
    stages.hidden = stage < 0;
    chips.forEach((chip, i) => {
      chip.classList.toggle("on", i === stage);
    });
    for (const { letter, input } of switches) input.checked = settings.show.includes(letter);
    for (const { name, button } of thumbs) {
      const pressed = name === "own" ? drawing || settings.data === "own" : settings.data === name;
      button.setAttribute("aria-pressed", String(pressed));
    }
    pace.show(String(settings.pace));
    game.show(settings.game);
    meaning.textContent = NAMED[settings.game][1];
    k.show(String(settings.k));
    rateG.show(String(settings.rateG));
    rateD.show(String(settings.rateD));
    hiddenG.show(settings.hiddenG.join("-"));
    hiddenD.show(settings.hiddenD.join("-"));
    latent.show(`${settings.latents}${settings.noise}`);
    units.show(settings.activation);
    optimizer.show(settings.optimizer);
    clip.show(String(settings.clip));
    clip.node.hidden = settings.game !== "wgan";
    batch.show(String(settings.batch));
    seed.show(String(settings.seed));
    dims.show(String(settings.dims));
    dims.node.hidden = settings.data !== "own" && !drawing;
    ownTools.hidden = settings.data !== "own" && !drawing;
    key.hidden = settings.dims !== 1;
    canvas.style.touchAction = drawing ? "none" : "pan-y";
    canvas.style.cursor = drawing ? "crosshair" : "default";
    canvas.setAttribute(
      "aria-label",
      `Real and forged points in ${settings.dims === 1 ? "one dimension" : "the plane"}, and what the detective says of each place`,
    );
    ideal.textContent = `at a perfect forger ${told(-GAMES[settings.game].ideal[0])}`;
  }

  const ideal = element("span", { className: "quiet" });
  const key = element("p", {
    className: "quiet",
    textContent:
      "Blue: the detective as it has learned. Dotted: the best possible one for these two clouds. Hills: where points are dense.",
  });
  const ownTools = element(
    "div",
    { className: "buttons own" },
    element("button", {
      textContent: "Paste points",
      "data-testid": "flat-open-paste",
      onclick: () => {
        paste.hidden = false;
        text.focus();
      },
    }),
    element("button", {
      textContent: "Clear drawing",
      onclick: () => {
        draw(true);
        change({ points: new Float64Array(0), data: settings.data === "own" ? USUAL.data : settings.data, dims: 2 });
      },
    }),
    dims.node,
  );

  const probe = element("i", { className: "probe" });
  function dress() {
    const colour = (/** @type {string} */ name) => {
      probe.style.color = `var(--${name})`;
      return getComputedStyle(probe).color;
    };
    board.dress({
      ink: colour("ink"),
      ground: colour("ground"),
      generator: colour("forger"),
      discriminator: colour("detective"),
      real: colour("real"),
    });
    for (const { cloud, picture, name } of thumbs) {
      const context = context2d(picture);
      context.clearRect(0, 0, 44, 44);
      context.fillStyle = colour("ink");
      if (name === "own" || !cloud) {
        context.font = "24px system-ui";
        context.textAlign = "center";
        context.fillText("✎", 22, 31);
        continue;
      }
      if (cloud.dims === 1) {
        const counts = Array.from({ length: 22 }, () => 0);
        for (const x of sample(cloud, new Random(3), 4000)) counts[Math.floor(11 * (x + 1))] += 1;
        const most = Math.max(...counts);
        counts.forEach((count, i) => {
          context.fillRect(2 * i, 34 - (24 * count) / most, 1.6, 0.8 + (24 * count) / most);
        });
        continue;
      }
      const points = sample(cloud, new Random(3), 220);
      for (let i = 0; i < 220; i += 1) context.fillRect(22 + 20 * points[2 * i], 22 - 20 * points[2 * i + 1], 1.4, 1.4);
    }
    request();
  }

  const node = element(
    "div",
    { className: "flatland" },
    probe,
    element(
      "header",
      {},
      element("h1", { textContent: "Flatland" }),
      element(
        "p",
        { className: "quiet" },
        "The same game where everything can be seen: a ",
        term("forger", "The generator, G: a network that turns random numbers into a point."),
        " moves points, a ",
        term("detective", "The discriminator, D: a network that says of any place how real a point there would look."),
        " tells them from real ones.",
      ),
    ),
    notice,
    element(
      "section",
      { className: "stage" },
      element("div", { className: "board" }, canvas, hover),
      element("div", { className: "switches" }, ...switches.map((one) => one.node)),
      key,
    ),
    element(
      "section",
      { className: "side" },
      element("div", { className: "buttons" }, playButton, stepD, stepG, slowButton, again),
      element("div", { className: "line" }, count, element("span", {}, "next: ", next), fps),
      stages,
      caption,
      element(
        "figure",
        { className: "of-losses" },
        element(
          "figcaption",
          {},
          term(
            "Losses",
            "What each player tries to make small. They pull in opposite directions, so neither has to fall for the forgeries to get better.",
          ),
          element("span", {}, "detective ", lossD),
          element("span", {}, "forger ", lossG, " (dashed)"),
        ),
        losses.node,
        element(
          "div",
          { className: "line quiet" },
          element(
            "span",
            {},
            term(
              "Value of the game",
              "What the detective makes as large and the forger as small as it can: minus the detective's loss.",
            ),
            " ",
            value,
          ),
          ideal,
        ),
      ),
      element(
        "figure",
        { className: "of-distance" },
        element(
          "figcaption",
          {},
          term(
            "Distance of the clouds",
            "Maximum mean discrepancy: how differently two sets of 400 points lie, by the mean of four Gaussian kernels over all pairs. 0 is the same set.",
          ),
          distance,
          element(
            "span",
            { className: "quiet" },
            term(
              "real against real",
              "The floor: the same figure for two draws of real points. Nobody can expect better.",
            ),
            " ",
            floor,
          ),
        ),
        distances.node,
        element("div", { className: "line quiet" }, blobs),
      ),
    ),
    element(
      "section",
      { className: "settings" },
      element("div", { className: "thumbs" }, ...thumbs.map(({ button }) => button)),
      ownTools,
      paste,
      element(
        "div",
        { className: "cards" },
        element("fieldset", {}, element("legend", { textContent: "The game" }), game.node, meaning, clip.node, k.node),
        element(
          "fieldset",
          { className: "of-forger" },
          element("legend", { textContent: "The forger, G" }),
          rateG.node,
          hiddenG.node,
          latent.node,
        ),
        element(
          "fieldset",
          { className: "of-detective" },
          element("legend", { textContent: "The detective, D" }),
          rateD.node,
          hiddenD.node,
        ),
        element(
          "fieldset",
          {},
          element("legend", { textContent: "Both" }),
          pace.node,
          optimizer.node,
          units.node,
          batch.node,
          seed.node,
          link,
        ),
      ),
      element("h2", { textContent: "Try this" }),
      element("div", { className: "trials" }, ...trials),
      element("p", {
        className: "quiet",
        textContent:
          "Keys: space plays and pauses, → makes the next move, D and G one move of the detective or the forger. The link in the address bar holds all of this.",
      }),
    ),
  );

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.composedPath()[0];
    if (target instanceof HTMLElement && target.closest("input, select, textarea, [contenteditable]")) return;
    if (event.key === " ") {
      if (target instanceof HTMLElement && target.closest("button, a")) return;
      play(!playing);
    } else if (event.key === "ArrowRight") move("next");
    else if (event.key === "d" || event.key === "D") move("D");
    else if (event.key === "g" || event.key === "G") move("G");
    else return;
    event.preventDefault();
  }

  root.replaceChildren(node);
  addEventListener("keydown", pressed);
  const sizes = new ResizeObserver(request);
  sizes.observe(canvas);
  // A change of scheme changes colours, which nothing tells a page of.
  let worn = "";
  const wearing = setInterval(() => {
    probe.style.color = "var(--ink)";
    const now = getComputedStyle(probe).color;
    if (now === worn) return;
    worn = now;
    dress();
  }, 1000);
  worn = "";
  dress();
  address();
  begin();
  say(problems.join(" ") + (problems.length ? " What fits is used, the rest is as usual." : ""));

  return () => {
    ended = true;
    worker.terminate();
    clearTimeout(slow);
    clearInterval(wearing);
    sizes.disconnect();
    removeEventListener("keydown", pressed);
  };
}
