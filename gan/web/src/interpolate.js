// Paths between pinned latents, side by side on the same pins.

import { did } from "./did.js";
import { download, element, explained, slider } from "./dom.js";
import encoderText from "./encoder.js?worker";
import { enlarged, npy, npz } from "./files.js";
import { BUDGET, PictureGrid, picture, SIDE } from "./painter.js";
import { latentAlong, linearAlong, PATHS } from "./paths.js";
import { firstPins, pinboard } from "./pinboard.js";
import { toRgba } from "./runtime.js";
import { norm } from "./selection.js";

/** @import { Widget } from "./component.js" */
/** @import { PathName } from "./paths.js" */
/** @import { Pins } from "./pins.js" */
/** @import { Program } from "./runtime.js" */

/**
 * Where one is on the paths, and how one goes along them.
 * @typedef {object} State
 * @property {Program} program
 * @property {Pins} pins
 * @property {number} t
 * @property {number} speed paths a second
 * @property {boolean} playing
 * @property {boolean} forward
 * @property {boolean} pingPong
 * @property {boolean} mixing
 * @property {(name: PathName, t: number) => Float32Array} latent
 * @property {(name: PathName, t: number) => { z: Float32Array, mix: Float32Array }} at
 */

const STRIP = 11;
const FRAMES = 48;
const SCALE = 8;
const NORM_POINTS = 80;

/**
 * A strip of what a path passes through, the moving picture beside it, and the norm of z along it.
 * @param {PathName} name
 * @param {State} state
 */
function pathRow(name, state) {
  const { label, meaning } = PATHS[name];
  const moving = picture({
    className: "moving",
    "data-testid": `path-canvas-${name}`,
    "aria-label": `${label}: where the slider is`,
  });
  const grid = new PictureGrid(STRIP, 1, (cell) => state.at(name, cell / (STRIP - 1)), {
    className: "row",
    role: "img",
    "data-testid": `path-strip-${name}`,
    "aria-label": `${label}: eleven places along the way`,
  });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "norms");
  const chosen = element("input", { type: "radio", name: "path", value: name, checked: name === "slerp" });
  const node = element(
    "div",
    { className: "path" },
    moving.node,
    element(
      "div",
      { className: "way" },
      element(
        "div",
        { className: "told" },
        element("label", {}, chosen, label),
        element("span", { className: "quiet", textContent: meaning }),
      ),
      grid.node,
    ),
    element(
      "figure",
      {},
      svg,
      element(
        "figcaption",
        { className: "quiet" },
        explained(state.program, "norm of z"),
        "; band: ",
        explained(state.program, "the prior"),
      ),
    ),
  );
  /** The norm along the way, with the prior's mean and one deviation to either side. */
  const draw = () => {
    const count = state.pins.latents.normal; // codes have other bounds, and no part in this
    const length = Math.sqrt(count);
    const lengthOf = (/** @type {Float32Array} */ z) => norm(z.slice(0, count));
    const highest = 1.25 * Math.max(length, ...state.pins.list.map(({ z }) => lengthOf(z))) || 1;
    const y = (/** @type {number} */ value) => 40 - (38 * value) / highest;
    const points = Array.from({ length: NORM_POINTS + 1 }, (_, i) => {
      const t = i / NORM_POINTS;
      return `${(100 * t).toFixed(2)},${y(lengthOf(state.latent(name, t))).toFixed(2)}`;
    });
    // The norm of a z ~ N(0, I) has a deviation of 1/√2, whatever its dimension.
    const [top, bottom] = [y(length + Math.SQRT1_2), y(length - Math.SQRT1_2)];
    svg.innerHTML =
      `<rect x="0" width="100" y="${top.toFixed(2)}" height="${(bottom - top).toFixed(2)}" class="band"/>` +
      `<polyline points="${points.join(" ")}" class="curve"/><line class="now" y1="0" y2="40"/>`;
  };
  const refresh = () => {
    node.hidden = state.pins.list.length < 2;
    grid.left = 0;
    if (node.hidden) return;
    draw();
    grid.restart();
  };
  const move = () => {
    const { z, mix } = state.at(name, state.t);
    moving.show(state.program.sample(z, mix));
    const now = svg.querySelector(".now");
    for (const end of ["x1", "x2"]) now?.setAttribute(end, String(100 * state.t));
  };
  return { name, node, grid, refresh, move, chosen };
}

/**
 * A − B + C, and the grid that leads there.
 * @param {State} state
 */
