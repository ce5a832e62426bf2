import { ImageError } from "../runtime/errors.js";
import { checkRaster } from "./image.js";
import type { BinaryMask, Mask } from "./components.js";

/**
 * A mask as COCO writes it: lengths of runs of background and foreground in turn, down the columns from the left,
 * beginning with background (perhaps 0 long). `size` is [height, width].
 */
export interface CocoRle {
  size: [height: number, width: number];
  /** Run lengths, or the same as pycocotools' compressed text. */
  counts: number[] | string;
}

/** Encodes a mask as COCO run lengths; with `compressed`, as the text that pycocotools reads and writes. */
export function toCocoRle(mask: Mask, { compressed = false }: { compressed?: boolean | undefined } = {}): CocoRle {
  checkRaster("toCocoRle", mask);
  const { width, height, data } = mask;
  const counts: number[] = [];
  let run = 0;
  let inside = false;
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) {
      if ((data[y * width + x] !== 0) !== inside) {
        counts.push(run);
        run = 0;
        inside = !inside;
      }
      run++;
    }
  counts.push(run);
  return { size: [height, width], counts: compressed ? compress(counts) : counts };
}

/**
 * The mask of COCO run lengths, plain or compressed.
 *
 * @throws ImageError when the text is not COCO's, or the runs do not fill height × width pixels.
 */
export function fromCocoRle({ size: [height, width], counts }: CocoRle): BinaryMask {
  if (![height, width].every((n) => Number.isInteger(n) && n >= 1) || width * height > 2 ** 31)
    throw new ImageError(`fromCocoRle: a size of ${width}×${height} pixels is not that of an image.`);
  const runs = typeof counts === "string" ? decompress(counts) : counts;
  if (runs.some((n) => !Number.isSafeInteger(n) || n < 0)) throw new ImageError("fromCocoRle: run lengths must be whole numbers of at least 0.");
  const total = runs.reduce((sum, n) => sum + n, 0);
  if (total !== width * height) throw new ImageError(`fromCocoRle: the runs are ${total} pixels long but the size is ${width}×${height}, ${width * height} pixels.`);
  const data = new Uint8Array(total);
  let at = 0;
  runs.forEach((run, i) => {
    const end = at + run;
    for (; at < end; at++) if (i % 2 === 1) data[(at % height) * width + Math.floor(at / height)] = 1;
  });
  return { width, height, data };
}

/**
 * The text of `rleToString` in cocoapi's maskApi.c: from the fourth run on, the difference to the run two before; each number in
 * groups of five bits from the low end, a sixth bit when more follow, sign extended from the last group; characters from "0".
 */
function compress(counts: readonly number[]): string {
  let text = "";
  counts.forEach((count, i) => {
    let value = i > 2 ? count - counts[i - 2]! : count;
    for (;;) {
      const group = value & 31;
      value >>= 5;
      const last = value === (group & 16 ? -1 : 0);
      text += String.fromCharCode(48 + (last ? group : group | 32));
      if (last) break;
    }
  });
  return text;
}

function decompress(text: string): number[] {
  const counts: number[] = [];
  for (let i = 0; i < text.length; ) {
    let value = 0;
    for (let shift = 0; ; shift += 5) {
      const code = text.charCodeAt(i++) - 48; // NaN past the end
      if (!(code >= 0 && code < 64) || shift > 30) throw new ImageError("fromCocoRle: the text is damaged or cut off.");
      value |= (code & 31) << shift;
      if (code & 32) continue;
      if (code & 16 && shift + 5 < 32) value |= -1 << (shift + 5);
      break;
    }
    counts.push(counts.length > 2 ? value + counts[counts.length - 2]! : value);
  }
  return counts;
}
