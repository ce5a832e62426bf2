import { compile } from "../graph/compile.js";
import { tensor, type Tensor } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { accumulateCounts, confusionMatrix, total64 } from "../ops/confusion-matrix.js";
import { checkIgnoreIndex, checkLabels } from "../ops/last-axis.js";
import { add, clamp, equal, greater, isNaN, less, mul, where } from "../ops/pointwise.js";
import { requireDType, requireTensors, requireWhole } from "../ops/require.js";
import { DataError, OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { cumulated, DistinctScores, refuseNaN } from "./distinct-scores.js";
import type { ThresholdCounts } from "./threshold-curve.js";

export interface ThresholdMeterOptions {
  /**
   * "exact" (the default): every distinct score is a threshold; memory grows with their number.
   * A number: that many thresholds i / bins (to the last digit of f32), in constant memory, for probabilities. The counts at those
   * thresholds are exact; areas under curves are those of the polygon through them.
   */
  bins?: number | "exact" | undefined;
  /** Label of pixels that are positive. Default 1. */
  positive?: number | undefined;
  /** Label of pixels that do not count; all others are negative. Default 255. */
  ignoreIndex?: number | undefined;
}

/**
 * Collects, batch after batch, how scores part positives from negatives: for ROC and precision-recall curves, their areas, and
 * the threshold of the smallest cost-weighted error.
 *
 *     const meter = new ThresholdMeter();
 *     meter.update(reshape(sigmoid(logits), masks.shape), masks);       // of a single logit
 *     const counts = await meter.counts();
 *     rocCurve(counts).auc; bestThreshold(counts, { c0: 1, c1: 10 }).threshold;
 */
export class ThresholdMeter {
  readonly #bins: number | "exact";
  readonly #count;
  readonly #exact: DistinctScores;
  #total: Tensor<"u32"> | undefined;

  /** @throws OptionError */
  constructor(options: ThresholdMeterOptions = {}) {
    checkOptions("ThresholdMeter", options, ["bins", "positive", "ignoreIndex"]);
    const { bins = "exact", positive = 1, ignoreIndex = 255 } = options;
    if (bins !== "exact") requireWhole("ThresholdMeter", "bins", bins, 2);
    requireWhole("ThresholdMeter", "positive", positive, 0);
    checkIgnoreIndex("ThresholdMeter", ignoreIndex);
    if (positive === ignoreIndex) throw new OptionError(`ThresholdMeter: ignoreIndex must not be the positive label, ${positive}.`);
    this.#bins = bins;
    this.#exact = new DistinctScores((labels) => sides(labels, positive, ignoreIndex));
    this.#count = compile(function countScores(total: Tensor<"u32">, scores: Tensor<"f32">, labels: Tensor) {
      const n = bins as number;
      // What is not a number goes to a bin of its own, and so does what is no probability.
      const outside = add(less(scores, 0), greater(scores, 1));
      const bin = cast(where(isNaN(scores), n, where(outside, n + 1, clamp(mul(scores, n), 0, n - 1))), "u32");
      return accumulateCounts(total, confusionMatrix(bin, sides(labels, positive, ignoreIndex), { classes: 2, predictedClasses: n + 2 }));
    });
  }

  /**
   * Adds a batch.
   *
   * @param scores f32, any shape; probabilities 0 … 1 with bins, else any numbers
   * @param labels u8, u32 or i32 of the same shape
   * @throws ShapeError or DTypeError for tensors that do not fit
   */
  update(scores: Tensor<"f32">, labels: Tensor): void {
    requireTensors("ThresholdMeter.update", { scores, labels });
    requireDType("ThresholdMeter.update", "scores", scores, "f32");
    checkLabels("ThresholdMeter.update", "labels", labels);
    if (!sameShape(scores.shape, labels.shape)) throw new ShapeError("ThresholdMeter.update", "scores and labels must have the same shape", { scores: scores.shape, labels: labels.shape });
    if (this.#bins === "exact") return this.#exact.add(scores, labels);
    this.#total ??= tensor(scores.device, new Uint32Array(4 * (this.#bins + 2)), [2, 2, this.#bins + 2]);
    const total = this.#count(this.#total, scores, labels);
    this.#total.dispose();
    this.#total = total;
  }

  /** What happens at each threshold, over all that was added. @throws DataError when a score was not a number, or with bins no probability */
  async counts(): Promise<ThresholdCounts> {
    if (this.#bins === "exact") return this.#exact.counts();
    const bins = this.#bins;
    const totals = this.#total ? total64(await this.#total.data()) : new Array<number>(2 * (bins + 2)).fill(0);
    const [negative, positive] = [totals.slice(0, bins + 2), totals.slice(bins + 2)];
    refuseNaN(negative[bins]! + positive[bins]!);
    const outside = negative[bins + 1]! + positive[bins + 1]!;
    if (outside > 0) throw new DataError(`ThresholdMeter: ${outside} scores are not from 0 to 1, where the bins are. Take sigmoid of logits, or bins: "exact".`);
    return cumulated(Array.from({ length: bins }, (_, i) => lowestOfBin(i, bins)), positive, negative);
  }

  reset(): void {
    this.#total?.dispose();
    this.#total = undefined;
    this.#exact.clear();
  }

  dispose(): void {
    this.reset();
    this.#exact.dispose();
    this.#count.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The smallest f32 whose product with `bins`, rounded as on the GPU, is at least i: i / bins but for a last digit. */
function lowestOfBin(i: number, bins: number): number {
  if (i === 0) return 0;
  const score = Float32Array.of(i / bins);
  const bits = new Uint32Array(score.buffer);
  const reaches = (): boolean => Math.fround(score[0]! * bins) >= i;
  while (reaches()) bits[0]!--;
  while (!reaches()) bits[0]!++;
  return score[0]!;
}

/** 1 for positives, 0 for negatives, 2 for what does not count. */
function sides(labels: Tensor, positive: number, ignoreIndex: number): Tensor<"u32"> {
  const label = cast(labels, "f32");
  return cast(where(equal(label, ignoreIndex), 2, equal(label, positive)), "u32");
}
