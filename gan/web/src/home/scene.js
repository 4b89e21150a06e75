// What the moving pictures of Home have in common: a canvas in the colours of the scheme, and a clock that rests while
// nobody looks.

import { context2d, element } from "../dom.js";

/** @typedef {{ ink: string, ground: string, generator: string, discriminator: string }} Colours */

/**
 * One of the pictures. `paint` draws what there is after so many frames, on a canvas of this width and height.
 * @typedef {{ label: string, paint: (context: CanvasRenderingContext2D, colours: Colours, frame: number, width: number,
 *   height: number) => void, still: number }} Scene
 * `still` is the frame that somebody sees who wants no motion.
 */

const FRAMES_A_SECOND = 20;
export const FONT = '13px "Source Sans", system-ui, sans-serif';

/**
 * Puts a scene into the page and keeps it moving.
 * @param {HTMLElement} root
 * @param {Scene} scene
 * @returns {() => void} ends it
 */
export function play(root, scene) {
  const canvas = element("canvas", { role: "img", "aria-label": scene.label });
  const probe = element("span", { className: "probe" });
  root.replaceChildren(canvas, probe);
  const context = context2d(canvas);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const colour = (/** @type {string} */ name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  /** @returns {Colours} */
  const dress = () => ({
    ink: colour("ink"),
    ground: colour("ground"),
    generator: colour("generator"),
    discriminator: colour("discriminator"),
  });
  let colours = dress();
  let visible = true;
  const watcher = new IntersectionObserver(([{ isIntersecting }]) => {
    visible = isIntersecting;
  });
  watcher.observe(canvas);
  let frame = 0;
  const show = () => {
    if (document.hidden || !visible || !canvas.isConnected) return;
    const { width, height } = canvas.getBoundingClientRect();
    const scale = Math.min(2, devicePixelRatio || 1);
    const wanted = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== wanted[0] || canvas.height !== wanted[1]) [canvas.width, canvas.height] = wanted;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    // Of a change of scheme nothing tells a page.
    if (frame % FRAMES_A_SECOND === 0) colours = dress();
    scene.paint(context, colours, calm.matches ? scene.still : frame, width, height);
    frame += 1;
  };
  const timer = setInterval(show, 1000 / FRAMES_A_SECOND);
  return () => {
    clearInterval(timer);
    watcher.disconnect();
  };
}

/**
 * Bytes of a text in base64.
 * @param {string} text
 */
export const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/**
 * A picture of grey levels as a canvas, to be drawn larger.
 * @param {Uint8Array} grey width × height
 * @param {number} width
 */
export function greyCanvas(grey, width) {
  const height = grey.length / width;
  const image = new ImageData(width, height);
  grey.forEach((level, i) => {
    image.data.set([level, level, level, 255], 4 * i);
  });
  const canvas = element("canvas", { width, height });
  context2d(canvas).putImageData(image, 0, 0);
  return canvas;
}
