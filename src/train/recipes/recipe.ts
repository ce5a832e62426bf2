import type { AugmentOptions } from "../../data/augment.js";
import type { Padding } from "../../data/warp.js";
import type { Normalisation } from "../../models/segmentation-model.js";

/** What a parameter is: a kernel or matrix, a bias, or the scale or shift of a normalisation. */
export type ParameterKind = "weight" | "bias" | "normWeight" | "normBias";

/** Settings for some parameters of a model. Those that fit several rules get the product of the rates and the decay of the last. */
export interface ParameterRule {
  /** The part that it holds for: what `model.head()` names, or all else. Default: both. */
  readonly part?: "head" | "backbone" | undefined;
  /** The kinds that it holds for. Default: all. */
  readonly kind?: readonly ParameterKind[] | undefined;
  /** A part of the parameter's path ("upscore"). Default: any path. */
  readonly path?: string | undefined;
  /** Times the learning rate. */
  readonly learningRateScale?: number | undefined;
  /** Instead of the optimizer's. */
  readonly weightDecay?: number | undefined;
  /** Leave them as they are. */
  readonly fixed?: boolean | undefined;
}

/** The optimizer of a recipe; what it does not say is as in PyTorch. */
export interface OptimizerRecipe {
  readonly rule: "sgd" | "adam" | "adamw" | "rmsprop";
  readonly momentum?: number | undefined;
  readonly weightDecay?: number | undefined;
  /** Decay of RMSprop's mean of squares. */
  readonly alpha?: number | undefined;
  readonly epsilon?: number | undefined;
  readonly clipNorm?: number | undefined;
  /** Decay of an average of the weights, which is then what is validated and kept. Default: none. */
  readonly ema?: number | undefined;
}

/** How the learning rate begins and falls. */
export interface ScheduleRecipe {
  readonly rule: "constant" | "poly" | "cosine" | "step" | "epoch";
  readonly learningRate: number;
  /** Exponent of "poly". Default 0.9. */
  readonly power?: number | undefined;
  /** Factor of "step" (default 0.1) and of "epoch". */
  readonly gamma?: number | undefined;
  /** Updates from one factor of "step" to the next. */
  readonly every?: number | undefined;
  /** Updates in which the rate rises in a line first. Default 0. */
  readonly warmUp?: number | undefined;
}

/** What training makes small. */
export interface LossRecipe {
  readonly rule: "ce" | "focal" | "dice" | "ce+dice";
  /**
   * How cross-entropy is put together: "mean" divides by the weights of the counting pixels (PyTorch), "pixels" by their number (Caffe), "sum" by
   * nothing (FCN). Default "mean".
   */
  readonly reduction?: "mean" | "pixels" | "sum" | undefined;
  /** A weight for each class, or "median-frequency": those that `medianFrequencyWeights` finds in the data. Default: all 1. */
  readonly classWeights?: "median-frequency" | readonly number[] | undefined;
}

/** How a network is trained, as plain data: what a paper, or the program that its authors published, says. Numbers are per update. */
export interface Recipe {
  /** "segnet-camvid". */
  readonly name: string;
  /** One sentence for lists. */
  readonly summary: string;
  /** The paper or program whose numbers these are. */
  readonly source: string;
  /** The network; its options without inChannels and classes, which the data give. */
  readonly model: { readonly architecture: string; readonly options: object };
  /** Of the images: numbers, or "dataset" for those of the training images. */
  readonly normalisation: Normalisation | "dataset";
  /** Height and width of training images, cropped and padded to that; null: as they are. */
  readonly size: readonly [number, number] | null;
  readonly augment: AugmentOptions;
  readonly padding?: Padding | undefined;
  readonly batchSize: number;
  readonly accumulate?: number | undefined;
  /** Updates; or passes through the data. */
  readonly length: { readonly steps: number } | { readonly epochs: number };
  readonly loss: LossRecipe;
  /** Weights of auxiliary losses by the name of the head, where they are not those of the model. */
  readonly auxiliaryWeights?: Readonly<Record<string, number>> | undefined;
  readonly optimizer: OptimizerRecipe;
  readonly schedule: ScheduleRecipe;
  readonly parameters?: readonly ParameterRule[] | undefined;
  /** "frozen": scales, shifts and running statistics of batch norms stay as they are (those of loaded weights). Default "train". */
  readonly batchNorm?: "train" | "frozen" | undefined;
  /** As `recalibrate` of the trainer. */
  readonly recalibrate?: number | "epoch" | undefined;
  /** Validations without a better score until training ends. */
  readonly patience?: number | undefined;
}

/** Mean and deviation of the images of ImageNet as torchvision has them, fractions of 255. */
export const imagenet: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** `imagenet.mean` as a colour: what pads images whose padding shall become zeros. */
export const imagenetColour = [123.675, 116.28, 103.53] as const;

/** Values of 0 … 255 without a mean: Caffe's data layers where they are told nothing. */
export const raw: Normalisation = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };

/** What Caffe's VGG-16 wants, in our order of channels: 0 … 255 minus (122.67892, 116.66877, 104.00699). */
export const caffe: Normalisation = { mean: [122.67892 / 255, 116.66877 / 255, 104.00699 / 255], std: [1 / 255, 1 / 255, 1 / 255] };

/** `caffe.mean` as a colour. */
export const caffeColour = [122.67892, 116.66877, 104.00699] as const;

/** v / 127.5 − 1: TensorFlow's Xception and MobileNet. */
export const signed: Normalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** The custom of Caffe's networks: biases learn at twice the rate and do not decay. */
export const caffeBiases: ParameterRule = { kind: ["bias"], learningRateScale: 2, weightDecay: 0 };
