// Files made in the page: GIF, APNG, NPZ. Frames are grey pictures, `side` × `side` bytes.

import UPNG from "@pdf-lib/upng";
import { zipSync } from "fflate";
import { GIFEncoder } from "gifenc";

/**
 * Each pixel `scale` wide.
 * @param {Uint8Array} frame
 * @param {number} side
 * @param {number} scale
 */
export function enlarged(frame, side, scale) {
  const large = new Uint8Array((side * scale) ** 2);
  for (let y = 0, at = 0; y < side * scale; y++)
    for (let x = 0; x < side * scale; x++, at++)
      large[at] = frame[Math.floor(y / scale) * side + Math.floor(x / scale)];
  return large;
}

/**
 * An endless GIF, without loss: its palette is the 256 greys.
 * @param {Uint8Array[]} frames
 * @param {number} side
 * @param {number} seconds a frame
 */
export function gif(frames, side, seconds) {
  const palette = Array.from({ length: 256 }, (_, grey) => [grey, grey, grey]);
  const delay = Math.max(20, 10 * Math.round(seconds * 100)); // faster than 50 a second is shown as 10 a second
  const encoder = GIFEncoder();
  frames.forEach((frame, number) => {
    encoder.writeFrame(frame, side, side, { delay, ...(number === 0 && { palette }) });
  });
  encoder.finish();
  return encoder.bytes();
}

/**
 * An endless APNG, without loss.
 * @param {Uint8Array[]} frames
 * @param {number} side
 * @param {number} seconds a frame
 */
export function apng(frames, side, seconds) {
  const delays = frames.map(() => Math.round(seconds * 1000));
  // Red, green and blue alike, and opaque: little endian, as all processors with a browser are.
  const rgba = frames.map((frame) => Uint32Array.from(frame, (grey) => (grey * 0x10101) | 0xff000000).buffer);
  return new Uint8Array(UPNG.encode(rgba, side, side, 0, delays));
}

/**
 * An array as numpy's .npy file, version 1.0.
 * @param {ArrayBufferView} values
 * @param {number[]} shape
 * @param {"<f4" | "|u1"} kind numpy's name of the type
 */
export function npy(values, shape, kind) {
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const text = `{'descr': '${kind}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const header = `${text}${" ".repeat(63 - ((10 + text.length) % 64))}\n`;
  const file = new Uint8Array(10 + header.length + values.byteLength);
  file.set([0x93, ..."NUMPY"].map((c) => (typeof c === "string" ? c.charCodeAt(0) : c)));
  file.set([1, 0, header.length & 255, header.length >> 8], 6);
  file.set(new TextEncoder().encode(header), 10);
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 10 + header.length);
  return file;
}

/**
 * Arrays as numpy's .npz: a ZIP of .npy files, stored as they are.
 * @param {Record<string, Uint8Array>} arrays
 */
export const npz = (arrays) =>
  zipSync(Object.fromEntries(Object.entries(arrays).map(([name, content]) => [`${name}.npy`, content])), {
    level: 0,
    mtime: "1980-01-01T00:00:00", // the same arrays make the same file
  });
