// What a link holds: latents and mixes as 16-bit floats in base64 that a URL can carry (RFC 4648, section 5).

import { fromHalf, toHalf } from "./half.js";
import { mixOfClass } from "./latents.js";

/**
 * A latent and how much of each class is asked for.
 * @typedef {{ z: Float32Array, mix: Float32Array }} Pin
 */

/** What is of a lesson in an address, and not of the page (pages/components/address.py). */
export const OF_LESSON = ["lesson", "step", "present"];

/**
 * An address of the page alone, without the lesson in which one looks at it.
 * @param {string} address
 */
export function alone(address) {
  const url = new URL(address);
  for (const name of OF_LESSON) url.searchParams.delete(name);
  return url.href;
}

/** @param {Float32Array} values */
export function encode(values) {
  const bytes = new Uint8Array(values.length * 2);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setUint16(2 * i, toHalf(value), true);
  });
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/**
 * The inverse; null for what is not so many finite numbers.
 * @param {string} text
 * @param {number} length
 */
export function decode(text, length) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
  if (bytes.length !== 2 * length) return null;
  const view = new DataView(bytes.buffer);
  const values = Float32Array.from({ length }, (_, i) => fromHalf(view.getUint16(2 * i, true)));
  return values.every(Number.isFinite) ? values : null;
}

/**
 * The class that is asked for alone; -1 if several are.
 * @param {Float32Array} mix
 */
export const singleClass = (mix) => (mix.some((share) => share === 1) ? mix.indexOf(1) : -1);

/**
 * What stands in the URL of a latent and a mix.
 * @param {Float32Array} z
 * @param {Float32Array} mix
 * @returns {{ z: string, digit?: string, mix?: string }}
 */
export function toQuery(z, mix) {
  const label = singleClass(mix);
  return { z: encode(z), ...(label >= 0 ? { digit: String(label) } : { mix: encode(mix) }) };
}

/**
 * The mix of a text, a class's number or a share of each; null for anything else.
 * @param {string} text
 * @param {number} classes
 */
export function mixFromText(text, classes) {
  if (/^[0-9]{1,3}$/.test(text)) return Number(text) < classes ? mixOfClass(Number(text), classes) : null;
  const shares = decode(text, classes);
  if (!shares?.every((share) => share >= 0)) return null;
  return Math.abs(shares.reduce((total, share) => total + share, 0) - 1) < 0.01 ? shares : null;
}

/**
 * Several pins as one text for a URL: latent, class or mix, latent, … with dots in between.
 * @param {Pin[]} pins
 */
export const pinsToText = (pins) => pins.map(({ z, mix }) => Object.values(toQuery(z, mix)).join(".")).join(".");

/**
 * The inverse; null for what is not that.
 * @param {string} text
 * @param {number} dimensions
 * @param {number} classes
 * @returns {Pin[] | null}
 */
export function pinsFromText(text, dimensions, classes) {
  const parts = text.split(".");
  /** @type {Pin[]} */
  const pins = [];
  for (let i = 0; i < parts.length; i += 2) {
    const z = decode(parts[i], dimensions);
    const mix = mixFromText(parts[i + 1] ?? "", classes);
    if (!z || !mix) return null;
    pins.push({ z, mix });
  }
  return pins;
}

/**
 * The latent and the mix in a URL's query; null where it has none that fits.
 * @param {URLSearchParams} query
 * @param {number} dimensions
 * @param {number} classes
 */
export function fromQuery(query, dimensions, classes) {
  const z = query.get("z");
  return {
    z: z === null ? null : decode(z, dimensions),
    mix: mixFromText(query.get("digit") ?? query.get("mix") ?? "", classes),
  };
}
