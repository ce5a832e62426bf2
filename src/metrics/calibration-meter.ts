import { compile } from "../graph/compile.js";
import type { Tensor } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { concat } from "../ops/concat.js";
import { confusionMatrix } from "../ops/confusion-matrix.js";
import { checkClasses, checkIgnoreIndex, checkLabels } from "../ops/last-axis.js";
import { max } from "../ops/max.js";
import { clamp, equal, less, maximum, mul, sigmoid, sub, where } from "../ops/pointwise.js";
import { requireTensors, requireWhole } from "../ops/require.js";
import { reshape } from "../ops/reshape.js";
import { softmax } from "../ops/softmax.js";
import { sum } from "../ops/sum.js";
import type { FloatDType } from "../runtime/dtype.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { classMap } from "./segmentation-meter.js";

export interface CalibrationMeterOptions {
  /** Bins of equal width between confidence 0 and 1, at most 256. Default 15. */
  bins?: number | undefined;
  /** Label of pixels that do not count. Default 255. */
  ignoreIndex?: number | undefined;
}

/** Pixels whose confidence is from `low` to below `high` (in the last bin: 1 included). */
export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly pixels: number;
  /** Fraction of them that are right; NaN without pixels. */
  readonly accuracy: number;
  /** Their mean confidence; NaN without pixels. */
  readonly confidence: number;
}

export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /** ECE = Σ over bins of pixels / all pixels · |accuracy − confidence| (Guo et al. 2017, eq. 3); NaN without pixels. */
  readonly expectedError: number;
  /** MCE = the largest |accuracy − confidence| of a bin (eq. 5). */
  readonly maximumError: number;
}

/** A bin is a reduction of its own on the GPU. */
const MOST_BINS = 256;

/**
 * How far a network's confidence (the probability of the class it predicts) is from how often it is right.
 *
 *     const meter = new CalibrationMeter();
 *     meter.update(model.forward(image), mask);
 *     (await meter.result()).expectedError;
 *
 * @pytorch torchmetrics.classification.MulticlassCalibrationError (norm "l1", "max")
 */
export class CalibrationMeter {
  readonly #bins: number;
  readonly #count;
  #batches: Promise<readonly [Uint32Array, Float32Array]>[] = [];

  /** @throws OptionError */
  constructor(options: CalibrationMeterOptions = {}) {
    checkOptions("CalibrationMeter", options, ["bins", "ignoreIndex"]);
    const { bins = 15, ignoreIndex = 255 } = options;
    requireWhole("CalibrationMeter", "bins", bins, 1);
    if (bins > MOST_BINS) throw new OptionError(`CalibrationMeter: bins may be at most ${MOST_BINS} but is ${bins}.`);
    checkIgnoreIndex("CalibrationMeter", ignoreIndex);
    this.#bins = bins;
    this.#count = compile(function countConfidence(given: Tensor<FloatDType>, labels: Tensor) {
      // Confidences and their sums are f32, whatever the logits are.
      const logits = cast(given, "f32");
      const shape = labels.shape;
      const classes = Math.max(2, logits.shape.at(-1)!);
      const p = logits.shape.at(-1) === 1 ? reshape(sigmoid(logits), shape) : undefined;
      const confidence = p ? maximum(p, sub(1, p)) : max(softmax(logits), { axes: [-1] });
      const predicted = classMap("CalibrationMeter.update", logits, classes);
      const label = cast(labels, "f32");
      const isClass = mul(less(label, classes), sub(1, less(label, 0)));
      const counted = mul(isClass, sub(1, equal(label, ignoreIndex)));
      const bin = cast(clamp(mul(confidence, bins), 0, bins - 1), "u32");
      const right = cast(where(counted, equal(cast(predicted, "f32"), label), 2), "u32");
      // One reduction per bin: sums stay exact to rounding, and in a fixed order.
      const sums = Array.from({ length: bins }, (_, b) => reshape(sum(where(mul(counted, equal(cast(bin, "f32"), b)), confidence, 0)), [1]));
      return { counts: confusionMatrix(bin, right, { classes: 2, predictedClasses: bins }), sums: concat(sums, { axis: 0 }) };
    });
  }

  /**
   * Adds a batch.
   *
   * @param logits f32 or f16 [..., classes]; one channel is a single-logit head
   * @param labels u8, u32 or i32 [...]; pixels whose label is no class do not count
   * @throws ShapeError or DTypeError for tensors that do not fit
   */
  update(logits: Tensor<FloatDType>, labels: Tensor): void {
    requireTensors("CalibrationMeter.update", { logits, labels });
    checkClasses("CalibrationMeter.update", "logits", logits);
    checkLabels("CalibrationMeter.update", "labels", labels);
    if (!sameShape(labels.shape, logits.shape.slice(0, -1))) throw new ShapeError("CalibrationMeter.update", "labels must have the shape of logits without its last axis (classes)", { logits: logits.shape, labels: labels.shape });
    const { counts, sums } = this.#count(logits, labels);
    const batch = Promise.all([counts.data(), sums.data()]);
    counts.dispose();
    sums.dispose();
    // Its failure is reported when the result is asked for.
    batch.catch(() => undefined);
    this.#batches.push(batch);
  }

  async result(): Promise<Calibration> {
    const n = this.#bins;
    const [wrong, right, confidences] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
    for (const [counts, sums] of await Promise.all(this.#batches))
      for (let b = 0; b < n; b++) {
        wrong[b]! += counts[b]!;
        right[b]! += counts[n + b]!;
        confidences[b]! += sums[b]!;
      }
    const bins = Array.from({ length: n }, (_, b): CalibrationBin => {
      const pixels = wrong[b]! + right[b]!;
      return { low: b / n, high: (b + 1) / n, pixels, accuracy: right[b]! / pixels, confidence: confidences[b]! / pixels };
    });
    const filled = bins.filter(({ pixels }) => pixels > 0);
    const total = filled.reduce((sum, { pixels }) => sum + pixels, 0);
    const gap = ({ accuracy, confidence }: CalibrationBin): number => Math.abs(accuracy - confidence);
    return {
      bins,
      expectedError: total ? filled.reduce((sum, bin) => sum + (bin.pixels / total) * gap(bin), 0) : NaN,
      maximumError: total ? Math.max(...filled.map(gap)) : NaN,
    };
  }

  reset(): void {
    this.#batches = [];
  }

  dispose(): void {
    this.reset();
    this.#count.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
