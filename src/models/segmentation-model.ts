import { Capture } from "../graph/capture.js";
import { capturing, guarded } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Graph } from "../graph/node.js";
import type { Tensor } from "../graph/tensor.js";
import { Module } from "../layers/module.js";
import { cast } from "../ops/cast.js";
import { constant } from "../ops/constant.js";
import { div, mul, sub } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { resize } from "../ops/resize.js";
import { DTypeError, OptionError, ShapeError } from "../runtime/errors.js";
import { checkRank, checkShape, type Shape } from "../runtime/shape.js";
import { defaultClasses, type ClassInfo } from "./class-info.js";
import { predict, type PredictOptions } from "./predict.js";
import type { ImageSource } from "./predict-input.js";
import type { Prediction } from "./prediction.js";

/** What a network expects of its input: (v / 255 − mean) / std for each channel. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Logits of a head that only training looks at. */
export interface AuxiliaryOutput {
  /** The head ("aux", "sub4"). */
  readonly name: string;
  /** f32 [N, height, width, classes]; any height and width. */
  readonly logits: Tensor<"f32">;
  /** What its loss counts, where that of the logits counts 1. */
  readonly weight: number;
}

/** Where an image stands in what a network is given, along one axis. */
export interface InputSpan {
  /** Pixels that the network is given. */
  readonly size: number;
  /** How many of them stand before the image's first one. */
  readonly before: number;
}

/** What training compares with the masks. */
export interface TrainingOutputs {
  /** f32 [N, height, width, classes]. */
  readonly logits: Tensor<"f32">;
  readonly auxiliary: readonly AuxiliaryOutput[];
}

/**
 * A network that gives every pixel a class. Its weights file carries what this class holds beside the weights: architecture
 * and options, class names and colours, and the normalisation of its input.
 *
 * In a model of one's own, `forward` begins with `this.input(x)`, which normalises u8 images. `loadModel` and `modelFromWeights` know only
 * the architectures here; files of others go through `loadWeights(new Mine().to(device), bytes)`, which takes the weights alone.
 */
export abstract class SegmentationModel extends Module {
  /** Name in weights files and on the command line ("unet"). */
  abstract readonly architecture: string;
  /** Image sizes that fit without remainder are multiples of this; `predict` pads to them. */
  abstract readonly multipleOf: number;
  /** The constructor's options, complete, as JSON holds them. */
  readonly options: object;
  readonly inChannels: number;
  /** Channels of the logits; 1 is a single-logit head (sigmoid) that tells foreground from background. */
  readonly classes: number;
  #classInfo: readonly ClassInfo[];
  #normalisation: Normalisation;

  constructor(options: { readonly inChannels: number; readonly classes: number }) {
    super();
    for (const [name, count] of Object.entries({ inChannels: options.inChannels, classes: options.classes }))
      if (!Number.isInteger(count) || count < 1) throw new OptionError(`${new.target.name}: ${name} must be a whole number of at least 1 but is ${count}.`);
    this.options = options;
    this.inChannels = options.inChannels;
    this.classes = options.classes;
    this.#classInfo = defaultClasses(options.classes);
    this.#normalisation = { mean: Array<number>(options.inChannels).fill(0), std: Array<number>(options.inChannels).fill(1) };
  }

  /**
   * Scores of the classes for every pixel. An image may come as it is (u8) or normalised (f32).
   *
   * @param x [N, H, W, inChannels]: an image as it is (u8), or one that went through `normalise` (f32)
   * @returns logits, f32 [N, height, width, classes]
   */
  abstract forward(x: Tensor): Tensor<"f32">;

  /**
   * What training compares with the masks: the logits, and those of auxiliary heads, each with the weight of its loss. A network
   * without such heads has none. May be of other sizes than the image: see `matchMask`.
   *
   * @param x as for `forward`
   */
  outputs(x: Tensor): TrainingOutputs {
    return { logits: this.forward(x), auxiliary: [] };
  }

  /**
   * The mask that belongs to logits of another size: the nearest label for each of them. Networks whose logits are a part of
   * the image in full resolution (a U-Net without padding) cut it out instead.
   *
   * @param mask u8 [N, H, W], 255 where ignored
   * @param logits [N, height, width, classes]
   */
  matchMask(mask: Tensor<"u8">, logits: Tensor): Tensor<"u8"> {
    const [n, height, width] = logits.shape as [number, number, number];
    const [, h, w] = mask.shape;
    if (h === height && w === width) return mask;
    const map = reshape(cast(mask, "f32"), [n, h!, w!, 1]) as Tensor<"f32">;
    return cast(reshape(resize(map, { size: [height, width], mode: "nearest" }), [n, height, width]), "u8") as Tensor<"u8">;
  }

