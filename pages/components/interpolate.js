// Ways between pinned latents, side by side on the same pins. Needs runtime.js, share.js, latents.js,
// hand.js, pins.js, gather.js, paths.js and files.js.

const STRIP = 11;
const FRAMES = 48;
const NORM_POINTS = 80;

/** A strip of what a way passes through, the moving picture beside it, and the norm of z along it. */
function pathRow(name, state) {
  const { label, told } = PATHS[name];
  const moving = still({
    className: "moving",
    "data-testid": `path-canvas-${name}`,
    "aria-label": `${label}: where the slider is`,
  });
  const cells = new Cells(STRIP, 1, (cell) => state.at(name, cell / (STRIP - 1)), {
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
        element("span", { className: "quiet", textContent: told }),
      ),
      cells.node,
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
    const far = (z) => norm(z.slice(0, count));
    const highest = 1.25 * Math.max(length, ...state.pins.list.map(({ z }) => far(z))) || 1;
    const y = (value) => (40 - (38 * value) / highest).toFixed(2);
    const points = Array.from({ length: NORM_POINTS + 1 }, (_, i) => {
      const t = i / NORM_POINTS;
      return `${(100 * t).toFixed(2)},${y(far(state.latent(name, t)))}`;
    });
    // The norm of a z ~ N(0, I) has a deviation of 1/√2, whatever its dimension.
    const [top, bottom] = [y(length + Math.SQRT1_2), y(length - Math.SQRT1_2)];
    svg.innerHTML =
      `<rect x="0" width="100" y="${top}" height="${(bottom - top).toFixed(2)}" class="band"/>` +
      `<polyline points="${points.join(" ")}" class="curve"/><line class="now" y1="0" y2="40"/>`;
  };
  const refresh = () => {
    node.hidden = state.pins.list.length < 2;
    cells.left = 0;
    if (node.hidden) return;
    draw();
    cells.restart();
  };
  const move = () => {
    const { z, mix } = state.at(name, state.t);
    moving.show(state.program.forge(z, mix));
    const now = svg.querySelector(".now");
    now?.setAttribute("x1", 100 * state.t);
    now?.setAttribute("x2", 100 * state.t);
  };
  return { name, node, cells, refresh, move, chosen };
}

/** A − B + C, and the grid that leads there. */
function arithmetic(state) {
  const SIZE = 5;
  const cells = new Cells(
    SIZE,
    SIZE,
    (cell) => {
      const [a, b, c] = state.pins.list;
      const right = (cell % SIZE) / (SIZE - 1);
      const down = Math.floor(cell / SIZE) / (SIZE - 1);
      const z = b.z.map((value, i) => value + right * (a.z[i] - value) + down * (c.z[i] - value));
      const mix = b.mix.map((value, i) => Math.max(0, value + right * (a.mix[i] - value) + down * (c.mix[i] - value)));
      const sum = mix.reduce((total, share) => total + share, 0);
      return { z: state.pins.latents.settled(z), mix: mix.map((share) => share / sum) };
    },
    {
      className: "analogy",
      role: "img",
      "data-testid": "analogy",
      "aria-label": "B, A, C and A − B + C at the corners",
    },
  );
  const told =
    "B at the top left, A at the top right, C at the bottom left. " +
    "A − B + C, at the bottom right, is to C as A is to B.";
  const node = element(
    "section",
    {},
    element("h2", { textContent: "Latent arithmetic: A − B + C" }),
    element("p", { className: "quiet", textContent: told }),
    cells.node,
  );
  const refresh = () => {
    node.hidden = state.pins.list.length < 3;
    cells.left = 0;
    if (!node.hidden) cells.restart();
  };
  return { node, cells, refresh };
}

