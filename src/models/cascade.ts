import type { Tensor } from "../graph/tensor.js";
import { requireChannels } from "../layers/channels.js";
import { Layer } from "../layers/layer.js";
import type { Module } from "../layers/module.js";
import { Sequential } from "../layers/sequential.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { Bottleneck } from "./encoders/resnet.js";

export interface CascadeOptions {
  /** Blocks behind the encoder's: 1 ends in the paper's block5, 3 in its block7. Default 3. */
  blocks?: number;
  /** Dilation of the first block; each further one has twice that of the one before. Default 4 (encoder at output stride 16, dilated by 2 in its last block). */
  rate?: number;
  /** Factors of the dilations of a block's units, one unit each. Default [1, 2, 1]. */
  multiGrid?: readonly number[];
  /** Added to variances before the root. Default 1e-5. */
  eps?: number;
}

/**
 * Atrous modules in cascade (Chen et al. 2017, "Rethinking atrous convolution", section 3.2): copies of a ResNet's last block, each with twice the
 * dilation of the one before, so that the view grows while the size of the map stays. For the last map of any encoder.
 *
 *     x → block5, rate 4 → block6, rate 8 → block7, rate 16
 *
 * Names in state dicts are those of ResNet: "block5.0.conv1.weight", "block5.0.bn1.weight", …
 *
 *     const encoder = dilate(new ResNet({ depth: 50 }), { outputStride: 16, policy: "tensorflow", multiGrid: [1, 2, 1] });
 *     const cascade = new Cascade(encoder.channels.at(-1)!);
 *     cascade.forward(encoder.features(x).at(-1)!)                     // [N, ⌈H / 16⌉, ⌈W / 16⌉, 2048]
 */
export class Cascade extends Layer {
  readonly blocks: readonly Sequential[];
  /** Channels of the result: those of x. */
  readonly outChannels: number;

  /** @throws OptionError for options out of range, and when 4 does not divide the channels */
  constructor(inChannels: number, options: CascadeOptions = {}) {
    super();
    checkOptions("Cascade", options, ["blocks", "rate", "multiGrid", "eps"]);
    const { blocks = 3, rate = 4, multiGrid = [1, 2, 1], eps = 1e-5 } = options;
    requireChannels("Cascade", { inChannels });
    if (inChannels % 4 !== 0) throw new OptionError(`Cascade: inChannels must be a multiple of 4 but is ${inChannels}.`);
    for (const [name, value] of Object.entries({ blocks, rate }))
      if (!Number.isInteger(value) || value < 1) throw new OptionError(`Cascade: ${name} must be a whole number of at least 1 but is ${value}.`);
    if (!Array.isArray(multiGrid) || multiGrid.length === 0 || multiGrid.some((factor) => !Number.isInteger(factor) || factor < 1))
      throw new OptionError(`Cascade: multiGrid must hold a whole number of at least 1 for each unit of a block, as [1, 2, 1], but is ${JSON.stringify(multiGrid)}.`);
    const unit = (dilation: number): Bottleneck => {
      const made = new Bottleneck({ from: inChannels, planes: inChannels / 4, stride: 1, options: { averageDown: false, strideIn: "3x3", groups: 1, widthPerGroup: 64, eps } });
      made.conv2.setRate({ stride: 1, dilation });
      return made;
    };
    this.blocks = Array.from({ length: blocks }, (_, i) => new Sequential(...(multiGrid as number[]).map((factor) => unit(rate * 2 ** i * factor))));
    this.outChannels = inChannels;
  }

  override *children(): Generator<[name: string, module: Module]> {
    for (const [i, block] of this.blocks.entries()) yield [`block${i + 5}`, block];
  }

  /** @param x f32 [N, H, W, inChannels]; returns the same shape */
  forward(x: Tensor): Tensor<"f32"> {
    return this.blocks.reduce((h, block) => block.forward(h), x) as Tensor<"f32">;
  }
}
