// The explorer: a button for each class, sliders, all classes of a latent, a pad.

import { codeControls, valueButtons } from "./codes.js";
import { did } from "./did.js";
import { context2d, copy, counted, download, element, explained, slider } from "./dom.js";
import { typing } from "./keys.js";
import { mixOfClass } from "./latents.js";
import { alone, fromQuery, toQuery } from "./links.js";
import { latentPad } from "./pad.js";
import { Painter, PictureGrid, picture, SIDE } from "./painter.js";
import { addressOf, LastSelection, LatentSelection } from "./selection.js";
import { coordinateSliders, directionSliders } from "./sliders.js";

/** @import { Widget } from "./component.js" */
/** @import { Header } from "./runtime.js" */
/** @import { Program } from "./runtime.js" */

/** What stands in an address of a picture. */
const SELECTED = ["z", "digit", "mix"];

/**
 * @param {number} label
 * @param {LatentSelection} selection
 */
function askFor(label, selection) {
  did("asked-for-another-digit");
  selection.setMix(mixOfClass(label, selection.mix.length));
}

/**
 * One big button a class, and behind a switch how much of each.
 * @param {LatentSelection} selection
 */
function classButtons(selection) {
  const { classes, one, many } = selection.program.header;
  const buttons = valueButtons(classes, "digit", (label) => askFor(label, selection));
  // Sliders hold weights, the numbers beside them the shares: what one asks for does not depend on the way there.
  let weights = Array.from(selection.mix);
  const mixers = classes.map((name, label) => {
    const moved = (/** @type {number} */ weight) => {
      weights[label] = weight;
      selection.setMix(weights);
    };
    return slider(element("span", { textContent: name }), 0, 1, 0.01, moved, {
      "data-testid": `mix-slider-${label}`,
      "aria-label": `Share of ${one} ${name}`,
    });
  });
  const node = element(
    "div",
    { className: isLong(classes) ? "digits long" : "digits" },
    buttons.node,
    element(
      "details",
      {},
      element("summary", { textContent: mixInWords(many, classes) }),
      element("p", { className: "quiet" }, explained(selection.program, "mix", "What is a mix?")),
      element("div", { className: "grid" }, ...mixers.map((mixer) => mixer.node)),
    ),
  );
  /** @type {Float32Array | undefined} */
  let marked;
  const refresh = () => {
    const { mix } = selection;
    if (mix !== marked) buttons.mark(mix); // not while a latent is dragged: that changes no mark
    marked = mix;
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (mix.some((share, label) => Math.abs(share - weights[label] / sum) > 2e-3)) weights = Array.from(mix);
    mixers.forEach((mixer, label) => {
      mixer.show(weights[label], 2, mix[label]);
    });
  };
  return { node, refresh };
}

/**
 * Whether names of classes need more room than digits.
 * @param {string[]} classes
 */
const isLong = (classes) => classes.some((name) => name.length > 3);

/**
 * What the sliders of a mix are for.
 * @param {string} many
 * @param {string[]} classes
 */
function mixInWords(many, classes) {
  const [one, other] = [classes.at(3) ?? classes[0], classes.at(8) ?? classes[classes.length - 1]];
  const halves = isLong(classes) ? `half ${one}, half ${other}` : `half a ${one}, half an ${other}`;
  return `Mix ${many}: ${halves}`;
}

/**
 * What D says of the picture, in words.
 * @param {Header} header
 * @param {number} output
 */
function describe({ score }, output) {
  if (Number.isNaN(output)) return ": what it thought at this moment is not kept";
  if (score.energy) return `: ${output.toPrecision(3)}, ${score.meaning}`;
  if (!score.probability) return `: score ${output.toFixed(2)}, ${score.meaning}`;
  return `: ${(100 / (1 + Math.exp(-output))).toFixed(0)} % real`;
}

/**
 * Lines of Python that draw the same picture, and say where they can.
 * @param {LatentSelection} selection
 */
export function pythonCode(selection) {
  const { z, digit, mix } = toQuery(selection.z, selection.mix);
  const { reference, conditional } = selection.program.header;
  const what = digit === undefined ? `codec.decode("${mix}")` : `torch.tensor([${digit}])`;
  return `# Draws this picture as forged.png. Run it in the folder of Counterfeit, the one that holds app.py,
# after: python -m pip install -r requirements.txt
try:
    import torch
    from gan import render
    from gan.latents import codec
    from gan.models.find import resolve
    from gan.models.model import load_model
    from gan.models.sampling import sample
except ImportError as error:
    raise SystemExit(f"Run this in the folder of Counterfeit, with its requirements installed ({error}).")

model = load_model(resolve(${JSON.stringify(reference)}))
z = codec.decode("${z}")
picture = sample(model, z, ${conditional ? what : "None"})[0].numpy()
open("forged.png", "wb").write(render.png(picture, scale=20))
`;
}