/** Builds the page inside `root`; returns { update(program), end() }. */
function mountInterpolate(root, program) {
  const { pins, origin } = firstPins(program);
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
      return { z: state.latent(name, t), mix: state.mixing ? straightAlong(name, mixes, t) : mixes[0] };
    },
  };
  const rows = Object.keys(PATHS).map((name) => pathRow(name, state));
  const gathered = gathering(state, origin);
  const sum = arithmetic(state);
  const cells = [...rows.map((row) => row.cells), sum.cells];

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
  const check = (label, name) =>
    element(
      "label",
      {},
      element("input", {
        type: "checkbox",
        checked: state[name],
        onchange: (event) => {
          state[name] = event.target.checked;
          refresh();
        },
      }),
      label,
    );

  const frames = (name) => {
    const found = { greys: [], latents: [] };
    const rgba = new Uint8ClampedArray(4 * SIDE * SIDE);
    const count = state.pingPong && name !== "circle" ? 2 * FRAMES - 2 : FRAMES;
    for (let i = 0; i < count; i++) {
      const step = i < FRAMES ? i : 2 * FRAMES - 2 - i;
      const { z, mix } = state.at(name, step / (name === "circle" ? FRAMES : FRAMES - 1));
      shade(state.program.forge(z, mix), rgba);
      found.greys.push(Uint8Array.from({ length: SIDE * SIDE }, (_, k) => rgba[4 * k]));
      found.latents.push(z);
    }
    return found;
  };
  const SCALE = 8;
  const save = async (kind) => {
    const { name, cells: strip } = rows.find((row) => row.chosen.checked);
    const file = `${name}.${kind === "strip" ? "png" : kind}`;
    if (kind === "strip") return strip.node.toBlob((blob) => offer(blob, file));
    const { greys, latents } = frames(name);
    const seconds = 1 / (state.speed * FRAMES);
    if (kind === "npz") {
      const images = npy(joined(greys), [greys.length, SIDE, SIDE], "|u1");
      const z = npy(Float32Array.from(latents.flatMap((one) => [...one])), [latents.length, latents[0].length], "<f4");
      return offer(new Blob([npz({ images, latents: z })]), file);
    }
    const large = greys.map((frame) => enlarged(frame, SIDE, SCALE));
    const content = kind === "gif" ? gif(large, SIDE * SCALE, seconds) : await apng(large, SIDE * SCALE, seconds);
    return offer(new Blob([content], { type: `image/${kind}` }), file);
  };
  const saves = element(
    "div",
    { className: "buttons saves" },
    element("span", { className: "quiet", textContent: "Save the one that is marked: " }),
    ...["gif", "apng", "strip", "npz"].map((kind) =>
      element("button", {
        textContent: kind === "strip" ? "PNG strip" : kind.toUpperCase(),
        onclick: () => save(kind),
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
      ...(program.header.conditional ? [check("mix the digits too", "mixing")] : []),
    ),
    scrub.node,
    speed.node,
  );
  root.replaceChildren(
    element(
      "div",
      { className: "explorer interpolate" },
      gathered.node,
      few,
      controls,
      ...rows.map((row) => row.node),
      saves,
      sum.node,
    ),
  );

  let waiting = false;
  let last;
  let drawn;
  let ended = false;
  function request() {
    if (waiting || ended) return;
    waiting = true;
    requestAnimationFrame(frame);
  }
  /** Where one is after so many milliseconds more. */
  function walk(milliseconds) {
    const by = (state.speed * milliseconds) / 1000;
    if (!state.pingPong) state.forward = true;
    state.t += state.forward ? by : -by;
    if (state.t >= 0 && state.t <= 1) return;
    if (state.pingPong) state.forward = state.t < 0;
    state.t = state.pingPong ? Math.min(1, Math.max(0, state.t)) : 0;
  }
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
    let next;
    while ((next = cells.find((one) => one.left))) {
      next.paint(state.program);
      if (performance.now() - started > BUDGET) break;
    }
    if (state.playing || next) request();
  }
  function refresh() {
    gathered.refresh();
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