function arithmetic(state) {
  const SIZE = 5;
  const grid = new PictureGrid(
    SIZE,
    SIZE,
    (cell) => {
      const [a, b, c] = state.pins.list;
      const right = (cell % SIZE) / (SIZE - 1);
      const down = Math.floor(cell / SIZE) / (SIZE - 1);
      const z = b.z.map((value, i) => value + right * (a.z[i] - value) + down * (c.z[i] - value));
      const mix = b.mix.map((value, i) => Math.max(0, value + right * (a.mix[i] - value) + down * (c.mix[i] - value)));
      const sum = mix.reduce((total, share) => total + share, 0);
      return { z: state.pins.latents.project(z), mix: mix.map((share) => share / sum) };
    },
    {
      className: "analogy",
      role: "img",
      "data-testid": "analogy",
      "aria-label": "B, A, C and A − B + C at the corners",
    },
  );
  const caption =
    "B at the top left, A at the top right, C at the bottom left. " +
    "A − B + C, at the bottom right, is to C as A is to B.";
  const node = element(
    "section",
    {},
    element("h2", { textContent: "Latent arithmetic: A − B + C" }),
    element("p", { className: "quiet", textContent: caption }),
    grid.node,
  );
  const refresh = () => {
    node.hidden = state.pins.list.length < 3;
    grid.left = 0;
    if (!node.hidden) grid.restart();
  };
  return { node, grid, refresh };
}

/**
 * Builds the page inside `root`.
 * @param {HTMLElement} root
 * @param {Program} program
 * @returns {Widget}
 */
