import { compile, type Compiled } from "../graph/compile.js";
import type { Tensor } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { checkSpacing } from "../ops/distance-transform.js";
import { checkIgnoreIndex, checkLabels } from "../ops/last-axis.js";
import { add, equal, less, where } from "../ops/pointwise.js";
import { requireTensors, requireWhole } from "../ops/require.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { boundaryFigures, figureNames, type BoundaryFigures } from "./boundary-figures.js";
import { classMap } from "./segmentation-meter.js";

export interface BoundaryMeterOptions {
  /** Number of classes, at least 2. */
  classes: number;
  /** Label of pixels that belong to no class; what is predicted there is left out as well. Default 255, or −100 (none) when
   * that is a class. */
  ignoreIndex?: number | undefined;
  /** Distance of neighbouring rows and of neighbouring columns, in millimetres say. Default [1, 1]: distances in pixels. */
  spacing?: readonly [number, number] | undefined;
  /** Of the partial Hausdorff distance, above 0 up to 100. Default 95. */
  percentile?: number | undefined;
  /** How far boundaries may be apart for boundary F1, as a part of the image's diagonal. Default 0.0075 (Csurka et al. 2013). */
  tolerance?: number | undefined;
  /** Width of the band of boundary IoU, as a part of the image's diagonal. Default 0.02 (Cheng et al. 2021). */
  width?: number | undefined;
  /**
   * Distances of a class that only the truth or only the prediction of an image has: "infinity" (the default, as MONAI), the image's
   * "diagonal", or "ignore" to leave the image out.
   */
  unmatched?: "infinity" | "diagonal" | "ignore" | undefined;
}

/** Of one class in one image, or means over images. NaN where neither truth nor prediction has the class. */
export interface BoundaryScores {
  /** The farthest that a surface pixel of one is from the surface of the other. */
  readonly hausdorff: number;
  /** The same for the given percentile of the surface pixels of either, the larger of the two (MONAI's HD95). */
  readonly partialHausdorff: number;
  /** Mean distance from the surface pixels of both to the other's surface (ASSD). */
  readonly averageSurfaceDistance: number;
  /** 2 P R / (P + R) of the surface pixels within the tolerance of the other's surface (Csurka et al. 2013). */
  readonly boundaryF1: number;
  /** IoU of the parts of the masks within `width` of their contours (Cheng et al. 2021). */
  readonly boundaryIou: number;
}

export interface BoundaryResult {
  /** Means over the images that have the class. */
  readonly perClass: readonly BoundaryScores[];
  /** Of each image, of each class. */
  readonly images: readonly (readonly BoundaryScores[])[];
}

const scoreNames = ["hausdorff", "partialHausdorff", "averageSurfaceDistance", "boundaryF1", "boundaryIou"] as const satisfies (keyof BoundaryScores)[];

/**
 * How well contours fit, image by image, with exact distances from the GPU: Hausdorff and partial Hausdorff distance, average
 * surface distance, boundary F1, boundary IoU. A surface is the pixels of a mask with a neighbour (of four) outside it, the image's
 * rim included.
 *
 *     const meter = new BoundaryMeter({ classes: 2, spacing: [0.5, 0.5] });
 *     meter.update(model.forward(image), mask);
 *     (await meter.result()).perClass[1].partialHausdorff;
 *
 * @pytorch none; monai.metrics.HausdorffDistanceMetric, SurfaceDistanceMetric, torchmetrics.segmentation.HausdorffDistance
 */
export class BoundaryMeter {
  readonly #options: Required<{ [K in keyof BoundaryMeterOptions]: NonNullable<BoundaryMeterOptions[K]> }>;
  readonly #measure: Compiled<[Tensor, Tensor], Tensor<"f32">>;
  #batches: { figures: Promise<Float32Array>; diagonal: number }[] = [];

