// Chapters 6 and 7: recorded runs, to be gone through from noise to the end.

import { element } from "../dom.js";
import { curveChart } from "./curves.js";
import { choice, line, strip } from "./parts.js";

/** @import { ChartOf } from "./curves.js" */
/** @import { Thing, Tools } from "./parts.js" */

/**
 * A run as it was recorded.
 * @typedef {object} Run
 * @property {ChartOf[]} charts
 * @property {{ images: number, picture: string, says: string }[]} moments
 * @property {string} last the whole grid at its end
 * @property {string} [says]
 */

/**
 * @param {() => void} onmove
 * @param {(at: number, run: Run) => void} onshow
 */
function viewer(onmove, onshow) {
  /** @type {Run | undefined} */
  let run;
  /** @type {ReturnType<typeof curveChart>[]} */
  let charts = [];
  const holder = element("div", { className: "charts" });
  const row = strip("Ten forgeries from the same latents");
  const moment = line("quiet");
  const slider = element("input", {
    type: "range",
    min: 0,
    step: 1,
    value: 0,
    "aria-label": "Moment of the run",
    "data-testid": "moment-of-run",
    oninput: () => {
      show();
      onmove();
    },
  });
  const show = () => {
    if (!run) return;
    const at = Number(slider.value);
    const { images, picture, says } = run.moments[at];
    row.show(picture);
    moment.textContent = `${images.toLocaleString("en")} images seen${says ? ` · ${says}` : ""}`;
    for (const chart of charts) chart.mark(images / 1000);
    onshow(at, run);
  };
  return {
    node: element("div", { className: "run" }, row.node, slider, moment, holder),
    slider,
    /** @param {Run} next */
    open(next) {
      run = next;
      charts = next.charts.map(curveChart);
      holder.replaceChildren(...charts.map((chart) => chart.node));
      slider.max = String(next.moments.length - 1);
      show();
    },
  };
}

/**
 * @param {HTMLElement} root
 * @returns {Thing}
 */
function missing(root) {
  root.append(line("quiet", "The recording that belongs here cannot be read; fetch the project again."));
  return {};
}

/**
 * @param {HTMLElement} root
 * @param {{ run: Run | null }} told
 * @param {Tools} tools
 * @returns {Thing}
 */
export function mountRun(root, { run }, tools) {
  if (!run) return missing(root);
  const shown = viewer(
    () => {
      if (Number(shown.slider.value) === run.moments.length - 1) tools.tried();
    },
    () => {},
  );
  shown.open(run);
  root.append(shown.node);
  return {};
}

/**
 * @typedef {{ name: string, title: string, sentence: string, link: string, broken: Run, cured: Run }} Failure
 */

/**
 * @param {HTMLElement} root
 * @param {{ failures: Failure[] }} told
 * @param {Tools} tools
 * @returns {Thing}
 */
export function mountFailures(root, { failures }, tools) {
  if (!failures.length) return missing(root);
  let which = failures[0];
  /** @type {"broken" | "cured"} */
  let side = "broken";
  const seen = new Set();
  const names = choice(
    failures.map(({ name, title }) => /** @type {const} */ ([name, title])),
    (name) => {
      which = failures.find((failure) => failure.name === name) ?? which;
      side = "broken";
      sides.show(side);
      open();
    },
    "Which failure",
  );
  const sides = choice(
    /** @type {const} */ ([
      ["broken", "Broken"],
      ["cured", "Cured"],
    ]),
    (value) => {
      side = value;
      open();
    },
    "Broken or cured",
  );
  const says = line("says");
  const setting = line("quiet");
  const all = strip("A hundred forgeries at the end");
  const more = element("a", { target: "_self", textContent: "Break it and cure it yourself" });
  const shown = viewer(
    () => {},
    () => {},
  );
  const open = () => {
    const run = which[side];
    says.textContent = which.sentence;
    setting.textContent = run.says ?? "";
    all.show(run.last);
    more.href = which.link;
    shown.slider.value = String(run.moments.length - 1);
    shown.open(run);
    seen.add(`${which.name} ${side}`);
    if (seen.size === 2 * failures.length) tools.tried();
  };
  root.append(
    element(
      "div",
      { className: "failures" },
      names.node,
      says,
      element("div", { className: "buttons" }, sides.node, setting),
      element(
        "div",
        { className: "with-grid" },
        shown.node,
        element("figure", {}, all.node, line("quiet", "a hundred at the end"), more),
      ),
    ),
  );
  open();
  return {};
}
