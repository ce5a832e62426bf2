import type { Augmentation } from "./augment.js";
import { blur } from "./blur.js";
import { IGNORED, type Colour, type Sample } from "./dataset.js";
import { displacements } from "./elastic.js";
import { mirror } from "./mirror.js";
import { mix32 } from "./random.js";

/**
 * What stands outside the image: its mirror image, its mean colour, or a colour (0 … 255; that which the network subtracts, say). The mask
 * is ignored (255) there in any case.
 */
export type Padding = "reflect" | "mean" | Colour;

/** Where a window is written: parts of a batch's arrays. */
export interface Window {
  readonly width: number;
  readonly height: number;
  /** RGB, `[height, width, 3]`. */
  readonly image: Uint8Array;
  /** Class indices, `[height, width]`. */
  readonly mask?: Uint8Array | undefined;
}

/** Inverse affine map from the index of a window pixel to an index in the source: `xx·x + xy·y + x0`, `yx·x + yy·y + y0`. */
export interface InverseMap {
  readonly xx: number;
  readonly xy: number;
  readonly x0: number;
  readonly yx: number;
  readonly yy: number;
  readonly y0: number;
}

const isWhole = (v: number): boolean => Math.abs(v - Math.round(v)) < 1e-9;

/** Sine and cosine, exact at quarter turns. */
function turnOf(degrees: number): [number, number] {
  const sin = Math.sin((degrees * Math.PI) / 180);
  const cos = Math.cos((degrees * Math.PI) / 180);
  return isWhole(degrees / 90) ? [Math.round(sin), Math.round(cos)] : [sin, cos];
}

/** Middle of the window in the source, along one axis: anywhere from touching one border to touching the other. */
function middle(length: number, half: number, place: number): number {
  const [low, high] = half <= length / 2 ? [half, length - half] : [length - half, half];
  return low + (high - low) * place;
}

/**
 * The map for a window of `width` x `height` on a source of `sourceWidth` x `sourceHeight`. Pixels are unit squares; where
 * nothing is scaled or turned by an odd angle, the window snaps to whole pixels, so that values are copied and not mixed.
 */
function inverseMap(sourceWidth: number, sourceHeight: number, width: number, height: number, a: Augmentation): InverseMap {
  const scale = a.scale * (a.shortSide === undefined ? 1 : a.shortSide / Math.min(sourceWidth, sourceHeight));
  const [sin, cos] = turnOf(a.angle);
  const [fx, fy] = [a.flipX ? -1 : 1, a.flipY ? -1 : 1];
  const [xx, xy] = [(fx * cos) / scale, (fx * sin) / scale];
  const [yx, yy] = [(-fy * sin) / scale, (fy * cos) / scale];
  const cx = middle(sourceWidth, (Math.abs(xx) * width + Math.abs(xy) * height) / 2, a.place[0]);
  const cy = middle(sourceHeight, (Math.abs(yx) * width + Math.abs(yy) * height) / 2, a.place[1]);
  const x0 = cx + xx * (0.5 - width / 2) + xy * (0.5 - height / 2) - 0.5;
  const y0 = cy + yx * (0.5 - width / 2) + yy * (0.5 - height / 2) - 0.5;
  const whole = [xx, xy, yx, yy].every(isWhole);
  return { xx, xy, yx, yy, x0: whole ? Math.round(x0) : x0, y0: whole ? Math.round(y0) : y0 };
}

/** Mean of each channel over a lattice of at most a few thousand pixels. */
function meanColour({ image, width, height }: Sample): Colour {
  const stride = Math.max(1, Math.floor((width * height) / 4096)) * 3;
  const sums: [number, number, number] = [0, 0, 0];
  let count = 0;
  for (let i = 0; i < width * height * 3; i += stride, count++) {
    sums[0] += image[i]!;
    sums[1] += image[i + 1]!;
    sums[2] += image[i + 2]!;
  }
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}

/** Luma of ITU-R BT.601. */
const greyOf = (r: number, g: number, b: number): number => 0.299 * r + 0.587 * g + 0.114 * b;

const BLACK: Colour = [0, 0, 0];

/** Irwin and Hall's sum of four bytes of a hash has this deviation: √(4·(256² - 1) / 12). */
const FOUR_BYTES_DEVIATION = 147.7997;

