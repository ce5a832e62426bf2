import { glorotUniform, truncatedNormal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { Conv2d } from "../layers/conv2d.js";
import type { Module } from "../layers/module.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { ASPP } from "./aspp.js";
import { Cascade } from "./cascade.js";
import { dilate } from "./encoders/dilate.js";
import { ResNet } from "./encoders/resnet.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface DeepLabV3Options {
  /** Layers of the backbone. Default 101. */
  depth?: 50 | 101;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Pixels of the image per pixel of the last map. Default 16; the same weights run at 8, more densely and slowly. */
  outputStride?: 8 | 16;
  /** The network of section 3.2 instead of that of section 3.3: further ResNet blocks up to this one, and no ASPP. Default: none. */
  cascade?: 5 | 6 | 7 | undefined;
  /** Factors of the dilations of the units of block4 (and of the cascade's blocks). Default [1, 2, 4]; [1, 2, 1] with a cascade. */
  multiGrid?: readonly number[];
  /** Dilations of the ASPP's 3×3 branches. Default [6, 12, 18] at output stride 16, twice that at 8. */
  rates?: readonly number[];
  /** Channels of the ASPP. Default 256. */
  channels?: number;
  /** Weight of a new batch in the running statistics. Default 0.0003 (the paper's decay of 0.9997), which needs thousands of steps. */
  momentum?: number;
  /** Channels of the backbone's first stage. Default 64. */
  width?: number;
  /** Blocks of the backbone's four stages, instead of those of `depth`. */
  blocks?: readonly number[] | undefined;
}

/** Output strides of DeepLab v3 and v3+, checked. */
export function requireOutputStride(name: string, outputStride: number): void {
  if (outputStride !== 8 && outputStride !== 16) throw new OptionError(`${name}: outputStride must be 8 or 16 but is ${outputStride}.`);
}

/** Sets what a new batch weighs in all batch norms of a module. */
export function setMomentum(module: Module, momentum: number): void {
  for (const [, part] of module.modules()) if (part instanceof BatchNorm2d) part.momentum = momentum;
}

/**
 * DeepLab v3 as in the paper (Chen, Papandreou, Schroff & Adam 2017, "Rethinking atrous convolution for semantic image segmentation"): a ResNet whose
 * block4 is dilated by 2, 4 and 8 (output stride 16), atrous spatial pyramid pooling, scores, bilinear upsampling with aligned corners. 58,040,661
 * parameters for 21 classes. Any image size is fine; maps have ⌈n / 16⌉ pixels, so that 513 goes with 33. torchvision's network of this name differs.
 *
 *     image → ResNet → block3 → block4, rates 2 4 8 → ASPP, rates 6 12 18 → 1×1 → ×16 → logits
 *                       1024           2048                 256
 *
 * Or, with `cascade: 7`, block5 … block7 behind block4 and no ASPP (rates 2 4 2, 4 8 4, 8 16 8, 16 32 16).
 *
 * The backbone has the names of torchvision's ResNet ("backbone.layer4.2.conv2.weight"), the ASPP those of torchvision's ("aspp.convs.0.0.weight",
 * "aspp.project.0.weight"); its image mean comes first where the branches are joined, as in TensorFlow's DeepLab.
 */
export class DeepLabV3 extends SegmentationModel {
  readonly architecture = "deeplab-v3";
  readonly multipleOf = 1;
  readonly backbone: ResNet;
  readonly aspp: ASPP | undefined;
  readonly cascade: Cascade | undefined;
  readonly logits: Conv2d;

  constructor(options: DeepLabV3Options) {
    checkOptions("DeepLabV3", options, ["depth", "inChannels", "classes", "outputStride", "cascade", "multiGrid", "rates", "channels", "momentum", "width", "blocks"]);
    const { depth = 101, inChannels = 3, classes, outputStride = 16, cascade, multiGrid = cascade ? [1, 2, 1] : [1, 2, 4], momentum = 0.0003, width = 64, blocks } = options;
    requireOutputStride("DeepLabV3", outputStride);
    if (depth !== 50 && depth !== 101) throw new OptionError(`DeepLabV3: depth must be 50 or 101 but is ${String(depth)}.`);
    if (cascade !== undefined && ![5, 6, 7].includes(cascade)) throw new OptionError(`DeepLabV3: cascade must be 5, 6 or 7, the last block, but is ${String(cascade)}.`);
    if (cascade && (options.rates || options.channels)) throw new OptionError("DeepLabV3: rates and channels belong to the ASPP, which a network with a cascade does not have.");
    const { rates = [6, 12, 18].map((rate) => (rate * 16) / outputStride), channels = 256 } = options;
    const head = cascade ? { cascade } : { rates: [...rates], channels };
    super({ inChannels, classes, ...{ depth, outputStride, multiGrid: [...multiGrid], ...head, momentum, width, ...(blocks && { blocks: [...blocks] }) } });
    this.backbone = dilate(new ResNet({ depth, inChannels, width, ...(blocks && { blocks }) }), { outputStride, policy: "tensorflow", multiGrid });
    const last = this.backbone.channels.at(-1)!;
    this.aspp = cascade ? undefined : new ASPP(last, { rates, channels, pooling: "first", dropout: 0.1, init: glorotUniform });
    this.cascade = cascade ? new Cascade(last, { blocks: cascade - 4, rate: 64 / outputStride, multiGrid }) : undefined;
    this.logits = new Conv2d((this.aspp ?? this.cascade!).outChannels, classes, { kernelSize: 1, init: truncatedNormal(0.01) });
    setMomentum(this, momentum);
  }

  override head(): readonly Module[] {
    return [this.aspp ?? this.cascade!, this.logits];
  }

  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    const map = (this.aspp ?? this.cascade!).forward(this.backbone.features(image).at(-1)!);
    return resize(this.logits.forward(map), { size: [image.shape[1]!, image.shape[2]!], mode: "bilinear", alignCorners: true }) as Tensor<"f32">;
  }
}
