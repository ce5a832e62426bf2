import { ShapeError } from "../runtime/errors.js";
import { ConfusionMatrix } from "./confusion-matrix.js";
import { meanRatios } from "./ratios.js";
import { scores, scoresOptions, type Averages, type Scores, type ScoresOptions } from "./scores.js";

export interface ImageScores extends Averages {
  /** Of each image, in order. */
  readonly images: readonly Scores[];
  /** Of all images pooled, as `scores` gives them. */
  readonly pooled: Scores;
}

/**
 * Scores of images one by one, and their means over images: every image counts the same, however many pixels it has.
 *
 * - `mean`: each class of each image alike, averaged over the classes of an image and then over the images (macro-imagewise)
 * - `micro`: the classes of an image pooled, then averaged over the images (micro-imagewise)
 * - `weighted`: the classes of an image by their pixels in the whole set, then averaged over the images (weighted-imagewise)
 *
 * Under "ignore" a class that an image does not have is left out of that image's mean, and an image without any score out of the mean.
 * smp's reductions are these with `absent: "one"` (its `zero_division`).
 *
 * @param matrices one for each image, as `SegmentationMeter` with `perImage` collects them
 * @throws ShapeError for matrices of different classes, or none at all
 * @pytorch none; smp.metrics with reduction "micro-imagewise", "macro-imagewise", "weighted-imagewise"
 */
export function imageScores(matrices: readonly ConfusionMatrix[], options: ScoresOptions = {}): ImageScores {
  const [first] = matrices;
  if (!first) throw new ShapeError("imageScores", "there must be a confusion matrix of at least one image");
  const { include } = scoresOptions("imageScores", first.classes, options);
  const total = new ConfusionMatrix(first.classes);
  for (const matrix of matrices) total.add(matrix);
  const outcomes = total.outcomes();
  const supports = include.map((i) => outcomes[i]!).map(({ truePositive, falseNegative }) => truePositive + falseNegative);
  const images = matrices.map((matrix) => scores(matrix, options));
  return {
    images,
    pooled: scores(total, options),
    mean: meanRatios(images.map(({ mean }) => mean)),
    micro: meanRatios(images.map(({ micro }) => micro)),
    weighted: meanRatios(images.map(({ perClass }) => meanRatios(include.map((i) => perClass[i]!), supports))),
  };
}
