import type { Pixels } from "./device.js";
import { ImageError } from "./errors.js";

/** What a page can draw on a canvas. */
export type Drawable = Exclude<CanvasImageSource, SVGImageElement> | ImageBitmap;

const kinds = ["ImageBitmap", "OffscreenCanvas", "HTMLCanvasElement", "HTMLImageElement", "HTMLVideoElement", "VideoFrame"];

/** True for objects that a canvas can draw, told by the name of their class: pages may hold objects of other frames. */
export function isDrawable(value: unknown): value is Drawable {
  return typeof value === "object" && value !== null && kinds.includes(Object.prototype.toString.call(value).slice(8, -1));
}

/** Width and height in pixels as they are drawn. */
function sizeOfDrawable(source: Drawable): readonly [number, number] {
  const { displayWidth, displayHeight, videoWidth, videoHeight, naturalWidth, naturalHeight, width, height } = source as unknown as Record<string, number | undefined>;
  return [displayWidth ?? videoWidth ?? naturalWidth ?? width ?? 0, displayHeight ?? videoHeight ?? naturalHeight ?? height ?? 0];
}

/**
 * RGBA pixels of something drawable, through a 2D canvas (`willReadFrequently`, so that it stays in host memory).
 *
 * @throws ImageError where there is no canvas, for an image that has not loaded, and for one of another origin.
 */
export function drawnPixels(source: Drawable): Pixels {
  const [width, height] = sizeOfDrawable(source);
  if (!(width > 0 && height > 0)) throw new ImageError("The image has no pixels: it has not loaded yet, or was closed.");
  const context = typeof OffscreenCanvas === "undefined" ? undefined : new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new ImageError("There is no canvas here to read the image with: pass its pixels instead.");
  context.drawImage(source, 0, 0, width, height);
  try {
    return { data: context.getImageData(0, 0, width, height).data, width, height, channels: 4 };
  } catch (error) {
    throw new ImageError("The image comes from another origin without its permission (CORS), so its pixels cannot be read.", { cause: error });
  }
}
