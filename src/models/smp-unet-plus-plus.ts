import type { Tensor } from "../graph/tensor.js";
import type { Module } from "../layers/module.js";
import { SegmentationHead, SmpDecoder, SmpModel } from "./smp-model.js";
import { CenterBlock, UnetBlock, unetOptions, type DecoderAttention } from "./smp-blocks.js";
import type { SmpUnetOptions } from "./smp-unet.js";

/** Blocks "x_d_l": d counts along the way up from the left, l the levels from below. */
class UnetPlusPlusDecoder extends SmpDecoder {
  /** smp makes it for VGG and never runs it; files have its entries. */
  readonly center: CenterBlock | undefined;
  readonly blocks: ReadonlyMap<string, UnetBlock>;
  readonly #levels: number;

  constructor(encoderChannels: readonly number[], channels: readonly number[], attention: DecoderAttention, center: boolean) {
    super();
    const [head, ...skips] = encoderChannels.slice(1).reverse() as [number, ...number[]];
    this.center = center ? new CenterBlock(head) : undefined;
    this.#levels = skips.length;
    const blocks = new Map<string, UnetBlock>();
    for (const [level, skip] of skips.entries()) {
      blocks.set(`x_0_${level}`, new UnetBlock(level > 0 ? channels[level - 1]! : head, skip * (level + 1), channels[level]!, attention));
      for (let d = 1; d <= level; d++) blocks.set(`x_${d}_${level}`, new UnetBlock(skips[level - 1]!, skip * (level + 1 - d), skip, attention));
    }
    blocks.set(`x_0_${this.#levels}`, new UnetBlock(channels[this.#levels - 1]!, 0, channels[this.#levels]!, attention));
    this.blocks = blocks;
  }

  override *children(): Generator<[name: string, module: Module]> {
    if (this.center) yield ["center", this.center];
    for (const [name, block] of this.blocks) yield [`blocks.${name}`, block];
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const [head, ...below] = [...features].reverse() as [Tensor<"f32">, ...Tensor<"f32">[]];
    const run = (name: string, x: Tensor<"f32">, level: number, skips: readonly Tensor<"f32">[]): Tensor<"f32"> =>
      this.blocks.get(name)!.forward(x, [below[level]!.shape[1]!, below[level]!.shape[2]!], skips);
    // nodes[l][d] is the output of x_d_l: its input comes from x_d_(l − 1), or from the encoder where d is l.
    const nodes: Tensor<"f32">[][] = [];
    for (let level = 0; level < this.#levels; level++) {
      const row: Tensor<"f32">[] = [];
      for (let d = level; d >= 0; d--) {
        const x = d < level ? nodes[level - 1]![d]! : level > 0 ? below[level - 1]! : head;
        row[d] = run(`x_${d}_${level}`, x, level, [...row.slice(d + 1), below[level]!]);
      }
      nodes.push(row);
    }
    return run(`x_0_${this.#levels}`, nodes.at(-1)![0]!, this.#levels, []);
  }
}

/**
 * segmentation_models_pytorch's `UnetPlusPlus`: skip connections of nested blocks (Zhou et al. 2018). 26,078,609 parameters with a ResNet-34 and
 * one class. Both sides of an image must be multiples of 2^encoderDepth.
 *
 *     level 3   /2 ── x_3_3 ── x_2_3 ── x_1_3 ── x_0_3 → x_0_4 → 3×3 → logits
 *     level 2   /4 ────── x_2_2 ── x_1_2 ── x_0_2 ┘
 *     level 1   /8 ────────── x_1_1 ── x_0_1 ┘             each block takes what is below it, enlarged, and
 *     level 0   /16 ────────────── x_0_0 ┘                 all that stands to its left
 *               /32 ─────────────────┘
 */
export class SmpUnetPlusPlus extends SmpModel {
  readonly architecture = "smp-unet++";
  readonly decoder: UnetPlusPlusDecoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpUnetOptions) {
    const own = unetOptions("SmpUnetPlusPlus", options.encoderDepth ?? 5, options);
    super("SmpUnetPlusPlus", options, { own });
    this.decoder = new UnetPlusPlusDecoder(this.encoderChannels, own.decoderChannels, own.decoderAttention, this.encoderPools);
    this.segmentationHead = new SegmentationHead(own.decoderChannels.at(-1)!, this.classes);
  }
}