  /** @throws OptionError */
  constructor(options: BoundaryMeterOptions) {
    checkOptions("BoundaryMeter", options, ["classes", "ignoreIndex", "spacing", "percentile", "tolerance", "width", "unmatched"]);
    const { classes, ignoreIndex = classes > 255 ? -100 : 255, spacing = [1, 1], percentile = 95, tolerance = 0.0075, width = 0.02, unmatched = "infinity" } = options;
    requireWhole("BoundaryMeter", "classes", classes, 2);
    checkIgnoreIndex("BoundaryMeter", ignoreIndex);
    checkSpacing("BoundaryMeter", spacing);
    if (!(percentile > 0 && percentile <= 100)) throw new OptionError(`BoundaryMeter: percentile must be above 0 and at most 100 but is ${percentile}.`);
    for (const [name, part] of Object.entries({ tolerance, width })) if (!(part >= 0 && part <= 1)) throw new OptionError(`BoundaryMeter: ${name} must be a part of the diagonal, from 0 to 1, but is ${part}.`);
    if (!["infinity", "diagonal", "ignore"].includes(unmatched)) throw new OptionError(`BoundaryMeter: unmatched must be "infinity", "diagonal" or "ignore" but is ${JSON.stringify(unmatched)}.`);
    this.#options = { classes, ignoreIndex, spacing, percentile, tolerance, width, unmatched };
    this.#measure = compile(function measureBoundaries(predicted: Tensor, labels: Tensor) {
      const [, h, w] = labels.shape as [number, number, number];
      const diagonal = Math.hypot(h, w);
      const ignored = equal(cast(labels, "f32"), ignoreIndex);
      // What is no class has no mask. Below 0 it must not reach the cast, which would make it class 0.
      const nowhere = (x: Tensor): Tensor => {
        const number = cast(x, "f32");
        return cast(where(add(ignored, less(number, 0)), classes, number), "u32");
      };
      return boundaryFigures(nowhere(classMap("BoundaryMeter.update", predicted, classes)), nowhere(labels), { classes, spacing, percentile, reach: tolerance * diagonal, width: Math.max(1, Math.round(width * diagonal)) });
    });
  }

  /**
   * Adds a batch.
   *
   * @param predicted logits f32 or f16 [n, h, w, classes] (of two classes also one channel: above 0 is class 1), or class numbers u8, u32 or i32 [n, h, w]
   * @param labels u8, u32 or i32 [n, h, w]
   * @throws ShapeError or DTypeError for tensors that do not fit
   */
  update(predicted: Tensor, labels: Tensor): void {
    requireTensors("BoundaryMeter.update", { predicted, labels });
    checkLabels("BoundaryMeter.update", "labels", labels);
    const maps = predicted.dtype === "f32" || predicted.dtype === "f16" ? predicted.shape.slice(0, -1) : predicted.shape;
    if (labels.shape.length !== 3 || !sameShape(maps, labels.shape)) throw new ShapeError("BoundaryMeter.update", "labels must be [n, h, w], and predicted class numbers of that shape or logits with one more axis", { predicted: predicted.shape, labels: labels.shape });
    const result = this.#measure(predicted, labels);
    const figures = result.data();
    result.dispose();
    // Its failure is reported when the result is asked for.
    figures.catch(() => undefined);
    const [rows, columns] = this.#options.spacing;
    this.#batches.push({ figures, diagonal: Math.hypot(labels.shape[1]! * rows, labels.shape[2]! * columns) });
  }

  async result(): Promise<BoundaryResult> {
    const { classes, unmatched } = this.#options;
    const images: BoundaryScores[][] = [];
    for (const { figures, diagonal } of this.#batches) {
      const values = await figures;
      const maps = values.length / figureNames.length;
      const distance = { infinity: Infinity, diagonal, ignore: NaN }[unmatched];
      const all = Array.from({ length: maps }, (_, i) => scoresOf(Object.fromEntries(figureNames.map((name, k) => [name, values[k * maps + i]!])) as BoundaryFigures, distance));
      for (let i = 0; i < maps; i += classes) images.push(all.slice(i, i + classes));
    }
    const perClass = Array.from({ length: classes }, (_, c) => Object.fromEntries(scoreNames.map((name) => {
      const values = images.map((image) => image[c]![name]).filter((value) => !Number.isNaN(value));
      return [name, values.reduce((a, b) => a + b, 0) / values.length];
    })) as unknown as BoundaryScores);
    return { perClass, images };
  }

  reset(): void {
    this.#batches = [];
  }

  dispose(): void {
    this.reset();
    this.#measure.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @param unmatched the distance to a surface that is not there */
function scoresOf(f: BoundaryFigures, unmatched: number): BoundaryScores {
  if (f.truthEdges + f.foundEdges === 0) return { hausdorff: NaN, partialHausdorff: NaN, averageSurfaceDistance: NaN, boundaryF1: NaN, boundaryIou: NaN };
  const boundaryIou = f.bandEither === 0 ? NaN : f.bandBoth / f.bandEither;
  if (f.truthEdges === 0 || f.foundEdges === 0) return { hausdorff: unmatched, partialHausdorff: unmatched, averageSurfaceDistance: unmatched, boundaryF1: 0, boundaryIou };
  const [precision, recall] = [f.foundNear / f.foundEdges, f.truthNear / f.truthEdges];
  return {
    hausdorff: Math.max(f.truthFarthest, f.foundFarthest),
    partialHausdorff: Math.max(f.truthPercentile, f.foundPercentile),
    averageSurfaceDistance: (f.truthSum + f.foundSum) / (f.truthEdges + f.foundEdges),
    boundaryF1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    boundaryIou,
  };
}
