// What stands where on Flatland's page.

import { element } from "../dom.js";
import { term } from "./words.js";

/** @import { fields } from "./fields.js" */

/**
 * @param {Record<string, Node>} parts what changes, by name
 * @param {{ switches: Node[], thumbs: Node[], trials: Node[] }} lists
 * @param {ReturnType<typeof fields>} set what can be set
 */
export const layout = (parts, lists, set) =>
  element(
    "div",
    { className: "flatland" },
    parts.probe,
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
    parts.notice,
    element(
      "section",
      { className: "stage" },
      element("div", { className: "board" }, parts.canvas, parts.hover),
      element("div", { className: "switches" }, ...lists.switches),
      parts.key,
    ),
    element(
      "section",
      { className: "side" },
      element(
        "div",
        { className: "buttons" },
        parts.playButton,
        parts.stepD,
        parts.stepG,
        parts.slowButton,
        parts.again,
      ),
      element("div", { className: "line" }, parts.count, element("span", {}, "next: ", parts.next), parts.fps),
      parts.stages,
      parts.caption,
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
          element("span", {}, "detective ", parts.lossD),
          element("span", {}, "forger ", parts.lossG, " (dashed)"),
        ),
        parts.losses,
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
            parts.value,
          ),
          parts.ideal,
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
          parts.distance,
          element(
            "span",
            { className: "quiet" },
            term(
              "real against real",
              "The floor: the same figure for two draws of real points. Near it, the clouds cannot be told apart.",
            ),
            " ",
            parts.floor,
          ),
        ),
        parts.distances,
        element("div", { className: "line quiet" }, parts.blobs),
      ),
    ),
    element(
      "section",
      { className: "settings" },
      element("div", { className: "thumbs" }, ...lists.thumbs),
      parts.ownTools,
      parts.paste,
      element(
        "div",
        { className: "cards" },
        element(
          "fieldset",
          {},
          element("legend", { textContent: "The game" }),
          set.game.node,
          set.meaning,
          set.clip.node,
          set.k.node,
        ),
        element(
          "fieldset",
          { className: "of-forger" },
          element("legend", { textContent: "The forger, G" }),
          set.rateG.node,
          set.hiddenG.node,
          set.latent.node,
        ),
        element(
          "fieldset",
          { className: "of-detective" },
          element("legend", { textContent: "The detective, D" }),
          set.rateD.node,
          set.hiddenD.node,
        ),
        element(
          "fieldset",
          {},
          element("legend", { textContent: "Both" }),
          set.pace.node,
          set.optimizer.node,
          set.units.node,
          set.batch.node,
          set.seed.node,
          parts.link,
        ),
      ),
      element("h2", { textContent: "Try this" }),
      element("div", { className: "trials" }, ...lists.trials),
      element("p", {
        className: "quiet",
        textContent:
          "Keys: space plays and pauses, → makes the next move, D and G one move of the detective or the forger. The link in the address bar holds all of this.",
      }),
    ),
  );
