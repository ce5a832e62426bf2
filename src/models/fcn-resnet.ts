import type { Tensor } from "../graph/tensor.js";
import { convLayers } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Dropout } from "../layers/dropout.js";
import { Sequential } from "../layers/sequential.js";
import { resize } from "../ops/resize.js";
import { checkOptions } from "../runtime/errors.js";
import { dilate } from "./encoders/dilate.js";
import { ResNet } from "./encoders/resnet.js";
import { SegmentationModel, type TrainingOutputs } from "./segmentation-model.js";

export interface FCNResNetOptions {
  /** Layers of the backbone. Default 50. */
  depth?: 50 | 101;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** The auxiliary head, which training needs and files of torchvision carry. Default true. */
  aux?: boolean;
  /** Channels of the backbone's first stage. Default 64. */
  width?: number;
  /** Blocks of the backbone's four stages, instead of those of `depth`. */
  blocks?: readonly number[] | undefined;
}

/** 3×3 convolution to a quarter of the channels, batch norm, ReLU, dropout, scores: torchvision's FCNHead. */
export class FCNHead extends Sequential {
  constructor(inChannels: number, classes: number) {
    const middle = Math.floor(inChannels / 4);
    super(...convLayers(inChannels, middle), new Dropout(0.1), new Conv2d(middle, classes, { kernelSize: 1 }));
  }
}

/**
 * torchvision's `fcn_resnet50` and `fcn_resnet101`: a dilated ResNet at output stride 8, a small head, and bilinear upsampling (Long et al. 2015
 * on the backbone of Chen et al. 2017). 35,322,218 and 54,314,346 parameters for 21 classes, auxiliary head included. Any image size is fine.
 *
 *     image → ResNet → layer3 ┬→ layer4 → head ×8 → logits
 *                             └→ auxiliary head ×8, whose loss counts 0.5 in training
 */
export class FCNResNet extends SegmentationModel {
  readonly architecture = "fcn-resnet";
  readonly multipleOf = 1;
  readonly backbone: ResNet;
  readonly classifier: FCNHead;
  readonly auxClassifier: FCNHead | undefined;

  constructor(options: FCNResNetOptions) {
    checkOptions("FCNResNet", options, ["depth", "inChannels", "classes", "aux", "width", "blocks"]);
    const { depth = 50, inChannels = 3, classes, aux = true, width = 64, blocks } = options;
    super({ inChannels, classes, ...{ depth, aux, width, ...(blocks && { blocks: [...blocks] }) } });
    this.backbone = dilate(new ResNet({ depth, inChannels, width, ...(blocks && { blocks }) }), { outputStride: 8 });
    const [layer3, layer4] = this.backbone.channels.slice(-2) as [number, number];
    this.classifier = new FCNHead(layer4, classes);
    this.auxClassifier = aux ? new FCNHead(layer3, classes) : undefined;
  }

  override outputs(x: Tensor): TrainingOutputs {
    const image = this.input(x);
    const size = [image.shape[1]!, image.shape[2]!] as const;
    const [layer3, layer4] = this.backbone.features(image).slice(-2) as [Tensor, Tensor];
    const upsampled = (logits: Tensor<"f32">): Tensor<"f32"> => resize(logits, { size, mode: "bilinear" }) as Tensor<"f32">;
    return {
      logits: upsampled(this.classifier.forward(layer4)),
      auxiliary: this.auxClassifier ? [{ name: "aux", logits: upsampled(this.auxClassifier.forward(layer3)), weight: 0.5 }] : [],
    };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.outputs(x).logits;
  }
}
