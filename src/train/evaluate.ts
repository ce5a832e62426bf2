import { batches } from "../data/batches.js";
import { IGNORED, type Dataset } from "../data/dataset.js";
import { uploadBatch } from "../data/device-batches.js";
import { compile, type Compiled } from "../graph/compile.js";
import type { Tensor } from "../graph/tensor.js";
import type { Module } from "../layers/module.js";
import { ConfusionMatrix } from "../metrics/confusion-matrix.js";
import type { SegmentationModel } from "../models/segmentation-model.js";
import { argmax } from "../ops/argmax.js";
import { cast } from "../ops/cast.js";
import { confusionMatrix } from "../ops/confusion-matrix.js";
import { greater } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { checkOptions, DataError, OptionError } from "../runtime/errors.js";
import { crossEntropyLoss, type LossFunction } from "./loss.js";

export interface EvaluateOptions {
  /** Height and width to which images are cropped (in the middle) or padded. Default: every image whole. */
  size?: readonly [number, number] | undefined;
  /** Images at once; more than 1 needs `size`, or images of one size. Default 1. */
  batchSize?: number | undefined;
  /** Default: cross-entropy. */
  loss?: LossFunction | undefined;
  /** Probability from which a single-logit network says "foreground", above 0 and below 1. Default 0.5. */
  threshold?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called after every batch with the images done. */
  progress?: ((done: number, total: number) => void) | undefined;
}

export interface Evaluation {
  /** Rows are the truth, columns the prediction, in pixels. */
  readonly matrix: ConfusionMatrix;
  /** Mean over the batches. */
  readonly loss: number;
  readonly images: number;
}

/** Classes that masks distinguish: a single logit tells two apart. */
export const classCount = (model: SegmentationModel): number => Math.max(2, model.classes);

/** Throws a DataError when the masks of `dataset` have other classes than `model` tells apart. */
export function checkClassCount(model: SegmentationModel, dataset: Dataset, what = "The data set"): void {
  if (dataset.classes.length !== classCount(model))
    throw new DataError(`${what} has ${dataset.classes.length} classes (${dataset.classes.map((c) => c.name).join(", ")}) but the network tells ${classCount(model)} apart.`);
}

const READS_IN_FLIGHT = 3;

/** Counts what a model gets right, on the GPU. Keeps its plans from one run to the next. */
export class Evaluator {
  readonly #model: SegmentationModel;
  readonly #count: Compiled<[Tensor<"u8">, Tensor<"u8">], { counts: Tensor<"u32">; loss: Tensor }>;

  constructor(model: SegmentationModel, loss: LossFunction = crossEntropyLoss, threshold = 0.5) {
    if (!(threshold > 0 && threshold < 1)) throw new OptionError(`evaluate: threshold must be above 0 and below 1, not ${threshold}.`);
    this.#model = model;
    this.#count = compile(function evaluate(image: Tensor<"u8">, mask: Tensor<"u8">) {
      const logits = model.forward(image);
      const truth = model.matchMask(mask, logits);
      const predicted = model.classes === 1 ? reshape(cast(greater(logits, Math.log(threshold / (1 - threshold))), "u32"), truth.shape) : argmax(logits);
      return { counts: confusionMatrix(predicted, truth, { classes: classCount(model), ignoreIndex: IGNORED }), loss: loss(logits, truth) };
    });
  }

  async run(dataset: Dataset, { size, batchSize = 1, signal, progress }: Omit<EvaluateOptions, "loss" | "threshold"> = {}): Promise<Evaluation> {
    const model = this.#model;
    checkClassCount(model, dataset);
    const matrix = new ConfusionMatrix(classCount(model));
    let [images, losses, parts] = [0, 0, 0];
    const pending: { counts: Promise<Uint32Array>; loss: Promise<number>; images: number }[] = [];
    const settle = async (): Promise<void> => {
      const next = pending.shift()!;
      matrix.add(await next.counts);
      losses += await next.loss;
      parts++;
      progress?.((images += next.images), dataset.length);
    };
    const back = evaluating(model);
    try {
      for await (const host of batches(dataset, { batchSize, size, inputSize: (length) => model.inputSize(length), shuffle: false, epoch: 0, signal })) {
        using batch = uploadBatch(model.device, host);
        const { counts, loss } = this.#count(batch.image, batch.mask);
        pending.push({ counts: quietly(counts.data()), loss: quietly(loss.item()), images: host.count });
        counts.dispose();
        loss.dispose();
        if (pending.length > READS_IN_FLIGHT) await settle();
      }
      while (pending.length > 0) await settle();
    } finally {
      back();
    }
    return { matrix, loss: losses / parts, images };
  }

  dispose(): void {
    this.#count.dispose();
  }
}

/** The promise, whose failure is reported when its turn comes and until then does not count as unhandled. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Puts a model in evaluation mode and returns what puts each of its modules back. */
export function evaluating(model: Module): () => void {
  const modes = [...model.modules()].map(([, module]) => [module, module.training] as const);
  model.eval();
  return () => modes.forEach(([module, training]) => module.train(training));
}

/**
 * Compares a model with the masks of a data set; where its logits are of another size than the image, with the masks as its `matchMask`
 * fits them.
 *
 *     const { matrix } = await evaluate(model, dataset);
 *     console.log(scores(matrix).mean.iou);
 *
 * @throws DataError when the classes differ or a sample has no mask; OptionError
 */
export async function evaluate(model: SegmentationModel, dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
  checkOptions("evaluate", options, ["size", "batchSize", "loss", "threshold", "signal", "progress"]);
  const { loss, threshold, ...rest } = options;
  const evaluator = new Evaluator(model, loss, threshold);
  try {
    return await evaluator.run(dataset, rest);
  } finally {
    evaluator.dispose();
  }
}
