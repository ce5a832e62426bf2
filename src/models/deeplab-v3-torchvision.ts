import type { Tensor } from "../graph/tensor.js";
import { convLayers } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Sequential } from "../layers/sequential.js";
import { checkOptions } from "../runtime/errors.js";
import { ASPP } from "./aspp.js";
import { dilate } from "./encoders/dilate.js";
import { MobileNetV3 } from "./encoders/mobilenet-v3.js";
import { FCNHead, TorchvisionModel, TorchvisionResNet, type TorchvisionResNetOptions } from "./torchvision-model.js";

/** Atrous spatial pyramid pooling, a 3×3 convolution and scores: torchvision's DeepLabHead. The paper's head has no such convolution. */
export class DeepLabHead extends Sequential {
  constructor(inChannels: number, classes: number, channels: number) {
    super(new ASPP(inChannels, { channels }), ...convLayers(channels, channels), new Conv2d(channels, classes, { kernelSize: 1 }));
  }
}

export interface DeepLabV3ResNetOptions extends TorchvisionResNetOptions {
  /** Channels of the pyramid pooling and behind it. Default 256. */
  asppChannels?: number;
}

/**
 * torchvision's `deeplabv3_resnet50` and `deeplabv3_resnet101` (after Chen et al. 2017, "Rethinking atrous convolution"): 42,004,074 and 60,996,202
 * parameters for 21 classes, auxiliary head included. Unlike the paper's `DeepLabV3` it always works at output stride 8, with rates 12, 24 and 36 and
 * without multi-grid, and the head has a 3×3 convolution more. Any image size is fine; training needs batches of 2 and more.
 *
 *     image → ResNet → layer3 ┬→ layer4 → ASPP → 3×3 → classes ×8 → logits
 *                             └→ auxiliary head ×8, whose loss counts 0.5 in training
 */
export class DeepLabV3ResNet extends TorchvisionResNet {
  readonly architecture = "deeplab-v3-torchvision";

  /** @throws OptionError for options out of range */
  constructor(options: DeepLabV3ResNetOptions) {
    const { asppChannels = 256 } = options;
    super("DeepLabV3ResNet", options, { asppChannels }, (inChannels) => new DeepLabHead(inChannels, options.classes, asppChannels));
  }
}

export interface DeepLabV3MobileNetV3Options {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** The auxiliary head, which training needs and files of torchvision carry. Default true. */
  aux?: boolean;
  /** Times all channel counts of the backbone. Default 1. */
  width?: number;
  /** Channels of the pyramid pooling and behind it. Default 256. */
  asppChannels?: number;
}

/**
 * torchvision's `deeplabv3_mobilenet_v3_large`: MobileNetV3-Large dilated to output stride 16 under torchvision's DeepLabV3 head. 11,029,328
 * parameters for 21 classes, auxiliary head included. Any image size is fine; training needs batches of 2 and more.
 *
 *     image → MobileNetV3, layers 0 … 4 (/8) ┬→ layers 5 … 16 (/16) → ASPP → 3×3 → classes ×16 → logits
 *                                            └→ auxiliary head ×8, whose loss counts 0.5 in training
 */
export class DeepLabV3MobileNetV3 extends TorchvisionModel {
  readonly architecture = "deeplab-v3-mobilenet-v3";
  readonly backbone: MobileNetV3;
  readonly classifier: DeepLabHead;
  readonly auxClassifier: FCNHead | undefined;

  /** @throws OptionError for options out of range */
  constructor(options: DeepLabV3MobileNetV3Options) {
    checkOptions("DeepLabV3MobileNetV3", options, ["inChannels", "classes", "aux", "width", "asppChannels"]);
    const { inChannels = 3, classes, aux = true, width = 1, asppChannels = 256 } = options;
    super({ inChannels, classes, ...{ aux, width, asppChannels } });
    this.backbone = dilate(new MobileNetV3({ inChannels, width }), { outputStride: 16, policy: "smp" });
    const { widths, strideEight } = this.backbone;
    this.classifier = new DeepLabHead(widths.at(-1)!, classes, asppChannels);
    this.auxClassifier = aux ? new FCNHead(widths[strideEight]!, classes) : undefined;
  }

  protected maps(image: Tensor<"f32">): readonly [Tensor<"f32">, Tensor<"f32">] {
    const maps = this.backbone.run(image);
    return [maps[this.backbone.strideEight]!, maps.at(-1)!];
  }
}
