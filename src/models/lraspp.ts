import type { Tensor } from "../graph/tensor.js";
import { Sigmoid } from "../layers/activation.js";
import { ConvBlock } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Module } from "../layers/module.js";
import { GlobalAvgPool2d } from "../layers/pooling.js";
import { Sequential } from "../layers/sequential.js";
import { add, mul } from "../ops/pointwise.js";
import { resize } from "../ops/resize.js";
import { checkOptions } from "../runtime/errors.js";
import { dilate } from "./encoders/dilate.js";
import { MobileNetV3 } from "./encoders/mobilenet-v3.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface LRASPPOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Times all channel counts of the backbone. Default 1. */
  width?: number;
  /** Channels of the head. Default 128. */
  headChannels?: number;
}

/** The last map, weighed by its mean, and the finer one, each with scores of its own. */
class LRASPPHead extends Module {
  readonly cbr: ConvBlock;
  readonly scale: Sequential;
  readonly lowClassifier: Conv2d;
  readonly highClassifier: Conv2d;

  constructor(lowChannels: number, highChannels: number, channels: number, classes: number) {
    super();
    this.cbr = new ConvBlock(highChannels, channels, { kernelSize: 1 });
    this.scale = new Sequential(new GlobalAvgPool2d(), new Conv2d(highChannels, channels, { kernelSize: 1, bias: false }), new Sigmoid());
    this.lowClassifier = new Conv2d(lowChannels, classes, { kernelSize: 1 });
    this.highClassifier = new Conv2d(channels, classes, { kernelSize: 1 });
  }

  forward(low: Tensor, high: Tensor): Tensor<"f32"> {
    const weighed = mul(this.cbr.forward(high), this.scale.forward(high)) as Tensor<"f32">;
    const enlarged = resize(weighed, { size: [low.shape[1]!, low.shape[2]!], mode: "bilinear" });
    return add(this.lowClassifier.forward(low), this.highClassifier.forward(enlarged)) as Tensor<"f32">;
  }
}

/**
 * torchvision's `lraspp_mobilenet_v3_large`: lite reduced atrous spatial pyramid pooling on MobileNetV3-Large (Howard et al. 2019, figure 10, with a
 * global mean instead of large windows). 3,221,538 parameters for 21 classes; made for phones. Any image size is fine.
 *
 *     image → MobileNetV3 ┬→ layer 16 (/16) ┬→ 1×1, norm, ReLU ──→ × → ×2 → classes ┐
 *                         │                 └→ mean, 1×1, sigmoid ─┘                 + → ×8 → logits
 *                         └→ layer 4 (/8) ─────────────────────────────→ classes ───┘
 */
export class LRASPP extends SegmentationModel {
  readonly architecture = "lraspp";
  readonly multipleOf = 1;
  readonly backbone: MobileNetV3;
  readonly classifier: LRASPPHead;

  /** @throws OptionError for options out of range */
  constructor(options: LRASPPOptions) {
    checkOptions("LRASPP", options, ["inChannels", "classes", "width", "headChannels"]);
    const { inChannels = 3, classes, width = 1, headChannels = 128 } = options;
    super({ inChannels, classes, ...{ width, headChannels } });
    this.backbone = dilate(new MobileNetV3({ inChannels, width }), { outputStride: 16, policy: "smp" });
    const { widths, strideEight } = this.backbone;
    this.classifier = new LRASPPHead(widths[strideEight]!, widths.at(-1)!, headChannels, classes);
  }

  override head(): readonly Module[] {
    return [this.classifier];
  }

  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    const maps = this.backbone.run(image);
    const logits = this.classifier.forward(maps[this.backbone.strideEight]!, maps.at(-1)!);
    return resize(logits, { size: [image.shape[1]!, image.shape[2]!], mode: "bilinear" }) as Tensor<"f32">;
  }
}
