// Small pictures of the data that one can choose.

import { context2d, element } from "../dom.js";
import { CLOUDS, sample } from "./clouds.js";
import { Random } from "./random.js";

/** @import { Cloud } from "./clouds.js" */

/** One's own points, beside the clouds. */
export const OWN = "own";

/**
 * A button with a picture for each kind of data.
 * @param {(name: string) => void} choose
 */
export const thumbs = (choose) =>
  [...Object.keys(CLOUDS), OWN].map((name) => {
    /** @type {Cloud | undefined} */
    const cloud = CLOUDS[name];
    const picture = element("canvas", { width: 44, height: 44 });
    const label = cloud?.label ?? "Draw your own";
    const button = element(
      "button",
      { className: "thumb", title: label, "data-testid": `flat-data-${name}`, onclick: () => choose(name) },
      picture,
      element("span", {}, label),
    );
    return { name, button, paint: (/** @type {string} */ ink) => paint(picture, cloud, ink) };
  });

/**
 * @param {HTMLCanvasElement} picture
 * @param {Cloud | undefined} cloud
 * @param {string} ink
 */
function paint(picture, cloud, ink) {
  const context = context2d(picture);
  context.clearRect(0, 0, 44, 44);
  context.fillStyle = ink;
  if (!cloud) {
    context.font = "24px system-ui";
    context.textAlign = "center";
    context.fillText("✎", 22, 31);
    return;
  }
  if (cloud.dims === 1) {
    const counts = Array.from({ length: 22 }, () => 0);
    for (const x of sample(cloud, new Random(3), 4000)) counts[Math.floor(11 * (x + 1))] += 1;
    const most = Math.max(...counts);
    counts.forEach((count, i) => {
      context.fillRect(2 * i, 34 - (24 * count) / most, 1.6, 0.8 + (24 * count) / most);
    });
    return;
  }
  const points = sample(cloud, new Random(3), 220);
  for (let i = 0; i < 220; i += 1) context.fillRect(22 + 20 * points[2 * i], 22 - 20 * points[2 * i + 1], 1.4, 1.4);
}
