import type { Tensor } from "../graph/tensor.js";
import { Conv2d } from "../layers/conv2d.js";
import { Module } from "../layers/module.js";
import { conv2d } from "../ops/conv2d.js";
import { maxPool2d } from "../ops/max-pool2d.js";
import { pad2d } from "../ops/pad2d.js";
import { relu } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface PatchClassifierOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Channels of each stage of convolution and pooling; at least one. Default [24, 48]. */
  widths?: readonly number[];
  /** Rows and columns of the stages' kernels. Even ones give patches that have a middle. Default 4. */
  kernelSize?: number;
  /** Rows and columns of what the fully connected layer sees. Default 3. */
  top?: number;
  /** Units of the fully connected layer. Default 100. */
  hidden?: number;
}

/** Convolution without padding, ReLU and pooling by two. */
class Stage extends Module {
  readonly conv: Conv2d;

  constructor(from: number, to: number, kernelSize: number) {
    super();
    this.conv = new Conv2d(from, to, { kernelSize });
  }

  /** @param rate distance of neighbouring positions of one map, where x holds all maps that whole patches would give; 0 for one patch */
  forward(x: Tensor<"f32">, rate: number): Tensor<"f32"> {
    const h = relu(conv2d(x, this.conv.weight, { bias: this.conv.bias, dilation: Math.max(1, rate) }));
    return rate > 0 ? maxPool2d(h, { kernelSize: 2, stride: 1, dilation: rate }) : maxPool2d(h, { kernelSize: 2 });
  }
}

/**
 * A classifier of patches, as pixels were labelled before there were segmentation networks: a small network without padding looks at
 * the P × P pixels around a pixel and names its class (Ciresan, Giusti, Gambardella & Schmidhuber 2012, whose networks are such).
 *
 *     patch [P, P] ─ conv ─ ReLU ─ max pool 2 ─ conv ─ ReLU ─ max pool 2 ─ fully connected ─ ReLU ─ classes
 *
 * It runs in two ways that give the same numbers. `classify` takes patches, one at a time or a batch: sliding the window over an image
 * (`slidingWindow`) computes most values again and again. `forward` takes whole images and computes each value once: every pooling has
 * stride 1, and what follows it works on every second position of its result, every fourth after two, … (convolutions à trous;
 * Giusti et al. 2013 with fragments of maps, Li, Zhao & Wang 2014 with sparse kernels). Beyond the image its outermost pixels go on,
 * so that every pixel has a patch; a patch of even size has one pixel more before its pixel than after it.
 */
export class PatchClassifier extends SegmentationModel {
  readonly architecture = "patch-classifier";
  readonly multipleOf = 1;
  readonly stages: readonly Stage[];
  /** The fully connected layer, as a convolution over all that it sees. */
  readonly hidden: Conv2d;
  readonly classifier: Conv2d;
  /** P: rows and columns of a patch, which is the receptive field. 21 unless told otherwise. */
  readonly patchSize: number;

  constructor(options: PatchClassifierOptions) {
    checkOptions("PatchClassifier", options, ["inChannels", "classes", "widths", "kernelSize", "top", "hidden"]);
    const { inChannels = 3, classes, widths = [24, 48], kernelSize = 4, top = 3, hidden = 100 } = options;
    if (!Array.isArray(widths) || widths.length < 1 || widths.some((w) => !Number.isInteger(w) || w < 1))
      throw new OptionError(`PatchClassifier: widths must be at least one whole number of at least 1 but is ${JSON.stringify(widths)}.`);
    for (const [name, value] of Object.entries({ kernelSize, top, hidden }))
      if (!Number.isInteger(value) || value < 1) throw new OptionError(`PatchClassifier: ${name} must be a whole number of at least 1 but is ${String(value)}.`);
    super({ inChannels, classes, ...{ widths: [...widths], kernelSize, top, hidden } });
    this.stages = widths.map((width: number, i) => new Stage(i === 0 ? inChannels : (widths[i - 1] as number), width, kernelSize));
    this.hidden = new Conv2d(widths.at(-1) as number, hidden, { kernelSize: top });
    this.classifier = new Conv2d(hidden, classes, { kernelSize: 1 });
    this.patchSize = widths.reduce((size: number) => 2 * size + kernelSize - 1, top);
  }

  /** Scores of the classes for every pixel of an image, each from the patch around it. */
  forward(x: Tensor): Tensor<"f32"> {
    return this.#scores(this.surrounded(x), true);
  }

  /**
   * Scores of the classes for the pixel in the middle of each patch (at row and column ⌊P / 2⌋).
   *
   * @param patches [N, P, P, inChannels], as `forward` takes images
   * @returns logits, f32 [N, classes]
   * @throws ShapeError for patches of another size
   */
  classify(patches: Tensor): Tensor<"f32"> {
    const x = this.input(patches);
    const [n, h, w] = x.shape as [number, number, number];
    if (h !== this.patchSize || w !== this.patchSize) throw new ShapeError("PatchClassifier", `patches have ${this.patchSize}×${this.patchSize} pixels`, { patches: [x.shape, "NHWC"] });
    return reshape(this.#scores(x, false), [n, this.classes]);
  }

  /** @internal The image as the network wants it, with half a patch of its outermost pixels around it, so that each of its pixels has a patch. */
  surrounded(x: Tensor): Tensor<"f32"> {
    const before = Math.floor(this.patchSize / 2);
    const after = this.patchSize - 1 - before;
    return pad2d(this.input(x), { top: before, bottom: after, left: before, right: after, mode: "replicate" });
  }

  /** The network without padding. `dense`: at every position, instead of at every 2^stages-th. */
  #scores(x: Tensor<"f32">, dense: boolean): Tensor<"f32"> {
    const h = this.stages.reduce((map, stage, i) => stage.forward(map, dense ? 2 ** i : 0), x);
    const seen = relu(conv2d(h, this.hidden.weight, { bias: this.hidden.bias, dilation: dense ? 2 ** this.stages.length : 1 }));
    return this.classifier.forward(seen);
  }
}
