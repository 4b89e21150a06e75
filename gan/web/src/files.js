// Files made in the page: arrays for numpy, and larger pictures.

import { zipSync } from "fflate";

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
