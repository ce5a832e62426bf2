import type { Tensor } from "../graph/tensor.js";
import { SegmentationHead, SmpDecoder, SmpModel, type SmpOptions } from "./smp-model.js";
import { CenterBlock, UnetBlock, unetOptions, type DecoderAttention } from "./smp-blocks.js";

export interface SmpUnetOptions extends SmpOptions {
  /** Channels of the decoder's blocks, from the smallest map upwards; one for each stage of the encoder. Default the last ones of [256, 128, 64, 32, 16]. */
  decoderChannels?: readonly number[];
  /** "scse": squeeze-and-excitation of pixels and channels (Roy et al. 2018) before and behind each block's convolutions. Default null. */
  decoderAttention?: DecoderAttention;
}

/** Up from the encoder's last map, block by block. */
class UnetDecoder extends SmpDecoder {
  readonly center: CenterBlock | undefined;
  readonly blocks: readonly UnetBlock[];

  constructor(encoderChannels: readonly number[], channels: readonly number[], attention: DecoderAttention, center: boolean) {
    super();
    const [head, ...skips] = encoderChannels.slice(1).reverse() as [number, ...number[]];
    this.center = center ? new CenterBlock(head) : undefined;
    this.blocks = channels.map((to, i) => new UnetBlock(i > 0 ? channels[i - 1]! : head, skips[i] ?? 0, to, attention));
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const [head, ...below] = [...features].reverse() as [Tensor<"f32">, ...Tensor<"f32">[]];
    let h = this.center ? this.center.forward(head) : head;
    for (const [i, block] of this.blocks.entries()) {
      const like = below[i]!;
      h = block.forward(h, [like.shape[1]!, like.shape[2]!], i < below.length - 1 ? [like] : []);
    }
    return h;
  }
}

/**
 * segmentation_models_pytorch's `Unet`: any encoder, and a decoder that joins its maps on the way up (after Ronneberger et al. 2015).
 * 24,436,369 parameters with a ResNet-34 and one class. Any image size is fine: a block's upsampling goes to the size of the map that it joins.
 *
 *     encoder  /2 ────────────────────────────── [up, skip] block4 → up block5 → 3×3 → logits
 *               /4 ────────────────────── [up, skip] block3
 *                 /8 ──────────── [up, skip] block2
 *                  /16 ── [up, skip] block1
 *                   /32 ─────┘
 */
export class SmpUnet extends SmpModel {
  readonly architecture = "smp-unet";
  override readonly multipleOf = 1;
  readonly decoder: UnetDecoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpUnetOptions) {
    const own = unetOptions("SmpUnet", options.encoderDepth ?? 5, options);
    super("SmpUnet", options, { own });
    this.decoder = new UnetDecoder(this.encoderChannels, own.decoderChannels, own.decoderAttention, this.encoderPools);
    this.segmentationHead = new SegmentationHead(own.decoderChannels.at(-1)!, this.classes);
  }
}