export function mountInterpolate(root, program) {
  const { pins, origin } = firstPins(program);
  /** @type {State} */
  const state = {
    program,
    pins,
    t: 0.5,
    speed: 0.25,
    playing: true,
    forward: true,
    pingPong: true,
    mixing: true,
    latent: (name, t) =>
      latentAlong(
        name,
        state.pins.list.map(({ z }) => z),
        t,
        state.pins.latents,
      ),
    at: (name, t) => {
      const mixes = state.pins.list.map(({ mix }) => mix);
      return { z: state.latent(name, t), mix: state.mixing ? linearAlong(name, mixes, t) : mixes[0] };
    },
  };
  const names = /** @type {PathName[]} */ (Object.keys(PATHS));
  const rows = names.map((name) => pathRow(name, state));
  const board = pinboard(state, origin);
  const sum = arithmetic(state);
  const grids = [...rows.map((row) => row.grid), sum.grid];

  const play = element("button", {
    textContent: "Pause",
    onclick: () => {
      state.playing = !state.playing;
      play.textContent = state.playing ? "Pause" : "Play";
      request();
    },
  });
  const scrub = slider(
    element("span", { textContent: "Along the way" }),
    0,
    1,
    0.001,
    (t) => {
      state.playing = false;
      play.textContent = "Play";
      did("walked-between-two");
      state.t = t;
      request();
    },
    { "data-testid": "scrub", "aria-label": "Along the way" },
  );
  const speed = slider(
    element("span", { textContent: "Speed" }),
    0.05,
    1,
    0.05,
    (value) => {
      state.speed = value;
      speed.show(value, 2);
    },
    { "aria-label": "Speed, in ways a second" },
  );
  speed.show(state.speed, 2);
  /**
   * @param {string} label
   * @param {"pingPong" | "mixing"} name
   */
  const check = (label, name) => {
    const box = element("input", {
      type: "checkbox",
      checked: state[name],
      onchange: () => {
        state[name] = box.checked;
        refresh();
      },
    });
    return element("label", {}, box, label);
  };

  /** A whole path as files have it: grey pictures, and their latents. */
  const record = (/** @type {PathName} */ name) => {
    const rgba = new Uint8ClampedArray(4 * SIDE * SIDE);
    const count = state.pingPong && name !== "circle" ? 2 * FRAMES - 2 : FRAMES;
    return Array.from({ length: count }, (_, i) => {
      const step = i < FRAMES ? i : 2 * FRAMES - 2 - i;
      const { z, mix } = state.at(name, step / (name === "circle" ? FRAMES : FRAMES - 1));
      toRgba(state.program.sample(z, mix), rgba);
      return { z, greys: Uint8Array.from({ length: SIDE * SIDE }, (_, k) => rgba[4 * k]) };
    });
  };
  const arrays = (/** @type {ReturnType<typeof record>} */ frames) => {
    const images = new Uint8Array(frames.length * SIDE * SIDE);
    frames.forEach(({ greys }, i) => {
      images.set(greys, i * SIDE * SIDE);
    });
    const z = Float32Array.from(frames.flatMap((frame) => [...frame.z]));
    return npz({
      images: npy(images, [frames.length, SIDE, SIDE], "|u1"),
      latents: npy(z, [frames.length, frames[0].z.length], "<f4"),
    });
  };
  /**
   * A file of pictures in motion, made beside the page.
   * @param {"gif" | "apng"} kind
   * @param {ReturnType<typeof record>} recorded
   * @returns {Promise<Blob>}
   */
  const animation = (kind, recorded) => {
    const frames = recorded.map(({ greys }) => enlarged(greys, SIDE, SCALE));
    const worker = new Worker(URL.createObjectURL(new Blob([encoderText], { type: "text/javascript" })));
    worker.postMessage({ kind, frames, side: SIDE * SCALE, seconds: 1 / (state.speed * FRAMES) });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(new Blob([data], { type: `image/${kind}` }));
      worker.onerror = ({ message }) => reject(new Error(message || "this browser starts no worker threads"));
    }).finally(() => worker.terminate());
  };
  /**
   * @param {"gif" | "apng" | "strip" | "npz"} kind
   * @param {HTMLButtonElement} button
   */
  const save = async (kind, button) => {
    const { name, grid } = rows.find((row) => row.chosen.checked) ?? rows[0];
    if (kind === "strip") return grid.node.toBlob((blob) => download(blob, `${name}.png`));
    const frames = record(name);
    const file = `${name}.${kind}`;
    if (kind === "npz") return download(new Blob([arrays(frames)]), file);
    const label = button.textContent;
    button.disabled = true;
    button.textContent = "Packing …";
    try {
      download(await animation(kind, frames), file);
    } catch (error) {
      alert(`It cannot be packed here: ${/** @type {Error} */ (error).message}.`);
    }
    button.disabled = false;
    button.textContent = label;
  };
  const kinds = /** @type {const} */ (["gif", "apng", "strip", "npz"]);
  const saves = element(
    "div",
    { className: "buttons saves" },
    element("span", { className: "quiet", textContent: "Save the one that is marked: " }),
    ...kinds.map((kind) =>
      element("button", {
        textContent: kind === "strip" ? "PNG strip" : kind.toUpperCase(),
        onclick: ({ currentTarget }) => save(kind, /** @type {HTMLButtonElement} */ (currentTarget)),
      }),
    ),
  );
  const few = element("p", {
    className: "quiet",
    textContent: "Pin two latents or more, here, in Explore or in Draw: the ways from one to the next appear below.",
  });
  const controls = element(
    "div",
    { className: "controls" },
    element(
      "div",
      { className: "buttons" },
      play,
      check("there and back", "pingPong"),
      ...(program.header.conditional ? [check(`mix the ${program.header.many} too`, "mixing")] : []),
    ),
    scrub.node,
    speed.node,
  );
  root.replaceChildren(
    element(
      "div",
      { className: "explorer interpolate" },
      board.node,
      few,
      controls,
      ...rows.map((row) => row.node),
      saves,
      sum.node,
    ),
  );

  let waiting = false;
  /** @type {number | undefined} */
  let last;
  /** @type {number | undefined} */
  let drawn;
  let ended = false;
  function request() {
    if (waiting || ended) return;
    waiting = true;
    requestAnimationFrame(frame);
  }
  /**
   * Where one is after so many milliseconds more.
   * @param {number} milliseconds
   */
  function walk(milliseconds) {
    const by = (state.speed * milliseconds) / 1000;
    if (!state.pingPong) state.forward = true;
    state.t += state.forward ? by : -by;
    if (state.t >= 0 && state.t <= 1) return;
    if (state.pingPong) state.forward = state.t < 0;
    state.t = state.pingPong ? Math.min(1, Math.max(0, state.t)) : 0;
  }
  /** @param {number} now */
  function frame(now) {
    waiting = false;
    if (state.pins.list.length < 2) return;
    const started = performance.now();
    if (state.playing) walk(Math.min(100, now - (last ?? now)));
    last = now;
    scrub.show(state.t, 2);
    if (drawn !== state.t) for (const row of rows) row.move();
    drawn = state.t;
    // At least one small picture a frame, however slow the model.
    const outdated = () => grids.find((grid) => grid.left);
    for (let grid = outdated(); grid; grid = outdated()) {
      grid.paint(state.program);
      if (performance.now() - started > BUDGET) break;
    }
    if (state.playing || outdated()) request();
  }
  function refresh() {
    board.refresh();
    const count = state.pins.list.length;
    few.hidden = count > 1;
    controls.hidden = saves.hidden = count < 2;
    for (const row of rows) row.refresh();
    sum.refresh();
    drawn = undefined;
    request();
  }
  state.pins.listeners.push(refresh);
  refresh();
  return {
    update: (next) => {
      state.program = next;
      refresh();
    },
    end: () => {
      ended = true;
      state.pins.end();
    },
  };
}
