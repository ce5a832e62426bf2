import type { Tensor, TensorLike } from "../graph/tensor.js";
import { tensor } from "../graph/tensor.js";
import { argmax } from "../ops/argmax.js";
import { cast } from "../ops/cast.js";
import { accumulateCounts, confusionMatrix, total64 } from "../ops/confusion-matrix.js";
import { checkIgnoreIndex } from "../ops/last-axis.js";
import { greater } from "../ops/pointwise.js";
import { requireTensors, requireWhole } from "../ops/require.js";
import { reshape } from "../ops/reshape.js";
import { compile } from "../graph/compile.js";
import { CaptureError, OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { capturing } from "../graph/current.js";
import { ConfusionMatrix } from "./confusion-matrix.js";

export interface SegmentationMeterOptions {
  /** Number of classes, at least 2; a network with one logit tells two apart. */
  classes: number;
  /** Label of pixels that do not count. Default 255, or −100 (none) when that is a class. */
  ignoreIndex?: number | undefined;
  /** Also keep a matrix for each image, for `imageScores`. Default false. */
  perImage?: boolean | undefined;
}

/**
 * Counts on the GPU, batch after batch, what a network gets right; nothing waits for the GPU until the counts are asked for.
 *
 *     model.eval();
 *     const meter = new SegmentationMeter({ classes: 21 });
 *     for (const { image, mask } of batches) meter.update(model.forward(image), mask);
 *     console.log(report(scores(await meter.matrix())).text);
 *
 * Counts are 64-bit and exact.
 */
export class SegmentationMeter {
  readonly #options: Required<{ [K in keyof SegmentationMeterOptions]: NonNullable<SegmentationMeterOptions[K]> }>;
  readonly #count;
  #total: Tensor<"u32"> | undefined;
  #images: Promise<Uint32Array>[] = [];

  /** @throws OptionError */
  constructor(options: SegmentationMeterOptions) {
    checkOptions("SegmentationMeter", options, ["classes", "ignoreIndex", "perImage"]);
    const { classes, ignoreIndex = classes > 255 ? -100 : 255, perImage = false } = options;
    requireWhole("SegmentationMeter", "classes", classes, 2);
    checkIgnoreIndex("SegmentationMeter", ignoreIndex);
    this.#options = { classes, ignoreIndex, perImage };
    // Compiled, so that a batch is one submission and a known shape makes no new plan.
    this.#count = compile(function countPixels(total: Tensor<"u32">, predicted: Tensor, labels: Tensor) {
      const guess = classMap("SegmentationMeter.update", predicted, classes);
      const images = perImage ? confusionMatrix(guess, labels, { classes, ignoreIndex, perImage }) : undefined;
      return { total: accumulateCounts(total, confusionMatrix(guess, labels, { classes, ignoreIndex })), images };
    });
  }

  /**
   * Adds a batch.
   *
   * @param predicted logits f32 or f16 [n, h, w, classes] (of two classes also one channel: above 0 is class 1), or class numbers u8, u32 or i32 [n, h, w]
   * @param labels u8, u32 or i32 [n, h, w]
   * @throws ShapeError or DTypeError for tensors that do not fit
   */
  update(predicted: TensorLike, labels: TensorLike): void {
    if (capturing()) throw new CaptureError("SegmentationMeter.update: it keeps counts from call to call, so it cannot run inside a function that is being captured. Call it with what that function returns.");
    requireTensors("SegmentationMeter.update", { predicted, labels });
    const { classes } = this.#options;
    const [guess, truth] = [predicted as Tensor, labels as Tensor];
    this.#total ??= tensor(truth.device!, new Uint32Array(2 * classes * classes), [2, classes, classes]);
    const { total, images } = this.#count(this.#total, guess, truth);
    this.#total.dispose();
    this.#total = total;
    if (!images) return;
    const counts = images.data();
    images.dispose();
    // Its failure is reported when the matrices are asked for.
    counts.catch(() => undefined);
    this.#images.push(counts);
  }

  /** All pixels so far, in one matrix. */
  async matrix(): Promise<ConfusionMatrix> {
    const matrix = new ConfusionMatrix(this.#options.classes);
    return this.#total ? matrix.add(total64(await this.#total.data())) : matrix;
  }

  /** A matrix for each image so far. @throws OptionError unless the meter was made with `perImage` */
  async images(): Promise<ConfusionMatrix[]> {
    const { classes, perImage } = this.#options;
    if (!perImage) throw new OptionError("SegmentationMeter.images: the meter keeps no matrix for each image. Make it with perImage: true.");
    const size = classes * classes;
    const parts = await Promise.all(this.#images);
    return parts.flatMap((counts) => Array.from({ length: counts.length / size }, (_, i) => new ConfusionMatrix(classes).add(counts.subarray(i * size, (i + 1) * size))));
  }

  /** Begins again. */
  reset(): void {
    this.#total?.dispose();
    this.#total = undefined;
    this.#images = [];
  }

  dispose(): void {
    this.reset();
    this.#count.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Class numbers, from class numbers or from logits. @throws ShapeError for logits of another number of classes */
export function classMap(op: string, predicted: Tensor, classes: number): Tensor {
  if (predicted.dtype !== "f32" && predicted.dtype !== "f16") return predicted;
  const logits = predicted as Tensor<"f32">;
  const channels = logits.shape.at(-1);
  if (channels !== classes && !(channels === 1 && classes === 2))
    throw new ShapeError(op, `logits of ${classes} classes must have a last axis of ${classes === 2 ? "2 or 1" : classes}. Make the meter with the network's number of classes`, { predicted: logits.shape });
  return channels === 1 ? reshape(cast(greater(logits, 0), "u32"), logits.shape.slice(0, -1)) : argmax(logits);
}
