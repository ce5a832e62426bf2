import { heUniform } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { ReLU } from "../layers/activation.js";
import { Conv2d } from "../layers/conv2d.js";
import { Dropout2d } from "../layers/dropout.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { GroupNorm } from "../layers/normalisation.js";
import { Sequential } from "../layers/sequential.js";
import { concat } from "../ops/concat.js";
import { add } from "../ops/pointwise.js";
import { resize } from "../ops/resize.js";
import { OptionError } from "../runtime/errors.js";
import { conv1x1 } from "./smp-blocks.js";
import { SegmentationHead, SmpDecoder, SmpModel, type SmpOptions } from "./smp-model.js";

export interface SmpFPNOptions extends SmpOptions {
  /** Channels of the pyramid. Default 256. */
  pyramidChannels?: number;
  /** Channels that every level of the pyramid is brought to, a multiple of 32. Default 128. */
  segmentationChannels?: number;
  /** How the levels are merged: their sum, or side by side. Default "add". */
  mergePolicy?: "add" | "cat";
  /** Share of channels that training drops from the merged map. Default 0.2. */
  dropout?: number;
}

/** 3×3 convolution, group norm of 32 groups, ReLU, and twice the size where asked (bilinear, corners aligned). */
class NormedConv extends Layer {
  readonly block: Sequential;
  readonly #upsample: boolean;

  constructor(from: number, to: number, upsample: boolean) {
    super();
    this.block = new Sequential(new Conv2d(from, to, { kernelSize: 3, padding: 1, bias: false, init: heUniform(9 * from) }), new GroupNorm(32, to), new ReLU());
    this.#upsample = upsample;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = this.block.forward(x);
    return this.#upsample ? (resize(h, { scaleFactor: 2, mode: "bilinear", alignCorners: true }) as Tensor<"f32">) : h;
  }
}

/** A level of the pyramid on its way to the size of the largest: as many convolutions as doublings, one at least. */
class SegmentationBlock extends Layer {
  readonly block: Sequential;

  constructor(from: number, to: number, doublings: number) {
    super();
    this.block = new Sequential(...Array.from({ length: Math.max(1, doublings) }, (_, i) => new NormedConv(i === 0 ? from : to, to, doublings > 0)));
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.block.forward(x);
  }
}

/** The level above, enlarged, plus the encoder's map by a 1×1 convolution. */
class PyramidLevel extends Module {
  readonly skipConv: Conv2d;

  constructor(channels: number, skipChannels: number) {
    super();
    this.skipConv = conv1x1(skipChannels, channels);
  }

  forward(x: Tensor, skip: Tensor): Tensor<"f32"> {
    return add(resize(x as Tensor<"f32">, { scaleFactor: 2, mode: "nearest" }), this.skipConv.forward(skip)) as Tensor<"f32">;
  }
}

class FPNDecoder extends SmpDecoder {
  readonly p5: Conv2d;
  readonly p4: PyramidLevel;
  readonly p3: PyramidLevel;
  readonly p2: PyramidLevel;
  readonly segBlocks: readonly SegmentationBlock[];
  readonly dropout: Dropout2d;
  readonly #merge: "add" | "cat";

  constructor(encoderChannels: readonly number[], { pyramidChannels, segmentationChannels, mergePolicy, dropout }: Required<Omit<SmpFPNOptions, keyof SmpOptions>>) {
    super();
    const [c2, c3, c4, c5] = encoderChannels.slice(-4) as [number, number, number, number];
    this.p5 = conv1x1(c5, pyramidChannels);
    this.p4 = new PyramidLevel(pyramidChannels, c4);
    this.p3 = new PyramidLevel(pyramidChannels, c3);
    this.p2 = new PyramidLevel(pyramidChannels, c2);
    this.segBlocks = [3, 2, 1, 0].map((doublings) => new SegmentationBlock(pyramidChannels, segmentationChannels, doublings));
    this.dropout = new Dropout2d(dropout);
    this.#merge = mergePolicy;
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const [c2, c3, c4, c5] = features.slice(-4) as [Tensor, Tensor, Tensor, Tensor];
    const p5 = this.p5.forward(c5);
    const p4 = this.p4.forward(p5, c4);
    const p3 = this.p3.forward(p4, c3);
    const p2 = this.p2.forward(p3, c2);
    const levels = [p5, p4, p3, p2].map((level, i) => this.segBlocks[i]!.forward(level));
    return this.dropout.forward(this.#merge === "cat" ? concat(levels) : levels.reduce((sum, level) => add(sum, level) as Tensor<"f32">));
  }
}

/**
 * segmentation_models_pytorch's `FPN`: a feature pyramid whose levels are all brought to a quarter of the image and merged (Kirillov, He, Girshick &
 * Dollár 2017). 23,155,393 parameters with a ResNet-34 and one class. Both sides of an image must be multiples of 2^encoderDepth.
 *
 *     /32 ─ p5 ─ 3×3 ×2, ×2, ×2 ─┐
 *            ↓ ×2                │
 *     /16 ─ p4 ─ 3×3 ×2, ×2 ─────┤
 *            ↓ ×2                + → dropout → 1×1 → ×4 → logits
 *     /8 ── p3 ─ 3×3 ×2 ─────────┤
 *            ↓ ×2                │
 *     /4 ── p2 ─ 3×3 ────────────┘
 *
 * With fewer stages the pyramid begins at a larger map, and the last upsampling is 2 or 1, where smp leaves that to the caller.
 */
export class SmpFPN extends SmpModel {
  readonly architecture = "smp-fpn";
  readonly decoder: FPNDecoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpFPNOptions) {
    const { encoderDepth = 5, pyramidChannels = 256, segmentationChannels = 128, mergePolicy = "add", dropout = 0.2 } = options;
    if (mergePolicy !== "add" && mergePolicy !== "cat") throw new OptionError(`SmpFPN: mergePolicy must be "add" or "cat" but is ${JSON.stringify(mergePolicy)}.`);
    const own = { pyramidChannels, segmentationChannels, mergePolicy, dropout };
    super("SmpFPN", options, { own });
    this.decoder = new FPNDecoder(this.encoderChannels, own);
    this.segmentationHead = new SegmentationHead(segmentationChannels * (mergePolicy === "cat" ? 4 : 1), this.classes, { kernelSize: 1, upsampling: 2 ** (encoderDepth - 3) });
  }
}
