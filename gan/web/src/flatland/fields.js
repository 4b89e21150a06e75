// What can be set in Flatland: a choice for each, and what stands on them.

import { element } from "../dom.js";
import { PACES, RATES } from "./settings.js";
import { NAMED, term } from "./words.js";

/** @import { Settings } from "./settings.js" */

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

/**
 * All choices. `show` puts them where the settings are.
 * @param {(changes: Partial<Settings>, again?: boolean) => void} change `again`: a new game begins, which is usual
 */
export function fields(change) {
  const pace = select(
    "Speed",
    PACES.map((steps) => [
      String(steps),
      steps === 0 ? "as fast as it goes" : `${steps} ${steps === 1 ? "step" : "steps"} a picture`,
    ]),
    (steps) => change({ pace: Number(steps) }, false),
    "pace",
  );
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
  /** @param {Settings} settings @param {boolean} drawing */
  const show = (settings, drawing) => {
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
  };
  return {
    pace,
    game,
    meaning,
    k,
    rateG,
    rateD,
    hiddenG,
    hiddenD,
    latent,
    units,
    optimizer,
    clip,
    batch,
    seed,
    dims,
    show,
  };
}
