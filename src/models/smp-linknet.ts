import { heUniform } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { ReLU } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { ConvBlock } from "../layers/conv-block.js";
import { ConvTranspose2d } from "../layers/conv-transpose2d.js";
import { Module } from "../layers/module.js";
import { Sequential } from "../layers/sequential.js";
import { add } from "../ops/pointwise.js";
import { SegmentationHead, SmpDecoder, SmpModel, type SmpOptions } from "./smp-model.js";

const pointwise = (from: number, to: number): ConvBlock => new ConvBlock(from, to, { kernelSize: 1, init: heUniform(from) });

/** 1×1 to a quarter of the channels, a transposed convolution to twice the size, 1×1 to the channels of the level above, whose map is added. */
class LinknetBlock extends Module {
  readonly block: Sequential;

  constructor(from: number, to: number) {
    super();
    const middle = Math.floor(from / 4);
    const transposed = new Sequential(new ConvTranspose2d(middle, middle, { kernelSize: 4, stride: 2, padding: 1 }), new BatchNorm2d(middle), new ReLU());
    this.block = new Sequential(pointwise(from, middle), transposed, pointwise(middle, to));
  }

  forward(x: Tensor<"f32">, skip: Tensor<"f32"> | undefined): Tensor<"f32"> {
    const h = this.block.forward(x);
    return skip ? (add(h, skip) as Tensor<"f32">) : h;
  }
}

/** Up from the encoder's last map, block by block. */
class LinknetDecoder extends SmpDecoder {
  readonly blocks: readonly LinknetBlock[];

  constructor(encoderChannels: readonly number[], channels: number) {
    super();
    const levels = [...encoderChannels.slice(1).reverse(), channels];
    this.blocks = levels.slice(1).map((to, i) => new LinknetBlock(levels[i]!, to));
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const [head, ...skips] = features.slice(1).reverse() as [Tensor<"f32">, ...Tensor<"f32">[]];
    return this.blocks.reduce((h, block, i) => block.forward(h, skips[i]), head);
  }
}

/**
 * segmentation_models_pytorch's `Linknet`: a light decoder that adds the encoder's maps instead of joining them (Chaurasia & Culurciello 2017).
 * 21,771,937 parameters with a ResNet-34 and one class. Both sides of an image must be multiples of 2^encoderDepth.
 *
 *     encoder  /2 ────────────────────────── + → block 4 → 1×1 → logits
 *               /4 ────────────────── + → block 3 ┘
 *                 /8 ────────── + → block 2 ┘           block: 1×1 → transposed 4×4/2 → 1×1
 *                  /16 ── + → block 1 ┘
 *                   /32 → block 0 ┘
 */
export class SmpLinknet extends SmpModel {
  readonly architecture = "smp-linknet";
  readonly decoder: LinknetDecoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpOptions) {
    super("SmpLinknet", options, { own: {} });
    this.decoder = new LinknetDecoder(this.encoderChannels, 32);
    this.segmentationHead = new SegmentationHead(32, this.classes, { kernelSize: 1 });
  }
}
