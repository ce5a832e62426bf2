import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor } from "../graph/tensor.js";
import type { Module } from "../layers/module.js";
import { cast } from "../ops/cast.js";
import { constant } from "../ops/constant.js";
import { indexSelect } from "../ops/index-select.js";
import { add, maximum, mul } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { CoarseModel } from "./coarse-model.js";
import { SegmentationModel, type InputSpan, type TrainingOutputs } from "./segmentation-model.js";

export interface MultiScaleOptions {
  /** The network that looks at the image in every size. */
  base: SegmentationModel;
  /** The image's sizes; 1 must be among them. Default [0.5, 0.75, 1]. */
  scales?: readonly number[];
  /** The largest of the scores for a class at a pixel, or their mean. Default "max". */
  fusion?: "max" | "mean";
  /** Channels of the image, which are the base's. */
  inChannels?: number;
  /** Classes, which are the base's. */
  classes?: number;
}

const bilinear = (x: Tensor<"f32">, size: readonly [number, number]): Tensor<"f32"> =>
  x.shape[1] === size[0] && x.shape[2] === size[1] ? x : resize(x, { size, mode: "bilinear", alignCorners: true });

/** Positions 0 … to − 1 in an axis of `from` positions, the ends on the ends: as `alignCorners` has it. */
const nearest = (from: number, to: number): Tensor<"u32"> =>
  cast(constant(Array.from({ length: to }, (_, i) => (to === 1 ? 0 : Math.round((i * (from - 1)) / (to - 1))))), "u32") as Tensor<"u32">;

/**
 * An image pyramid: one network looks at the image in several sizes, and what it sees is put together at the size of scale 1, by the largest score
 * (DeepLab v2, Chen et al. 2018, section 4.1.2) or the mean.
 *
 *     image ┬→ ×0.5  → base → ×2 ───┐
 *           ├→ ×0.75 → base → ×4/3 ─┼ max → logits
 *           └────────→ base ────────┘
 *
 *     new MultiScale({ base: new DeepLabV2({ classes: 21 }) })
 *
 * An image of n pixels becomes one of (n − 1) · scale + 1, corners on corners, as DeepLab's have it (321 → 161, 241, 321). In training each size has a loss
 * of its own beside that of the fused logits, all of weight 1: auxiliary outputs "scale0.5", "scale0.75", …. Entries are those of the base
 * with "base." before them, as in deeplab-pytorch (kazuto1011). Class names and normalisation are taken from the base when it is made.
 */
export class MultiScale extends SegmentationModel {
  readonly architecture = "multi-scale";
  readonly multipleOf: number;
  readonly base: SegmentationModel;
  readonly scales: readonly number[];
  readonly #fusion: "max" | "mean";

  constructor(options: MultiScaleOptions) {
    checkOptions("MultiScale", options, ["base", "scales", "fusion", "inChannels", "classes"]);
    const { base, scales = [0.5, 0.75, 1], fusion = "max" } = options;
    if (!(base instanceof SegmentationModel)) throw new OptionError("MultiScale: base must be a model, such as new DeepLabV2({ classes: 21 }).");
    const { inChannels = base.inChannels, classes = base.classes } = options;
    if (inChannels !== base.inChannels || classes !== base.classes) throw new OptionError(`MultiScale: the base takes ${base.inChannels} channels and tells ${base.classes} classes apart, not ${inChannels} and ${classes}. Leave inChannels and classes out.`);
    if (!Array.isArray(scales) || !scales.includes(1) || scales.some((s) => !(s > 0 && s < Infinity)) || new Set(scales).size !== scales.length)
      throw new OptionError(`MultiScale: scales must be different positive numbers, 1 among them, but is ${JSON.stringify(scales)}.`);
    if (fusion !== "max" && fusion !== "mean") throw new OptionError(`MultiScale: fusion must be "max" or "mean" but is ${JSON.stringify(fusion)}.`);
    super({ inChannels, classes, ...{ base: { architecture: base.architecture, options: base.options }, scales: [...scales], fusion } });
    this.multipleOf = base.multipleOf;
    this.base = base;
    this.scales = [...scales];
    this.#fusion = fusion;
    this.classInfo = base.classInfo;
    this.normalisation = base.normalisation;
  }

  override inputSize(length: number): InputSpan {
    return this.base.inputSize(length);
  }

  override head(): readonly Module[] {
    return this.base.head();
  }

  /** The fused logits and, as auxiliary ones, those of every scale and of the base's own heads in it. */
  override outputs(x: Tensor): TrainingOutputs {
    const image = this.input(x);
    const [height, width] = [image.shape[1]!, image.shape[2]!];
    const found = this.scales.map((scale) => {
      const side = (n: number): number => Math.max(1, Math.round((n - 1) * scale + 1));
      return { name: `scale${scale}`, ...this.base.outputs(bilinear(image, [side(height), side(width)])) };
    });
    const whole = found[this.scales.indexOf(1)]!.logits;
    return {
      logits: this.#fused(found.map(({ logits }) => bilinear(logits, [whole.shape[1]!, whole.shape[2]!]))),
      auxiliary: found.flatMap(({ name, logits, auxiliary }) => [{ name, logits, weight: 1 }, ...auxiliary.map((head) => ({ ...head, name: `${name}.${head.name}` }))]),
    };
  }

  /** The labels where the logits stand, corners on corners: every eighth one for DeepLab in scale 1. */
  override matchMask(mask: Tensor<"u8">, logits: Tensor): Tensor<"u8"> {
    if (!capturing()) return runEagerly(() => this.matchMask(mask, logits));
    const [n, height, width] = logits.shape as [number, number, number];
    const [, h, w] = mask.shape as [number, number, number];
    if (h === height && w === width) return mask;
    const rows = indexSelect(cast(mask, "f32") as Tensor<"f32">, nearest(h, height), { axis: 1 });
    return cast(reshape(indexSelect(rows, nearest(w, width), { axis: 2 }), [n, height, width]), "u8") as Tensor<"u8">;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const { logits } = this.outputs(x);
    return this.base instanceof CoarseModel ? this.base.upsample(logits, [x.shape[1]!, x.shape[2]!]) : logits;
  }

  #fused(logits: readonly Tensor<"f32">[]): Tensor<"f32"> {
    if (this.#fusion === "max") return logits.reduce((a, b) => maximum(a, b));
    return mul(logits.reduce((a, b) => add(a, b)), 1 / logits.length);
  }
}
