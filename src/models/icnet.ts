import { heNormal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { convLayers, type ConvBlockOptions } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import type { Module } from "../layers/module.js";
import { Sequential } from "../layers/sequential.js";
import { relu } from "../ops/activations.js";
import { avgPool2d } from "../ops/avg-pool2d.js";
import { cast } from "../ops/cast.js";
import { maxPool2d } from "../ops/max-pool2d.js";
import { add } from "../ops/pointwise.js";
import { reshape } from "../ops/reshape.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { dilate } from "./encoders/dilate.js";
import { ResNet } from "./encoders/resnet.js";
import { SegmentationModel, type TrainingOutputs } from "./segmentation-model.js";

export interface ICNetOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** The heads at 1/16 and 1/8 ("sub4_out", "sub24_out"), which only training runs. Default true. */
  aux?: boolean;
  /** What the losses at 1/16 and 1/8 count, where that of the logits counts 1. Default [0.4, 0.4] (GluonCV); the paper has [0.16, 0.4]. */
  auxWeights?: readonly [sixteenth: number, eighth: number];
  /** Channels of the first 3×3 convolutions; all others are multiples. Default 32. */
  width?: number;
  /** Blocks of the backbone's four stages. Default [3, 4, 6, 3], a ResNet-50. */
  blocks?: readonly number[] | undefined;
}

/** Levels of the pyramid: windows along each direction, and their distance as a share of that from the first position to the last. */
const pyramid = [{ bins: 1, share: 1 }, { bins: 2, share: 1 / 2 }, { bins: 3, share: 10 / 32 }, { bins: 6, share: 5 / 32 }] as const;

/**
 * Length and distance of a level's windows along an axis of n positions. The prototxt gives them for maps of 33×65 only: 33, 17, 13 and 8 long at
 * distances of 33, 16, 10 and 5 rows; here the distances grow with n − 1, rounded down, and the windows reach to both ends.
 */
export function icnetWindow(n: number, { bins, share }: { readonly bins: number; readonly share: number }): { length: number; step: number } {
  const step = Math.max(1, Math.floor((n - 1) * share));
  return { length: Math.max(1, n - (bins - 1) * step), step };
}

type Size = readonly [height: number, width: number];
const sizeOf = (x: Tensor): Size => [x.shape[1]!, x.shape[2]!];
/** Every other position: the size that convolutions of stride 2 have too. */
const halfOf = (x: Tensor): Size => [Math.ceil(x.shape[1]! / 2), Math.ceil(x.shape[2]! / 2)];
/** Caffe's "Interp". */
const interp = (x: Tensor, size: Size): Tensor<"f32"> => resize(x as Tensor<"f32">, { size, mode: "bilinear", alignCorners: true });

/** x plus the means of its windows, level by level. */
function pooled(x: Tensor<"f32">): Tensor<"f32"> {
  return pyramid.reduce((total, level) => {
    const [v, h] = [icnetWindow(x.shape[1]!, level), icnetWindow(x.shape[2]!, level)];
    return add(total, interp(avgPool2d(x, { kernelSize: [v.length, h.length], stride: [v.step, h.step] }), sizeOf(x)));
  }, x);
}

/** What the prototxt calls the layers of a bottleneck. */
const bottleneckNames: Record<string, string> = {
  conv1: "1x1_reduce", bn1: "1x1_reduce_bn", conv2: "3x3", bn2: "3x3_bn", conv3: "1x1_increase", bn3: "1x1_increase_bn",
};
type PartName = "conv5_4_k1" | "conv_sub4" | "conv3_1_sub2_proj" | "conv_sub2" | "conv1_sub1" | "conv2_sub1" | "conv3_sub1" | "conv3_sub1_proj" | "conv6_cls";

/** Convolution, batch norm and activation: the first two have names of their own, as in the prototxt. */
function* named(name: string, layers: readonly Module[]): Generator<[name: string, module: Module]> {
  for (const layer of layers) {
    if (layer instanceof Conv2d) yield [name, layer];
    if (layer instanceof BatchNorm2d) yield [`${name}_bn`, layer];
  }
}

