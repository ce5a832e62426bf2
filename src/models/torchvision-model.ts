import type { Tensor } from "../graph/tensor.js";
import { convLayers } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Dropout } from "../layers/dropout.js";
import type { Layer } from "../layers/layer.js";
import type { Module } from "../layers/module.js";
import { Sequential } from "../layers/sequential.js";
import { resize } from "../ops/resize.js";
import { checkOptions } from "../runtime/errors.js";
import { dilate } from "./encoders/dilate.js";
import type { Encoder } from "./encoders/encoder.js";
import { ResNet } from "./encoders/resnet.js";
import { SegmentationModel, type TrainingOutputs } from "./segmentation-model.js";

/** 3×3 convolution to a quarter of the channels, batch norm, ReLU, dropout, scores: torchvision's FCNHead. */
export class FCNHead extends Sequential {
  constructor(inChannels: number, classes: number) {
    const middle = Math.floor(inChannels / 4);
    super(...convLayers(inChannels, middle), new Dropout(0.1), new Conv2d(middle, classes, { kernelSize: 1 }));
  }
}

/** A network of torchvision: a head on the last map of a backbone, one for training on an earlier map, and bilinear upsampling to the image's size. */
export abstract class TorchvisionModel extends SegmentationModel {
  readonly multipleOf = 1;
  abstract readonly backbone: Encoder;
  abstract readonly classifier: Layer;
  /** In files and in training only. */
  abstract readonly auxClassifier: FCNHead | undefined;

  /** The map for the auxiliary head, and the last one. */
  protected abstract maps(image: Tensor<"f32">): readonly [earlier: Tensor<"f32">, last: Tensor<"f32">];

  override head(): readonly Module[] {
    return [this.classifier, ...(this.auxClassifier ? [this.auxClassifier] : [])];
  }

  override outputs(x: Tensor): TrainingOutputs {
    const image = this.input(x);
    const size = [image.shape[1]!, image.shape[2]!] as const;
    const [earlier, last] = this.maps(image);
    const upsampled = (logits: Tensor<"f32">): Tensor<"f32"> => resize(logits, { size, mode: "bilinear" }) as Tensor<"f32">;
    return {
      logits: upsampled(this.classifier.forward(last)),
      auxiliary: this.auxClassifier ? [{ name: "aux", logits: upsampled(this.auxClassifier.forward(earlier)), weight: 0.5 }] : [],
    };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.outputs(x).logits;
  }
}

export interface TorchvisionResNetOptions {
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

/** A network of torchvision on a ResNet dilated to output stride 8, whose third stage has the auxiliary head. */
export abstract class TorchvisionResNet extends TorchvisionModel {
  readonly backbone: ResNet;
  readonly classifier: Sequential;
  readonly auxClassifier: FCNHead | undefined;

  /**
   * @param own options of the network's own, by name and complete
   * @param head the head on the last map, which has so many channels
   * @throws OptionError for options out of range
   */
  constructor(name: string, options: TorchvisionResNetOptions, own: Readonly<Record<string, unknown>>, head: (inChannels: number) => Sequential) {
    checkOptions(name, options, ["depth", "inChannels", "classes", "aux", "width", "blocks", ...Object.keys(own)]);
    const { depth = 50, inChannels = 3, classes, aux = true, width = 64, blocks } = options;
    super({ inChannels, classes, ...{ depth, aux, width, ...(blocks && { blocks: [...blocks] }), ...own } });
    this.backbone = dilate(new ResNet({ depth, inChannels, width, ...(blocks && { blocks }) }), { outputStride: 8 });
    const [layer3, layer4] = this.backbone.channels.slice(-2) as [number, number];
    this.classifier = head(layer4);
    this.auxClassifier = aux ? new FCNHead(layer3, classes) : undefined;
  }

  protected maps(image: Tensor<"f32">): readonly [Tensor<"f32">, Tensor<"f32">] {
    return this.backbone.features(image).slice(-2) as [Tensor<"f32">, Tensor<"f32">];
  }
}
