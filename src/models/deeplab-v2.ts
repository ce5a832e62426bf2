import { normal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Conv2d } from "../layers/conv2d.js";
import type { Module } from "../layers/module.js";
import { add } from "../ops/pointwise.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { CoarseModel } from "./coarse-model.js";
import { FullyConnected, deeplabVGG } from "./deeplab-v1.js";
import { dilate } from "./encoders/dilate.js";
import { ResNet } from "./encoders/resnet.js";
import type { CaffeVGG } from "./caffe-vgg.js";

export interface DeepLabV2Options {
  /** Default "resnet101". */
  backbone?: "resnet101" | "vgg16";
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Dilations of the branches of atrous spatial pyramid pooling: ASPP-L [6, 12, 18, 24], ASPP-S [2, 4, 8, 12], LargeFOV [12]. Default ASPP-L. */
  rates?: readonly number[];
  /** Channels of fc6 and fc7 of every branch on VGG. Default 1024. */
  hidden?: number;
  /** Channels of the backbone's first stage. Default 64. */
  width?: number;
  /** Blocks of the four stages of the ResNet. Default [3, 4, 23, 3]. */
  blocks?: readonly number[] | undefined;
}

/** What deeplab-pytorch calls the layers of a bottleneck, by the names they have in `ResNet`. */
const unitNames: Record<string, readonly [conv: string, bn: string]> = {
  reduce: ["conv1", "bn1"], conv3x3: ["conv2", "bn2"], increase: ["conv3", "bn3"], shortcut: ["0", "1"],
};

/** The layers of a ResNet under the names of deeplab-pytorch: "layer1.conv1.conv", "layer2.block1.reduce.conv", …. */
function* renamed({ conv1, bn1, layer1, layer2, layer3, layer4 }: ResNet): Generator<[name: string, module: Module]> {
  yield ["layer1.conv1.conv", conv1];
  yield ["layer1.conv1.bn", bn1];
  for (const [stage, { layers }] of [layer1, layer2, layer3, layer4].entries())
    for (const [i, block] of layers.entries()) {
      const own = new Map(block.children());
      for (const [unit, [conv, bn]] of Object.entries(unitNames)) {
        const parts = unit === "shortcut" ? new Map(own.get("downsample")?.children()) : own;
        if (!parts.has(conv)) continue;
        yield [`layer${stage + 2}.block${i + 1}.${unit}.conv`, parts.get(conv)!];
        yield [`layer${stage + 2}.block${i + 1}.${unit}.bn`, parts.get(bn)!];
      }
    }
}

/**
 * DeepLab v2 (Chen, Papandreou, Kokkinos, Murphy & Yuille 2018): atrous spatial pyramid pooling, parallel branches with different gaps whose
 * scores are added up. On ResNet-101 a branch is one 3×3 convolution to the classes, on VGG-16 it is fc6, fc7 and fc8.
 *
 *     image → ResNet-101, output stride 8 ┬→ 3×3, rate  6 ┐
 *             (conv4 rate 2, conv5 rate 4) ├→ 3×3, rate 12 ┤
 *                                          ├→ 3×3, rate 18 ┼→ + ×8 → logits
 *                                          └→ 3×3, rate 24 ┘
 *
 * 44,048,532 parameters for 21 classes on ResNet-101, 37,877,652 on VGG-16. The ResNet is Caffe's: strides in the first 1×1 convolution of a
 * block, a first pooling that rounds up. Names are those of deeplab-pytorch (kazuto1011; "layer2.block1.reduce.conv", "aspp.c0") on the ResNet, whose
 * converted weights carry a "base." before them, as `MultiScale` does, and Caffe's ("fc6_1" …, or "fc6" where there is one branch) on VGG.
 *
 * The paper's network looks at each image in three sizes: `new MultiScale({ base: new DeepLabV2({ classes: 21 }) })`. Published weights expect blue, green, red of
 * 0 … 255 minus (104.00699, 116.66877, 122.67892). Training looks at every eighth pixel; `forward` interpolates in between.
 */
export class DeepLabV2 extends CoarseModel {
  readonly architecture = "deeplab-v2";
  readonly backbone: ResNet | CaffeVGG;
  readonly branches: readonly (Conv2d | FullyConnected)[];

  constructor(options: DeepLabV2Options) {
    checkOptions("DeepLabV2", options, ["backbone", "inChannels", "classes", "rates", "hidden", "width", "blocks"]);
    const { backbone = "resnet101", inChannels = 3, classes, rates = [6, 12, 18, 24], hidden = 1024, width = 64, blocks } = options;
    if (backbone !== "resnet101" && backbone !== "vgg16") throw new OptionError(`DeepLabV2: backbone must be "resnet101" or "vgg16" but is ${JSON.stringify(backbone)}.`);
    if (!Array.isArray(rates) || rates.length === 0 || rates.some((r) => !Number.isInteger(r) || r < 1)) throw new OptionError(`DeepLabV2: rates must be whole numbers of at least 1, and one at least, but is ${JSON.stringify(rates)}.`);
    for (const [name, value] of Object.entries({ hidden, width })) if (!Number.isInteger(value) || value < 1) throw new OptionError(`DeepLabV2: ${name} must be a whole number of at least 1 but is ${String(value)}.`);
    if (backbone === "vgg16" && blocks) throw new OptionError("DeepLabV2: blocks are those of the ResNet. Leave them out for vgg16.");
    if (backbone === "resnet101" && options.hidden !== undefined) throw new OptionError("DeepLabV2: hidden belongs to vgg16; branches on the ResNet have no hidden layer.");
    super({ inChannels, classes, ...{ backbone, rates: [...rates], width, ...(backbone === "vgg16" && { hidden }), ...(blocks && { blocks: [...blocks] }) } });
    if (backbone === "vgg16") {
      this.backbone = deeplabVGG(inChannels, width);
      const from = this.backbone.widths[4]!;
      this.branches = rates.map((rate: number) => new FullyConnected({ from, hidden, classes, kernelSize: 3, rate }));
    } else {
      const resnet = new ResNet({ depth: 101, inChannels, width, strideIn: "first", ceilMode: true, ...(blocks && { blocks }) });
      this.backbone = dilate(resnet, { outputStride: 8, policy: "smp" });
      this.branches = rates.map((rate: number) => new Conv2d(resnet.channels.at(-1)!, classes, { kernelSize: 3, dilation: rate, padding: rate, init: normal(0, 0.01) }));
    }
  }

  override *children(): Generator<[name: string, module: Module]> {
    if (this.backbone instanceof ResNet) yield* renamed(this.backbone);
    else yield* this.backbone.children();
    for (const [i, branch] of this.branches.entries()) {
      if (branch instanceof Conv2d) yield [`aspp.c${i}`, branch];
      else for (const [name, layer] of branch.children()) yield [this.branches.length > 1 ? `${name}_${i + 1}` : name, layer];
    }
  }

  override head(): readonly Module[] {
    return this.branches.map((branch) => (branch instanceof Conv2d ? branch : branch.fc8));
  }

  protected scores(image: Tensor<"f32">): Tensor<"f32"> {
    const features = this.backbone instanceof ResNet ? this.backbone.features(image).at(-1)! : this.backbone.forward(image)[4]!;
    return this.branches.map((branch) => branch.forward(features)).reduce((sum, scores) => add(sum, scores));
  }
}
