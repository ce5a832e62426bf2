import { heNormal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Conv2d } from "../layers/conv2d.js";
import { Module } from "../layers/module.js";
import type { MaxPool2d } from "../layers/pooling.js";
import { relu } from "../ops/pointwise.js";

export interface CaffeVGGOptions {
  /** Channels of the image. */
  inChannels: number;
  /** Channels of the first stage; the later ones have 2, 4, 8 and 8 times as many. */
  width: number;
  /** The pooling behind each of the five stages. */
  pools: readonly [MaxPool2d, MaxPool2d, MaxPool2d, MaxPool2d, MaxPool2d];
  /** Rows and columns around the image. Default 1. */
  imagePadding?: number;
  /** Dilation of the last stage. Default 1. */
  lastDilation?: number;
}

/**
 * The 13 convolutions of VGG-16 (Simonyan & Zisserman 2015) under the names that they have in Caffe, where FCN and the first two DeepLabs come
 * from ("conv1_1" … "conv5_3"), with poolings and gaps to choose. As an encoder under torchvision's names it is `VGG`.
 */
export class CaffeVGG extends Module {
  /** Channels of the five stages. */
  readonly widths: readonly number[];
  readonly #stages: readonly (readonly Conv2d[])[];
  readonly #pools: readonly MaxPool2d[];

  constructor({ inChannels, width, pools, imagePadding = 1, lastDilation = 1 }: CaffeVGGOptions) {
    super();
    const widths = [1, 2, 4, 8, 8].map((factor) => factor * width);
    this.widths = widths;
    this.#pools = pools;
    this.#stages = [2, 2, 3, 3, 3].map((count, stage) => Array.from({ length: count }, (_, i) => {
      const from = i > 0 ? widths[stage]! : stage > 0 ? widths[stage - 1]! : inChannels;
      const dilation = stage === 4 ? lastDilation : 1;
      return new Conv2d(from, widths[stage]!, { kernelSize: 3, padding: stage + i === 0 ? imagePadding : dilation, dilation, init: heNormal(9 * from) });
    }));
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [stage, convs] of this.#stages.entries()) for (const [i, conv] of convs.entries()) yield [`conv${stage + 1}_${i + 1}`, conv];
  }

  /** What the five poolings give: "pool1" … "pool5". */
  forward(x: Tensor<"f32">): Tensor<"f32">[] {
    const pooled: Tensor<"f32">[] = [];
    for (const [stage, convs] of this.#stages.entries())
      pooled.push(this.#pools[stage]!.forward(convs.reduce((h, conv) => relu(conv.forward(h)), pooled.at(-1) ?? x)));
    return pooled;
  }
}