/**
 * ICNet (Zhao, Qi, Shen, Shi & Jia 2018): half the image's size goes through the first third of a half-width ResNet-50, what comes out at half its
 * size again through the rest and pyramid pooling (the paper's branch at a quarter), and the whole image through three convolutions; each branch
 * refines the one before. After the authors' hszhao/ICNet (icnet_cityscapes_bnnomerge.prototxt): 6,699,987 parameters for 19 classes without
 * the two heads of training. Any image size is fine; the original takes 1025×2049, and its weights images in BGR.
 *
 *     image ÷2 → conv1 → conv2 → conv3_1 ┬→ ÷2 → conv3_2 … conv5_3 + pyramid → conv5_4 ×2 ┬→ conv_sub4 ┐
 *                                        │                                                └→ classes (1/16, training only)
 *                                        └→ conv3_1_sub2_proj ────────────────────────────────────────→ + ×2 ┬→ conv_sub2 ┐
 *                                                                                                            └→ classes (1/8, training only)
 *     image → conv1_sub1 → conv2_sub1 → conv3_sub1 → conv3_sub1_proj ─────────────────────────────────────────────────────→ + ×2 → classes ×4 → logits
 *
 * Names in state dicts are the layers of the prototxt ("conv1_1_3x3_s2.weight", "conv2_1_1x1_reduce.weight"), with "_bn" for "/bn". Two things
 * differ from the prototxt where sizes are not 32 n + 1: windows of the pyramid (`icnetWindow`), and maps that are added have the size of the finer one.
 */
export class ICNet extends SegmentationModel {
  readonly architecture = "icnet";
  readonly multipleOf = 1;
  readonly #resnet: ResNet;
  readonly #parts: Readonly<Record<PartName, Sequential>>;
  readonly #aux: { readonly sub4: Conv2d; readonly sub24: Conv2d } | undefined;
  readonly #auxWeights: readonly [sixteenth: number, eighth: number];

