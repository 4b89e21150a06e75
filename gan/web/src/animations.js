// Pictures in motion as files. Frames are grey pictures, `side` × `side` bytes.

import UPNG from "@pdf-lib/upng";
import { GIFEncoder } from "gifenc";

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
