// Flatland's page: the board, what moves it, what is measured, and what can be set. All of its state is in the address.

import { did } from "../did.js";
import { copy, element } from "../dom.js";
import { alone } from "../links.js";
import { Board } from "./board.js";
import { Chart } from "./chart.js";
import { CLOUDS } from "./clouds.js";
import { fields } from "./fields.js";
import { GAMES } from "./games.js";
import { layout } from "./layout.js";
import { pasteBox } from "./paste.js";
import { pasted, withMore } from "./points.js";
import { Random } from "./random.js";
import { readSettings, USUAL, writeSettings } from "./settings.js";
import { OWN, thumbs } from "./thumbs.js";
import { STAGES, TRIALS, told } from "./words.js";
import workerText from "./worker.js?worker";

/** @import { Settings } from "./settings.js" */
/** @import { News, Order } from "./worker.js" */
/** @import { Figures } from "./session.js" */

const STAGE_SECONDS = 1.6;

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
    if (settings.data !== OWN) settings.dims = CLOUDS[settings.data].dims;
    address();
    say("");
    if (again) begin();
    else {
      order({ kind: "pace", steps: settings.pace });
      refresh();
    }
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
    change({ data: OWN });
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
      change({ data: OWN, points });
      paste.node.hidden = true;
    }
    say(made);
  }

  const paste = pasteBox(use);

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

  const data = thumbs((name) => {
    if (name === OWN) {
      settings = { ...settings, dims: settings.dims };
      draw(!drawing);
      if (drawing && settings.points.length && settings.data !== OWN) change({ data: OWN });
    } else {
      draw(false);
      change({ data: name, latents: settings.latents });
    }
  });
  const set = fields(change);
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
  const link = element("button", { textContent: "Copy link", onclick: () => void copy(link, alone(location.href)) });

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
    for (const { name, button } of data) {
      const pressed = name === OWN ? drawing || settings.data === OWN : settings.data === name;
      button.setAttribute("aria-pressed", String(pressed));
    }
    set.show(settings, drawing);
    ownTools.hidden = settings.data !== OWN && !drawing;
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
      onclick: paste.open,
    }),
    element("button", {
      textContent: "Clear drawing",
      onclick: () => {
        draw(true);
        change({ points: new Float64Array(0), data: settings.data === OWN ? USUAL.data : settings.data, dims: 2 });
      },
    }),
    set.dims.node,
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
    for (const { paint } of data) paint(colour("ink"));
    request();
  }

  const node = layout(
    {
      probe,
      notice,
      canvas,
      hover,
      key,
      playButton,
      stepD,
      stepG,
      slowButton,
      again,
      count,
      next,
      fps,
      stages,
      caption,
      lossD,
      lossG,
      value,
      ideal,
      distance,
      floor,
      blobs,
      ownTools,
      link,
      paste: paste.node,
      losses: losses.node,
      distances: distances.node,
    },
    { switches: switches.map((one) => one.node), thumbs: data.map(({ button }) => button), trials },
    set,
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
