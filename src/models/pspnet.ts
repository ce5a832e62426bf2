import type { Tensor } from "../graph/tensor.js";
import { ReLU } from "../layers/activation.js";
import { convLayers } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Dropout2d } from "../layers/dropout.js";
import type { Module } from "../layers/module.js";
import { PyramidPooling } from "../layers/pyramid-pooling.js";
import { Sequential } from "../layers/sequential.js";
import { resize } from "../ops/resize.js";
import { checkOptions } from "../runtime/errors.js";
import { dilate } from "./encoders/dilate.js";
import { ResNet } from "./encoders/resnet.js";
import { SegmentationModel, type TrainingOutputs } from "./segmentation-model.js";

export interface PSPNetOptions {
  /** Layers of the backbone. Default 50. */
  depth?: 50 | 101 | 152;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** The auxiliary head, which only training runs. Default true. */
  aux?: boolean;
  /** Bins of the pyramid's levels, along both directions. Default [1, 2, 3, 6]. */
  bins?: readonly number[];
  /** Which convolution of a bottleneck has the stride: the "3x3" (semseg) or the "first" 1×1 (the Caffe release). Default "3x3". */
  strideIn?: "3x3" | "first";
  /** Channels of the first stage's 3×3 convolutions; all others are multiples. Default 64. */
  width?: number;
  /** Blocks of the backbone's four stages, instead of those of `depth`. */
  blocks?: readonly number[] | undefined;
}

/** 3×3 convolution, batch norm, ReLU, dropout of whole maps, scores. */
const head = (from: number, middle: number, classes: number): Sequential =>
  new Sequential(...convLayers(from, middle), new Dropout2d(0.1), new Conv2d(middle, classes, { kernelSize: 1 }));

/**
 * PSPNet (Zhao, Shi, Qi, Wang & Jia 2017) as the authors' hszhao/semseg has it: a ResNet with a deep stem, dilated to output stride 8, pyramid
 * pooling, and bilinear upsampling with aligned corners. PSPNet-50 has 46,782,550 parameters for 150 classes, 49,180,908 with the auxiliary
 * head. Any image size is fine; the originals take 8 n + 1 (473, 713).
 *
 *     image → layer0/4 → layer1 → layer2/2 → layer3 ┬→ layer4 → pyramid pooling → 3×3 → classes ×8 → logits
 *                128      256       512       1024  │   2048         4096         512
 *                                                   └→ 3×3 → classes ×8, whose loss counts 0.4 in training
 */
export class PSPNet extends SegmentationModel {
  readonly architecture = "pspnet";
  readonly multipleOf = 1;
  readonly layer0: Sequential;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly ppm: PyramidPooling;
  readonly cls: Sequential;
  readonly aux: Sequential | undefined;

  constructor(options: PSPNetOptions) {
    checkOptions("PSPNet", options, ["depth", "inChannels", "classes", "aux", "bins", "strideIn", "width", "blocks"]);
    const { depth = 50, inChannels = 3, classes, aux = true, bins = [1, 2, 3, 6], strideIn = "3x3", width = 64, blocks } = options;
    super({ inChannels, classes, ...{ depth, aux, bins: [...bins], strideIn, width, ...(blocks && { blocks: [...blocks] }) } });
    const resnet = new ResNet({ depth, inChannels, width, stem: "deep", stemWidths: [width, width, 2 * width], strideIn, ...(blocks && { blocks }) });
    const { conv1, bn1, maxpool, layer1, layer2, layer3, layer4, channels } = dilate(resnet, { outputStride: 8, policy: "smp" });
    this.layer0 = new Sequential(...(conv1 as Sequential).layers, bn1, new ReLU(), maxpool);
    [this.layer1, this.layer2, this.layer3, this.layer4] = [layer1, layer2, layer3, layer4];
    const [from3, from4] = channels.slice(-2) as [number, number];
    this.ppm = new PyramidPooling(from4, { bins });
    this.cls = head(this.ppm.outChannels, from4 / 4, classes);
    this.aux = aux ? head(from3, from3 / 4, classes) : undefined;
  }

  override head(): readonly Module[] {
    return [this.ppm, this.cls, ...(this.aux ? [this.aux] : [])];
  }

  override outputs(x: Tensor): TrainingOutputs {
    const { logits, layer3, upsampled } = this.#run(x);
    return { logits, auxiliary: this.aux ? [{ name: "aux", logits: upsampled(this.aux.forward(layer3)), weight: 0.4 }] : [] };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.#run(x).logits;
  }

  #run(x: Tensor): { logits: Tensor<"f32">; layer3: Tensor<"f32">; upsampled: (scores: Tensor<"f32">) => Tensor<"f32"> } {
    const image = this.input(x);
    const size = [image.shape[1]!, image.shape[2]!] as const;
    const upsampled = (scores: Tensor<"f32">): Tensor<"f32"> => resize(scores, { size, mode: "bilinear", alignCorners: true });
    const layer3 = [this.layer0, this.layer1, this.layer2, this.layer3].reduce<Tensor<"f32">>((h, layer) => layer.forward(h), image);
    const scores = this.cls.forward(this.ppm.forward(this.layer4.forward(layer3)));
    return { logits: upsampled(scores), layer3, upsampled };
  }
}