/** Four bytes of a hash, added: a bell curve that is normal enough for sensor noise, at one hash per value. */
function noiseAt(counter: number): number {
  const h = mix32(counter);
  return ((h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510) / FOUR_BYTES_DEVIATION;
}

/**
 * Fills a window from a sample: one inverse affine warp (flip, turn, scale, crop; bilinear for the image, nearest for the
 * mask) and one colour pass, in a single loop over the window's pixels. Image and mask share every coordinate.
 */
export function warp(sample: Sample, a: Augmentation, padding: Padding, out: Window): void {
  const { image, mask, width, height } = sample;
  const { xx, xy, x0, yx, yy, y0 } = inverseMap(width, height, out.width, out.height, a);
  const mean = padding === "mean" || a.contrast !== 1 ? meanColour(sample) : BLACK;
  const fill = padding === "reflect" ? undefined : padding === "mean" ? mean : padding;
  // brightness · (contrast · (value - grey) + grey), with the half that turns cutting into rounding.
  const gain = a.brightness * a.contrast;
  const offset = a.brightness * (1 - a.contrast) * greyOf(...mean) + 0.5;
  const [saturation, noise] = [a.saturation, a.blur > 0 ? 0 : a.noise];
  const moved = a.elastic.length > 0 ? displacements(a.elastic, out.width, out.height) : undefined;
  const target = out.image;
  const labels = out.mask;
  for (let y = 0, pixel = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++, pixel++) {
      const wx = moved ? x + moved.x(x, y) : x;
      const wy = moved ? y + moved.y(x, y) : y;
      const sx = xx * wx + xy * wy + x0;
      const sy = yx * wx + yy * wy + y0;
      // Pixel i covers [i - 0.5, i + 0.5) of the index axis, so outside begins half a pixel beyond the last index.
      const nx = Math.floor(sx + 0.5);
      const ny = Math.floor(sy + 0.5);
      const inside = nx >= 0 && ny >= 0 && nx < width && ny < height;
      if (labels) labels[pixel] = inside && mask ? mask[ny * width + nx]! : IGNORED;
      let r: number;
      let g: number;
      let b: number;
      if (!inside && fill) {
        [r, g, b] = fill;
      } else {
        const fx = Math.floor(sx);
        const fy = Math.floor(sy);
        const u = sx - fx;
        const v = sy - fy;
        let [left, right, top, bottom] = [fx, fx + 1, fy, fy + 1];
        if (fx < 0 || fy < 0 || right >= width || bottom >= height) {
          left = mirror(left, width);
          right = mirror(right, width);
          top = mirror(top, height);
          bottom = mirror(bottom, height);
        }
        const i = (top * width + left) * 3;
        const j = (top * width + right) * 3;
        const k = (bottom * width + left) * 3;
        const l = (bottom * width + right) * 3;
        const wi = (1 - u) * (1 - v);
        const wj = u * (1 - v);
        const wk = (1 - u) * v;
        const wl = u * v;
        r = image[i]! * wi + image[j]! * wj + image[k]! * wk + image[l]! * wl;
        g = image[i + 1]! * wi + image[j + 1]! * wj + image[k + 1]! * wk + image[l + 1]! * wl;
        b = image[i + 2]! * wi + image[j + 2]! * wj + image[k + 2]! * wk + image[l + 2]! * wl;
      }
      if (saturation !== 1) {
        const grey = greyOf(r, g, b);
        r = grey + (r - grey) * saturation;
        g = grey + (g - grey) * saturation;
        b = grey + (b - grey) * saturation;
      }
      r = r * gain + offset;
      g = g * gain + offset;
      b = b * gain + offset;
      const at = pixel * 3;
      if (noise > 0) {
        r += noise * noiseAt(a.noiseSeed + at);
        g += noise * noiseAt(a.noiseSeed + at + 1);
        b += noise * noiseAt(a.noiseSeed + at + 2);
      }
      target[at] = r < 0 ? 0 : r > 255 ? 255 : r;
      target[at + 1] = g < 0 ? 0 : g > 255 ? 255 : g;
      target[at + 2] = b < 0 ? 0 : b > 255 ? 255 : b;
    }
  }
  if (a.blur === 0) return;
  blur(target, out.width, out.height, a.blur);
  // Noise is the sensor's: it comes after what blurs the picture.
  for (let i = 0; a.noise > 0 && i < target.length; i++) {
    const value = target[i]! + a.noise * noiseAt(a.noiseSeed + i) + 0.5;
    target[i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
}

/** A sample of its own from `warp`, at `width` x `height`. */
export function warped(sample: Sample, a: Augmentation, width: number, height: number, padding: Padding = "reflect"): Sample {
  const image = new Uint8Array(width * height * 3);
  const mask = sample.mask && new Uint8Array(width * height);
  warp(sample, a, padding, { width, height, image, mask });
  return { image, mask, width, height, name: sample.name };
}
