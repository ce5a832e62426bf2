import type { Tensor } from "../graph/tensor.js";
import { concat } from "../ops/concat.js";
import { pyramidPool2d } from "../ops/pyramid-pool2d.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { Identity } from "./activation.js";
import type { BatchNorm2dOptions } from "./batch-norm2d.js";
import { requireChannels } from "./channels.js";
import { convLayers } from "./conv-block.js";
import { Layer } from "./layer.js";
import { Sequential } from "./sequential.js";

export interface PyramidPoolingOptions {
  /** Bins of each level, along both directions. Default [1, 2, 3, 6]. */
  bins?: readonly number[] | undefined;
  /** Channels of each level. Default: the channels of x, divided by the number of levels and rounded down. */
  levelChannels?: number | undefined;
  /** Options of the batch norms, or false for none. Default {}. */
  norm?: BatchNorm2dOptions | false;
}

/**
 * x, and behind it the means over a grid of bins after a layer of their own, back at the size of x: one part for each level.
 *
 * @param levels what the means of each level go through
 * @param bins of each level, along both directions
 */
export function pooledLevels(x: Tensor, levels: readonly Layer[], bins: readonly number[]): Tensor<"f32"> {
  const size = [x.shape[1]!, x.shape[2]!] as const;
  const means = pyramidPool2d(x as Tensor<"f32">, { bins });
  return concat([x as Tensor<"f32">, ...means.map((mean, i) => resize(levels[i]!.forward(mean), { size, mode: "bilinear", alignCorners: true }))]);
}

/**
 * Pyramid pooling (Zhao et al., Pyramid Scene Parsing Network, 2017, figure 3): what surrounds a pixel, at several scales up to the whole
 * image. For the last map of any encoder.
 *
 *       ┌──────────────────────────────────────────────────────┐
 *     x ┼→ 1×1 bins → 1×1 convolution, norm, ReLU → bilinear ─→ concat
 *       ┼→ 2×2 bins → 1×1 convolution, norm, ReLU → bilinear ─→ ┘
 *       ⋮
 *
 * Names in state dicts are those of hszhao/semseg's PPM: "features.0.1.weight" is the first convolution, "features.0.2" its batch norm.
 * In training the batch norm of one bin sees one value per image and channel: batches of at least 4 images, or a frozen batch norm.
 *
 *     const encoder = dilate(new ResNet({ depth: 50 }), { outputStride: 8 });
 *     const pooling = new PyramidPooling(encoder.channels.at(-1)!);
 *     pooling.forward(encoder.features(x).at(-1)!)                     // [N, H / 8, W / 8, 4096]
 */
export class PyramidPooling extends Layer {
  readonly features: readonly Sequential[];
  /** Channels of the result: those of x and of all levels. */
  readonly outChannels: number;
  readonly #bins: readonly number[];

  /** @throws OptionError for options out of range */
  constructor(inChannels: number, options: PyramidPoolingOptions = {}) {
    super();
    checkOptions("PyramidPooling", options, ["bins", "levelChannels", "norm"]);
    const { bins = [1, 2, 3, 6], norm = {} } = options;
    if (!Array.isArray(bins) || bins.length === 0 || bins.some((n) => !Number.isInteger(n) || n < 1))
      throw new OptionError(`PyramidPooling: bins must be whole numbers of at least 1, as [1, 2, 3, 6], but is ${JSON.stringify(bins)}.`);
    const { levelChannels = Math.floor(inChannels / bins.length) } = options;
    requireChannels("PyramidPooling", { inChannels, levelChannels });
    // All levels are pooled at once; the first place of each is that of the pooling in semseg.
    this.features = bins.map(() => new Sequential(new Identity(), ...convLayers(inChannels, levelChannels, { kernelSize: 1, norm })));
    this.outChannels = inChannels + bins.length * levelChannels;
    this.#bins = [...(bins as number[])];
  }

  /** @param x f32 [N, H, W, inChannels]; returns [N, H, W, outChannels], x first */
  forward(x: Tensor): Tensor<"f32"> {
    return pooledLevels(x, this.features, this.#bins);
  }
}