  constructor(options: ICNetOptions) {
    checkOptions("ICNet", options, ["inChannels", "classes", "aux", "auxWeights", "width", "blocks"]);
    const { inChannels = 3, classes, aux = true, auxWeights = [0.4, 0.4], width: w = 32, blocks = [3, 4, 6, 3] } = options;
    if (!Number.isInteger(w) || w < 1) throw new OptionError(`ICNet: width must be a whole number of at least 1 but is ${String(w)}.`);
    if (!Array.isArray(auxWeights) || auxWeights.length !== 2 || !auxWeights.every((weight) => Number.isFinite(weight) && weight >= 0))
      throw new OptionError(`ICNet: auxWeights must be two numbers of at least 0 but is ${JSON.stringify(auxWeights)}.`);
    super({ inChannels, classes, ...{ aux, auxWeights: [...auxWeights], width: w, blocks: [...blocks] } });
    this.#resnet = dilate(new ResNet({ depth: 50, inChannels, width: w, blocks, stem: "deep", stemWidths: [w, w, 2 * w], strideIn: "first" }), { policy: "smp" });
    const conv = (from: number, to: number, kernelSize: number, options: ConvBlockOptions = {}): Sequential =>
      new Sequential(...convLayers(from, to, { kernelSize, init: heNormal(from * kernelSize ** 2), ...options }));
    const summand = { activation: "none" } as const;
    const scores = (from: number): Conv2d => new Conv2d(from, classes, { kernelSize: 1, init: heNormal(from) });
    this.#parts = {
      conv5_4_k1: conv(32 * w, 8 * w, 1),
      conv_sub4: conv(8 * w, 4 * w, 3, { dilation: 2, ...summand }),
      conv3_1_sub2_proj: conv(8 * w, 4 * w, 1, summand),
      conv_sub2: conv(4 * w, 4 * w, 3, { dilation: 2, ...summand }),
      conv1_sub1: conv(inChannels, w, 3, { stride: 2 }),
      conv2_sub1: conv(w, w, 3, { stride: 2 }),
      conv3_sub1: conv(w, 2 * w, 3, { stride: 2 }),
      conv3_sub1_proj: conv(2 * w, 4 * w, 1, summand),
      conv6_cls: new Sequential(scores(4 * w)),
    };
    this.#aux = aux ? { sub4: scores(8 * w), sub24: scores(4 * w) } : undefined;
    this.#auxWeights = [auxWeights[0], auxWeights[1]];
    // Caffe's 0.95 is the weight of the past.
    for (const [, module] of this.modules()) if (module instanceof BatchNorm2d) module.momentum = 0.05;
  }

  override *children(): Generator<[name: string, module: Module]> {
    const { conv1, bn1, layer1, layer2, layer3, layer4 } = this.#resnet;
    const stem = [...(conv1 as Sequential).layers, bn1];
    for (const [i, name] of ["conv1_1_3x3_s2", "conv1_2_3x3", "conv1_3_3x3"].entries()) yield* named(name, stem.slice(3 * i, 3 * i + 2));
    for (const [i, { layers }] of [layer1, layer2, layer3, layer4].entries())
      for (const [j, block] of layers.entries())
        for (const [name, module] of block.children()) {
          const prefix = `conv${i + 2}_${j + 1}`;
          if (module instanceof Sequential) yield* named(`${prefix}_1x1_proj`, module.layers);
          else yield [`${prefix}_${bottleneckNames[name]!}`, module];
        }
    for (const [name, part] of Object.entries(this.#parts)) yield* named(name, part.layers);
    if (this.#aux) yield* [["sub4_out", this.#aux.sub4], ["sub24_out", this.#aux.sub24]] as [string, Module][];
  }

  /** Corners of maps and masks coincide here: labels of every 16th or 8th pixel where sizes are 32 n + 1, else the nearest ones. */
  override matchMask(mask: Tensor<"u8">, logits: Tensor): Tensor<"u8"> {
    const [n, height, width] = mask.shape as [number, number, number];
    const [h, w] = sizeOf(logits);
    const stride = [(height - 1) / (h - 1), (width - 1) / (w - 1)] as const;
    if (!stride.every((step) => Number.isInteger(step) && step > 1)) return super.matchMask(mask, logits);
    const map = reshape(cast(mask, "f32"), [n, height, width, 1]) as Tensor<"f32">;
    return cast(reshape(maxPool2d(map, { kernelSize: 1, stride }), [n, h, w]), "u8") as Tensor<"u8">;
  }

  override outputs(x: Tensor): TrainingOutputs {
    const { logits, sixteenth, eighth } = this.#run(x);
    const aux = this.#aux;
    if (!aux) return { logits, auxiliary: [] };
    return {
      logits,
      auxiliary: [
        { name: "sub4", logits: aux.sub4.forward(sixteenth), weight: this.#auxWeights[0] },
        { name: "sub24", logits: aux.sub24.forward(eighth), weight: this.#auxWeights[1] },
      ],
    };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.#run(x).logits;
  }

  /** The logits, and what the heads of training see at 1/16 and 1/8 of the image. */
  #run(x: Tensor): { logits: Tensor<"f32">; sixteenth: Tensor<"f32">; eighth: Tensor<"f32"> } {
    const image = this.input(x);
    const { conv1, bn1, maxpool, layer1, layer2, layer3, layer4 } = this.#resnet;
    const parts = this.#parts;
    const [conv31, ...others] = layer2.layers;

    const stem = relu(bn1.forward(conv1.forward(interp(image, halfOf(image)))));
    const medium = conv31!.forward(layer1.forward(maxpool.forward(stem)));
    const conv53 = [...others, layer3, layer4].reduce((h, layer) => layer.forward(h), interp(medium, halfOf(medium)));
    const sixteenth = interp(parts.conv5_4_k1.forward(pooled(conv53)), sizeOf(medium));

    const quarter = parts.conv2_sub1.forward(parts.conv1_sub1.forward(image));
    const fine = parts.conv3_sub1.forward(quarter);
    const sub24 = relu(add(parts.conv_sub4.forward(sixteenth), parts.conv3_1_sub2_proj.forward(medium)));
    const eighth = interp(sub24, sizeOf(fine));
    const sub12 = relu(add(parts.conv_sub2.forward(eighth), parts.conv3_sub1_proj.forward(fine)));
    return { logits: interp(parts.conv6_cls.forward(interp(sub12, sizeOf(quarter))), sizeOf(image)), sixteenth, eighth };
  }
}
