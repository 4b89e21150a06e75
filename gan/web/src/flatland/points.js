// Points of one's own: drawn, pasted as text, or in a link.

/** How many points are kept: a link has to hold them. */
export const MOST = 400;
/** Where a point of one's own may lie: from −REACH to REACH. */
const REACH = 1;

/**
 * Every so-manieth of too many points.
 * @param {number[]} numbers n × 2
 */
function thinned(numbers) {
  const n = numbers.length / 2;
  if (n <= MOST) return Float64Array.from(numbers);
  const kept = new Float64Array(2 * MOST);
  for (let i = 0; i < MOST; i += 1) {
    const row = Math.floor((i * n) / MOST);
    kept[2 * i] = numbers[2 * row];
    kept[2 * i + 1] = numbers[2 * row + 1];
  }
  return kept;
}

/**
 * Points as a text for a URL: two bytes each, in base64.
 * @param {Float64Array} points
 */
export function pointsToText(points) {
  const bytes = Array.from(points, (value) => {
    const share = (Math.max(-REACH, Math.min(REACH, value)) / REACH + 1) / 2;
    return String.fromCharCode(Math.round(255 * share));
  });
  return btoa(bytes.join("")).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The inverse; null for what is not that.
 * @param {string} text
 */
export function pointsFromText(text) {
  if (!/^[\w-]+$/.test(text) || text.length > 4 * MOST) return null;
  let bytes;
  try {
    bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return null;
  }
  if (bytes.length % 2 || bytes.length === 0) return null;
  return thinned(Array.from(bytes, (letter) => REACH * ((2 * letter.charCodeAt(0)) / 255 - 1)));
}

/**
 * Points of a text that somebody pasted: two numbers a line, or a list of pairs in whatever brackets.
 * @param {string} text
 * @returns {{ points: Float64Array | null, told: string }} null where there is nothing to draw from; what was made of it
 */
export function pasted(text) {
  const numbers = [];
  let odd = 0;
  for (const line of text.slice(0, 8_000_000).split(/[\n;]|\]\s*,|\)\s*,/)) {
    const found = (line.match(/[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?/g) ?? [])
      .map((part) => Number(part.replace("−", "-")))
      .filter(Number.isFinite);
    if (found.length < 2) {
      if (line.trim()) odd += 1;
      continue;
    }
    numbers.push(found[0], found[1]);
  }
  const n = numbers.length / 2;
  if (n === 0) return { points: null, told: "There are no two numbers in a line of it: write points as 0.3, −0.5." };
  const told = [];
  if (odd) told.push(`${odd.toLocaleString("en")} ${odd === 1 ? "line" : "lines"} without two numbers left out.`);
  let [low, high] = [
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ];
  let outside = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    if (Math.abs(numbers[i]) > REACH || Math.abs(numbers[i + 1]) > REACH) outside += 1;
    low = [Math.min(low[0], numbers[i]), Math.min(low[1], numbers[i + 1])];
    high = [Math.max(high[0], numbers[i]), Math.max(high[1], numbers[i + 1])];
  }
  if (outside) {
    const half = Math.max(high[0] - low[0], high[1] - low[1]) / 2;
    const scale = half > 0 && Number.isFinite(half) ? (0.9 * REACH) / half : 0;
    for (let i = 0; i < numbers.length; i += 1) {
      const middle = low[i % 2] / 2 + high[i % 2] / 2;
      numbers[i] = scale * (numbers[i] - middle);
    }
    told.push(
      outside === n && n === 1
        ? "The point lay out of the square from −1 to 1 and was put into its middle."
        : `${outside.toLocaleString("en")} lay out of the square from −1 to 1, so all were moved and scaled into it.`,
    );
  }
  if (n === 1) told.push("One point alone: its cloud is a small blob around it.");
  if (n > MOST) told.push(`Of ${n.toLocaleString("en")} points ${MOST} are kept, evenly chosen.`);
  else told.unshift(`${n} ${n === 1 ? "point" : "points"}.`);
  return { points: thinned(numbers), told: told.join(" ") };
}

/**
 * The points of a drawing with some more; when there are too many, every other one of the old goes.
 * @param {Float64Array} points
 * @param {number[]} more
 */
export function withMore(points, more) {
  const all = [...points, ...more.map((value) => Math.max(-REACH, Math.min(REACH, value)))];
  return all.length / 2 > MOST ? thinned(all) : Float64Array.from(all);
}
