import { heUniform, zeros } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Identity, ReLU } from "../layers/activation.js";
import { ConvBlock } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Dropout2d } from "../layers/dropout.js";
import type { Layer } from "../layers/layer.js";
import type { Module } from "../layers/module.js";
import { Sequential } from "../layers/sequential.js";
import { concat } from "../ops/concat.js";
import { pyramidPool2d } from "../ops/pyramid-pool2d.js";
import { resize } from "../ops/resize.js";
import { SegmentationHead, SmpDecoder, SmpModel, type SmpOptions } from "./smp-model.js";

export interface SmpPSPNetOptions extends SmpOptions {
  /** Channels behind the pyramid. Default 512. */
  pspChannels?: number;
  /** Share of those channels that training drops. Default 0.2. */
  dropout?: number;
}

const bins = [1, 2, 3, 6];
const pointwise = (from: number, to: number): ConvBlock => new ConvBlock(from, to, { kernelSize: 1, init: heUniform(from) });

/** A level of the pyramid. That of one bin has no batch norm, which in training would have one value per image and channel. */
const level = (from: number, to: number, bin: number): Layer =>
  bin === 1 ? new Sequential(new Conv2d(from, to, { kernelSize: 1, init: heUniform(from), biasInit: zeros }), new Identity(), new ReLU()) : pointwise(from, to);

class PSPDecoder extends SmpDecoder {
  readonly levels: readonly Layer[];
  readonly conv: ConvBlock;
  readonly dropout: Dropout2d;

  constructor(encoderChannels: readonly number[], channels: number, dropout: number) {
    super();
    const from = encoderChannels.at(-1)!;
    const each = Math.floor(from / bins.length);
    this.levels = bins.map((bin) => level(from, each, bin));
    this.conv = pointwise(from + bins.length * each, channels);
    this.dropout = new Dropout2d(dropout);
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [i, layer] of this.levels.entries()) yield [`psp.blocks.${i}.pool.1`, layer];
    yield ["conv", this.conv];
    yield ["dropout", this.dropout];
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const x = features.at(-1)!;
    const size = [x.shape[1]!, x.shape[2]!] as const;
    const means = pyramidPool2d(x, { bins }).map((mean, i) => resize(this.levels[i]!.forward(mean), { size, mode: "bilinear", alignCorners: true }));
    return this.dropout.forward(this.conv.forward(concat([...means, x])));
  }
}

/**
 * segmentation_models_pytorch's `PSPNet`: pyramid pooling (Zhao et al. 2017) on the first three stages of an encoder, quick and coarse. 21,437,985
 * parameters with a ResNet-34 and one class, those of the stages that it does not run included. Both sides of an image must be multiples of 2^encoderDepth.
 * The paper's network, dilated, is `PSPNet`.
 *
 *     encoder → /8 → means of 1, 2, 3 and 6 bins and the map itself → 1×1 → dropout → 3×3 → ×8 → logits
 *
 * With more stages the last upsampling is 16 or 32, where smp leaves that to the caller.
 */
export class SmpPSPNet extends SmpModel {
  readonly architecture = "smp-pspnet";
  readonly decoder: PSPDecoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpPSPNetOptions) {
    const { encoderDepth = 3, pspChannels = 512, dropout = 0.2 } = options;
    super("SmpPSPNet", options, { own: { pspChannels, dropout }, encoderDepth: 3 });
    this.decoder = new PSPDecoder(this.encoderChannels, pspChannels, dropout);
    this.segmentationHead = new SegmentationHead(pspChannels, this.classes, { upsampling: 2 ** encoderDepth });
  }
}
