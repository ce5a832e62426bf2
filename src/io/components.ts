import { OptionError } from "../runtime/errors.js";
import { checkRaster } from "./image.js";

/** A binary mask: 0 is background, anything else foreground; rows from the top. */
export interface Mask {
  width: number;
  height: number;
  data: Uint8Array | Uint16Array | Uint32Array | Int32Array;
}

/** A mask of zeros and ones. */
export interface BinaryMask extends Mask {
  data: Uint8Array;
}

/** A rectangle of pixels: left column, top row, columns, rows. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Components {
  width: number;
  height: number;
  /** 0 for background, 1 to `count` for the components, in the order in which a reader of the image meets them. */
  labels: Uint32Array;
  count: number;
  /** Pixels of each component; `areas[i]` is that of label `i + 1`. */
  areas: Uint32Array;
  /** Smallest box around each component; `boxes[i]` is that of label `i + 1`. */
  boxes: Box[];
}

export interface ConnectivityOptions {
  /** 8: pixels that touch at a corner belong together; 4: only those that share an edge. Default 8. */
  connectivity?: 4 | 8 | undefined;
}

/** Ones where the probability (one per pixel, 0..1) is at least `threshold`; NaN counts as background. */
export function threshold(probabilities: { width: number; height: number; data: ArrayLike<number> }, threshold = 0.5): BinaryMask {
  checkRaster("threshold", probabilities);
  const { width, height, data } = probabilities;
  if (!Number.isFinite(threshold)) throw new OptionError(`threshold: the threshold must be a number but is ${threshold}.`);
  return { width, height, data: Uint8Array.from(data, (p) => (p >= threshold ? 1 : 0)) };
}

function checkConnectivity(op: string, connectivity: number): void {
  if (connectivity !== 4 && connectivity !== 8) throw new OptionError(`${op}: connectivity must be 4 or 8 but is ${String(connectivity)}.`);
}

/** Connected components of the foreground, in two passes over the pixels with union-find (Rosenfeld and Pfaltz 1966). */
export function connectedComponents(mask: Mask, { connectivity = 8 }: ConnectivityOptions = {}): Components {
  checkRaster("connectedComponents", mask);
  checkConnectivity("connectedComponents", connectivity);
  const { width, height, data } = mask;
  const labels = new Uint32Array(width * height);
  const parent = new Uint32Array(Math.ceil(width / 2) * height + 2); // no row starts more runs than this
  let next = 1;
  const root = (label: number): number => {
    while (parent[label] !== label) label = parent[label] = parent[parent[label]!]!; // path halving
    return label;
  };
  const join = (a: number, b: number): number => {
    if (a === 0 || b === 0) return a || b;
    const [low, high] = root(a) < root(b) ? [root(a), root(b)] : [root(b), root(a)];
    parent[high] = low;
    return low;
  };
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (data[i] === 0) continue;
      let label = x > 0 ? labels[i - 1]! : 0;
      if (y > 0) {
        label = join(label, labels[i - width]!);
        if (connectivity === 8 && x > 0) label = join(label, labels[i - width - 1]!);
        if (connectivity === 8 && x < width - 1) label = join(label, labels[i - width + 1]!);
      }
      if (label === 0) parent[(label = next++)] = label;
      labels[i] = label;
    }
  const final = new Uint32Array(next);
  const areas: number[] = [];
  const boxes: Box[] = [];
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (labels[i] === 0) continue;
      const r = root(labels[i]!);
      if (final[r] === 0) {
        final[r] = areas.push(0);
        boxes.push({ x, y, width: 1, height: 1 });
      }
      const k = (labels[i] = final[r]!) - 1;
      areas[k]!++;
      const box = boxes[k]!;
      const right = Math.max(box.x + box.width, x + 1);
      box.x = Math.min(box.x, x);
      box.width = right - box.x;
      box.height = y + 1 - box.y;
    }
  return { width, height, labels, count: areas.length, areas: Uint32Array.from(areas), boxes };
}

/** The mask without components of fewer than `minArea` pixels, as zeros and ones. */
export function removeSmall(mask: Mask, minArea: number, options: ConnectivityOptions = {}): BinaryMask {
  if (!(minArea >= 0)) throw new OptionError(`removeSmall: minArea must be a number of at least 0 but is ${minArea}.`);
  const { labels, areas } = connectedComponents(mask, options);
  return { width: mask.width, height: mask.height, data: Uint8Array.from(labels, (label) => (label > 0 && areas[label - 1]! >= minArea ? 1 : 0)) };
}

export interface FillHolesOptions extends ConnectivityOptions {
  /** Largest hole in pixels that is filled. Default: all. */
  maxArea?: number | undefined;
}

/**
 * The mask with its holes filled, as zeros and ones. A hole is background that does not reach the border of the image;
 * where the foreground connects over corners (8), the background does not, and the other way round.
 */
export function fillHoles(mask: Mask, { connectivity = 8, maxArea = Infinity }: FillHolesOptions = {}): BinaryMask {
  checkRaster("fillHoles", mask);
  checkConnectivity("fillHoles", connectivity);
  if (!(maxArea >= 0)) throw new OptionError(`fillHoles: maxArea must be a number of at least 0 but is ${maxArea}.`);
  const { width, height } = mask;
  const background = { width, height, data: Uint8Array.from(mask.data, (v) => (v === 0 ? 1 : 0)) };
  const { labels, areas, boxes } = connectedComponents(background, { connectivity: connectivity === 8 ? 4 : 8 });
  const hole = boxes.map((box, k) => areas[k]! <= maxArea && box.x > 0 && box.y > 0 && box.x + box.width < width && box.y + box.height < height);
  return { width, height, data: Uint8Array.from(labels, (label) => (label === 0 || hole[label - 1] ? 1 : 0)) };
}