/**
 * Builds the explorer inside `root`, with the latent and the mix that the address holds, else those that this tab last
 * had selected. A `standalone` page has no others beside it; its address holds them behind the #.
 * @param {HTMLElement} root
 * @param {Program} program
 * @param {boolean} standalone
 * @returns {Widget}
 */
export function mountExplorer(root, program, standalone = false) {
  const selection = new LatentSelection(program);
  const last = new LastSelection(program);
  const { pathname } = location;
  const query = () => new URLSearchParams(standalone ? location.hash.slice(1) : location.search);
  /** Whether the address is this widget's: not any more when it is another page's or model's, and this one about to go. */
  const isOurs = () => standalone || (location.pathname === pathname && query().get("model") === program.header.model);
  /** Takes what the address holds. Returns what there is to say about it. */
  const readAddress = () => {
    const asked = query();
    const { z, mix } = fromQuery(asked, selection.z.length, selection.mix.length);
    if (z) selection.z = z;
    if (mix) selection.mix = mix;
    if ((asked.has("z") && !z) || ((asked.has("digit") || asked.has("mix")) && !mix))
      return "What the address says of a picture does not fit this model, and was left out.";
    const { hash } = selection.program.header;
    const others = (asked.get("weights") ?? hash) !== hash;
    return others ? "This model has learned since the link was made, so the picture may be another one." : "";
  };
  /** @type {number | undefined} */
  let later;
  /** Puts what is selected into the address, so that Back, a reload or a copy of it brings back the very picture. */
  const remember = () => {
    clearTimeout(later);
    later = undefined;
    if (!isOurs()) return;
    last.keep(selection);
    history.replaceState(history.state, "", addressOf(selection, standalone));
  };
  /** An address may not be replaced as often as a finger moves. */
  const rememberSoon = () => {
    clearTimeout(later);
    later = setTimeout(remember, 300);
  };
  /** Whatever is pressed next may lead to another page. */
  const rememberNow = () => {
    if (later !== undefined) remember();
  };

  const canvas = element("canvas", {
    width: SIDE,
    height: SIDE,
    className: "picture",
    role: "img",
    "data-testid": "digit-canvas",
    "aria-label": `The forged ${program.header.one}`,
  });
  const { probability, energy } = program.header.score;
  const output = element("span");
  const word = energy ? "energy" : probability ? "discriminator" : "D's score";
  const discriminated = element("div", { className: "quiet opinion" }, explained(program, word, "D"), output);
  const reconstruction = picture({
    className: "drawing",
    "data-testid": "drawing",
    "aria-label": "D's own drawing of it",
  });
  const pace = element("div", { className: "quiet pace", "data-testid": "fps" });
  const notice = element("p", { className: "quiet notice", role: "status" });
  const say = (/** @type {string} */ text) => Object.assign(notice, { textContent: text, hidden: !text });
  if (!SELECTED.some((name) => query().has(name))) last.restore(selection);
  say(readAddress());
  const directions = directionSliders(selection);
  /** @type {Set<number>} */
  const locked = new Set();
  const coordinates = coordinateSliders(selection, locked);
  /** @type {{ refresh: () => void }[]} */
  const parts = [directions, coordinates];

  const setUnlocked = (/** @type {Float32Array} */ z) =>
    selection.setLatent(z.map((value, i) => (locked.has(i) ? selection.z[i] : value)));
  const random = () => {
    did("drew-a-new-latent");
    setUnlocked(selection.latents.draw());
  };
  const first = selection.latents.ofKind("categorical").length ? "; of a code the first value" : "";
  const linkButton = element("button", {
    textContent: "Copy link",
    onclick: () => {
      remember();
      // To these very weights, also while their run goes on.
      copy(linkButton, alone(addressOf(selection, standalone, { model: selection.program.header.link })));
    },
  });
  const codeButton = element("button", {
    textContent: "Copy as Python",
    title: "Lines that draw this picture, to run in the folder of Counterfeit",
    onclick: () => {
      copy(codeButton, pythonCode(selection));
    },
  });
  // Who has taken the file home has neither that folder nor the model's.
  const copies = standalone ? [linkButton] : [linkButton, codeButton];
  const left = element(
    "div",
    { className: "hand" },
    canvas,
    energy
      ? element(
          "div",
          { className: "line" },
          reconstruction.node,
          element("div", { className: "beside" }, discriminated, pace),
        )
      : element("div", { className: "line" }, discriminated, pace),
    notice,
    element(
      "div",
      { className: "buttons" },
      element("button", { textContent: "Random", onclick: random }),
      element("button", {
        textContent: "Reset",
        title: `All of z to 0, the mean of the prior${first}`,
        onclick: () => setUnlocked(selection.latents.centre()),
      }),
      element("button", {
        textContent: "Save",
        title: "The picture as a PNG of 560×560 pixels",
        onclick: () => savePicture(canvas),
      }),
      ...copies,
    ),
  );

  /** @type {PictureGrid[]} */
  const grids = [];
  const right = element("div", { className: "controls" });
  const below = element("div", { className: "below" });
  if (program.header.conditional) {
    const { classes, many } = program.header;
    const buttons = classButtons(selection);
    parts.push(buttons);
    right.append(buttons.node);
    const mixes = classes.map((_, label) => mixOfClass(label, classes.length));
    const row = new PictureGrid(classes.length, 1, (label) => ({ z: selection.z, mix: mixes[label] }), {
      className: "row",
      role: "img",
      "data-testid": "ten-digits",
      "aria-label": `All ${counted(classes.length)} ${many} of this very latent`,
    });
    grids.push(row);
    const head = element(
      "p",
      { className: "quiet" },
      `All ${counted(classes.length)} ${many} of this very `,
      explained(program, "latent"),
    );
    below.append(element("div", { className: "each" }, head, row.node));
  } else if (!selection.latents.codes.length) {
    const none = `This generator was never told which ${program.header.one} is which, so there is none to ask for.`;
    right.append(element("p", { className: "quiet", textContent: none }));
  }
  const codes = selection.latents.codes.length ? codeControls(selection, locked) : null;
  if (codes) {
    parts.push(codes);
    right.append(codes.node);
    grids.push(...codes.strips);
  }
  right.append(directions.node);
  const pad = latentPad(selection, directions, codes?.axes ?? [], standalone);
  grids.push(pad.grid);
  parts.push(pad);
  below.append(pad.node, coordinates.node);
  coordinates.node.addEventListener("toggle", coordinates.refresh);
  root.replaceChildren(element("div", { className: "explorer" }, left, right, below));

  const refresh = () => {
    for (const part of parts) part.refresh();
  };
  selection.listeners.push(refresh);
  selection.moveListeners.push(rememberSoon, () => say(""));
  refresh();
  // A link that is pasted over a standalone file; or Back, to an address that has the same model.
  const onaddress = () => {
    if (!isOurs()) return;
    clearTimeout(later);
    say(readAddress());
    selection.notify();
  };
  const outside = new AbortController();
  const { signal } = outside;
  const onkey = (/** @type {KeyboardEvent} */ event) => {
    const { conditional, classes } = selection.program.header;
    if (typing(event)) return;
    if (event.key === "n" || event.key === "N") random();
    else if (conditional && /^[0-9]$/.test(event.key) && Number(event.key) < classes.length)
      askFor(Number(event.key), selection);
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", onkey, { signal });
  for (const name of ["hashchange", "popstate"]) addEventListener(name, onaddress, { signal });
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, rememberNow, { capture: true, signal });
  if (!standalone && notice.hidden) remember();
  const painter = new Painter(
    selection,
    canvas,
    grids,
    (score) => {
      output.textContent = describe(selection.program.header, score);
      if (energy && selection.program.header.discriminator.length)
        reconstruction.show(selection.program.reconstruction());
    },
    (fps, milliseconds) => {
      pace.textContent = `${fps ? `${fps.toFixed(0)} fps · ` : ""}${milliseconds.toFixed(1)} ms`;
    },
  );
  const idsOf = (/** @type {Header} */ header) => header.bases.map((basis) => basis.id).join();
  return {
    update: (next) => {
      const before = idsOf(selection.program.header);
      selection.program = next;
      if (idsOf(next.header) !== before) directions.build();
      selection.notify();
      if (notice.hidden) rememberSoon(); // what a link shows stays what the link says until somebody moves it
    },
    end: () => {
      clearTimeout(later);
      outside.abort();
      painter.end();
      pad.end();
    },
  };
}

/**
 * Saves the picture, each pixel 20 wide.
 * @param {HTMLCanvasElement} canvas
 */
function savePicture(canvas) {
  const large = element("canvas", { width: SIDE * 20, height: SIDE * 20 });
  const context = context2d(large);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, large.width, large.height);
  large.toBlob((blob) => download(blob, "forged.png"));
}
