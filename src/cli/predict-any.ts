import type { RgbImage } from "../io/image.js";
import type { PredictOptions } from "../models/predict.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { DeviceError, DeviceLostError } from "../runtime/errors.js";

export interface AnyPrediction {
  readonly width: number;
  readonly height: number;
  readonly classes: Uint8Array;
  readonly probabilities: Float32Array | undefined;
  /** Side of the tiles that were needed; undefined when the image went through in one piece. */
  readonly tile: number | undefined;
}

/** Pixels that tiles share with their neighbours on each side, so that what a tile's border cuts off is seen by the next one. */
const MARGIN = 128;
const TILES = [4096, 2048, 1024, 512];

/**
 * `model.predict` for images of any size: one that is too large for the adapter goes through in tiles that overlap,
 * whose middles are put together. A little less context reaches the pixels along the seams.
 */
export async function predictAny(model: SegmentationModel, image: RgbImage, options: PredictOptions): Promise<AnyPrediction> {
  const { width, height } = image;
  let refused: unknown;
  for (const tile of [undefined, ...TILES.filter((side) => side < Math.max(width, height))]) {
    try {
      if (tile !== undefined) return await predictTiles(model, image, tile, options);
      const { classes, probabilities } = await model.predict(image, options);
      return { width, height, classes, probabilities, tile };
    } catch (error) {
      if (!(error instanceof DeviceError) || error instanceof DeviceLostError) throw error;
      refused = error;
    }
  }
  throw refused;
}

/** Where tiles lie along an axis, and which part of each is kept. They begin at multiples of the network's stride, so that it sees what it would see in one piece. */
function cuts(length: number, tile: number, stride: number): { from: number; to: number; keep: readonly [number, number] }[] {
  if (length <= tile) return [{ from: 0, to: length, keep: [0, length] }];
  const count = Math.max(2, Math.ceil((length - 2 * MARGIN) / (tile - 2 * MARGIN)));
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * (length - tile)) / (count - 1) / stride) * stride);
  const middle = (i: number): number => Math.ceil((starts[i]! + starts[i - 1]! + tile) / 2);
  return starts.map((from, i) => ({ from, to: i === count - 1 ? length : from + tile, keep: [i === 0 ? 0 : middle(i), i === count - 1 ? length : middle(i + 1)] }));
}

/** Segments tile by tile. */
export async function predictTiles(model: SegmentationModel, image: RgbImage, tile: number, options: PredictOptions): Promise<AnyPrediction> {
  const { width, height, data } = image;
  const classes = new Uint8Array(width * height);
  let probabilities: Float32Array | undefined;
  for (const row of cuts(height, tile, model.multipleOf))
    for (const column of cuts(width, tile, model.multipleOf)) {
      const [w, h] = [column.to - column.from, row.to - row.from];
      const part = new Uint8Array(w * h * 3);
      for (let y = 0; y < h; y++) part.set(data.subarray(((row.from + y) * width + column.from) * 3, ((row.from + y) * width + column.to) * 3), y * w * 3);
      const found = await model.predict({ width: w, height: h, channels: 3, data: part }, options);
      const channels = model.classes;
      if (found.probabilities) probabilities ??= new Float32Array(width * height * channels);
      for (let y = row.keep[0]; y < row.keep[1]; y++) {
        const [first, last] = column.keep;
        const at = (y - row.from) * w - column.from;
        classes.set(found.classes.subarray(at + first, at + last), y * width + first);
        if (found.probabilities) probabilities!.set(found.probabilities.subarray((at + first) * channels, (at + last) * channels), (y * width + first) * channels);
      }
    }
  return { width, height, classes, probabilities, tile };
}
