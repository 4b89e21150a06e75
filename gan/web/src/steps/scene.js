// What the server tells of a move (gan/training/scenes.py), and its numbers as arrays.

/** @typedef {{ at: number, shape: number[], scale?: number }} Place where an array lies in a message */

/**
 * What D says of ten pictures besides its score.
 * @typedef {{ label: string, pictures?: Place, texts?: string[], asked?: string[], right?: boolean[] }} Reading
 */

/** @typedef {{ images: Place, toward: Place, scores: number[], readings: Reading[] }} Row */

/**
 * How things stand after a move; with no player, while nobody moves.
 * @typedef {object} Scene
 * @property {string} player
 * @property {number} step
 * @property {number} images
 * @property {{ real: Row, forged: Row }} rows
 * @property {[number | null, number | null]} [loss] on the move's own batch, before and after
 * @property {[string, string]} [losses] the same, written
 * @property {[string, number, number][]} [layers] name, gradient, update
 * @property {string[]} [captions]
 * @property {[string, string][]} [told]
 * @property {number[][]} [z]
 */

/**
 * @typedef {object} About
 * @property {string} run
 * @property {string} where HTML: where the run stands
 * @property {string} note what there is to say, of what went wrong too
 * @property {boolean} ready whether it takes commands
 * @property {boolean} running
 * @property {number} asked the command that this answers
 * @property {string} next
 * @property {string[]} stages
 * @property {{ probability: boolean, energy: boolean, undecided: number | null, meaning: string }} score
 * @property {boolean} simultaneous
 * @property {string} version tells messages with scenes apart
 * @property {string} conditional what the ten latents are, for people
 * @property {Scene[]} scenes
 */

/** @typedef {"real" | "forged"} RowName */

export const SIZE = 28;
export const SHOWN = 10;
export const NAMES = /** @type {Record<string, string>} */ ({
  discriminator: "the detective D",
  generator: "the forger G",
});
/** @type {readonly RowName[]} */
export const ROWS = ["real", "forged"];

/**
 * The first numbers of a latent as a picture of bars, up for what is positive and down for what is negative.
 * @param {number[]} z
 */
function bars(z) {
  const picture = new Uint8Array(SIZE * SIZE);
  z.slice(0, 9).forEach((value, index) => {
    const reach = Math.round(Math.min(12, Math.abs(value) * 5));
    for (let step = 0; step <= reach; step++)
      for (const column of [1 + 3 * index, 2 + 3 * index])
        picture[(value > 0 ? 14 - step : 14 + step) * SIZE + column] = 230;
  });
  return picture;
}

/** The numbers of a scene as arrays: pictures, overlays (−1 to 1), and D's own drawings where it makes some. */
export class Look {
  /**
   * @param {Scene} scene
   * @param {Uint8Array} content
   */
  constructor(scene, content) {
    const bytes = (/** @type {Place} */ { at, shape }) =>
      content.slice(at, at + shape.reduce((product, size) => product * size, 1));
    const of = (/** @type {Row} */ { images, toward, readings }) => ({
      images: bytes(images),
      toward: Float32Array.from(new Int8Array(bytes(toward).buffer), (value) => value / 127),
      drawn: readings.filter(({ pictures }) => pictures).map(({ pictures }) => bytes(/** @type {Place} */ (pictures))),
    });
    this.scene = scene;
    this.latents = (scene.z ?? []).map(bars);
    this.real = of(scene.rows.real);
    this.forged = of(scene.rows.forged);
  }
}