  /**
   * What the network must be given to have logits for `length` pixels of an image, along one axis. `predict` and `evaluate` mirror the image
   * on at its edges up to that. Default: the next multiple of `multipleOf`, in which the image comes first.
   */
  inputSize(length: number): InputSpan {
    return { size: Math.ceil(length / this.multipleOf) * this.multipleOf, before: 0 };
  }

  /**
   * The modules that stand on top of a backbone and are trained from scratch where the backbone's weights come from elsewhere. Recipes give
   * them learning rates of their own (DeepLab's and PSPNet's: ten times that of the backbone). Default: none, all parameters are alike.
   */
  head(): readonly Module[] {
    return [];
  }

  /** Names and colours of the classes; two of them for a single-logit head. */
  get classInfo(): readonly ClassInfo[] {
    return this.#classInfo;
  }

  set classInfo(classes: readonly ClassInfo[]) {
    const expected = Math.max(2, this.classes);
    if (classes.length !== expected) throw new OptionError(`${this.constructor.name}: classInfo must name ${expected} classes but names ${classes.length}.`);
    this.#classInfo = classes.map(({ name, color }) => ({ name, color: [...color] as const }));
  }

  /** Mean and standard deviation of the channels of the images it was trained on, as fractions of 255. Default 0 and 1. */
  get normalisation(): Normalisation {
    return this.#normalisation;
  }

  set normalisation({ mean, std }: Normalisation) {
    for (const [name, values] of Object.entries({ mean, std }))
      if (values.length !== this.inChannels || !values.every(Number.isFinite)) throw new OptionError(`${this.constructor.name}: normalisation.${name} must hold ${this.inChannels} numbers but holds [${values.join(", ")}].`);
    if (std.some((s) => s <= 0)) throw new OptionError(`${this.constructor.name}: normalisation.std must be above 0 but is [${std.join(", ")}].`);
    this.#normalisation = { mean: [...mean], std: [...std] };
  }

  /**
   * An image (u8 0 … 255, or f32 0 … 1) as the network wants it: (v − mean) / std of fractions of 255.
   *
   * @param image [N, H, W, inChannels]: u8 0 … 255, or f32 0 … 1
   * @throws ShapeError for another number of axes or channels, DTypeError for other dtypes
   */
  normalise(image: Tensor): Tensor<"f32"> {
    if (!capturing()) return runEagerly(() => this.normalise(image));
    this.#check(image);
    const { mean, std } = guarded(() => this.#normalisation);
    const fractions = image.dtype === "u8" ? mul(cast(image, "f32"), 1 / 255) : image;
    if (mean.every((m) => m === 0) && std.every((s) => s === 1)) return fractions as Tensor<"f32">;
    return div(sub(fractions, constant(mean)), constant(std)) as Tensor<"f32">;
  }

  /** What `forward` works on: images (u8) are normalised, f32 is taken as normalised already. */
  protected input(x: Tensor): Tensor<"f32"> {
    if (x.dtype === "u8") return this.normalise(x);
    this.#check(x);
    return x as Tensor<"f32">;
  }

  #check(x: Tensor): void {
    const name = this.constructor.name;
    checkRank(name, "x", x.shape, "NHWC");
    if (x.shape[3] !== this.inChannels) throw new ShapeError(name, `the model takes ${this.inChannels} channels but x has ${x.shape[3]}`, { x: [x.shape, "NHWC"] });
    if (x.dtype !== "u8" && x.dtype !== "f32") throw new DTypeError(`${name}: x must be an image (u8) or f32 but is ${x.dtype}. Convert with cast(x, "f32").`);
  }

  /**
   * Segments one image of any size, in evaluation mode: a file, pixels, an ndarray, something drawable or a tensor in; the
   * class map, and on request probabilities and an overlay, out. Nothing needs to be compiled or disposed of by the caller.
   *
   *     const { classes, width, height } = await model.predict("cells.png");
   *
   * @throws ImageError for what is no image or has other channels than the model takes, FileError for what cannot be read,
   *   OptionError, DeviceError for an image too large for the adapter, the signal's reason when it is aborted
   */
  predict(image: ImageSource, options: PredictOptions = {}): Promise<Prediction> {
    return predict(this, image, options);
  }

  /**
   * Shape of the logits for an input of this shape. Needs no device.
   *
   * @param shape [N, H, W, inChannels]
   * @throws ShapeError when the input is too small or has other channels
   */
  outputShape(shape: Shape): Shape {
    return this.trace(shape).outputs[0]!.shape;
  }

  /** @internal The operators that an evaluation of an f32 input of this shape would run. Needs no device. */
  trace(shape: Shape): Graph {
    checkShape(this.constructor.name, shape);
    const capture = new Capture({ shapesOnly: true });
    const modes = [...this.modules()].map(([, module]) => [module, module.training] as const);
    this.eval();
    try {
      const out = capture.run(() => this.forward(capture.input(shape, "f32")));
      return capture.graph([out.value!]);
    } finally {
      for (const [module, training] of modes) module.train(training);
    }
  }
}
