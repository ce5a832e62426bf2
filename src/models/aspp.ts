import type { Init } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import type { BatchNorm2dOptions } from "../layers/batch-norm2d.js";
import { requireChannels } from "../layers/channels.js";
import { ConvBlock, convLayers } from "../layers/conv-block.js";
import { Dropout } from "../layers/dropout.js";
import { Layer } from "../layers/layer.js";
import { GlobalAvgPool2d } from "../layers/pooling.js";
import { Sequential } from "../layers/sequential.js";
import { concat } from "../ops/concat.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";

export interface ASPPOptions {
  /** Dilations of the 3×3 branches, one branch each; [] for none. Default [12, 24, 36] (torchvision, for output stride 8). */
  rates?: readonly number[];
  /** Channels of each branch and of the result. Default 256. */
  channels?: number;
  /** What a 3×3 branch is: a layer that keeps the size, such as `SeparableBlock`. Default: convolution, batch norm, ReLU. */
  branch?: (inChannels: number, channels: number, rate: number) => Layer;
  /** Where the mean of the image stands among what is joined: "last" (torchvision), or "first" (TensorFlow's DeepLab). Names are the same. Default "last". */
  pooling?: "first" | "last";
  /** Rate of the dropout behind the projection. Default 0.5 (torchvision); TensorFlow's DeepLab has 0.1. */
  dropout?: number;
  /** Options of the batch norms. Default {}. */
  norm?: BatchNorm2dOptions;
  /** What the kernels start with, from the numbers that go into a result and that a value goes to. Default: PyTorch's. */
  init?: (fanIn: number, fanOut: number) => Init;
}

/**
 * Atrous spatial pyramid pooling (Chen et al. 2017, "Rethinking atrous convolution", section 3.3): what stands around a pixel at several
 * distances at once, and the mean of the whole image. For the last map of any encoder.
 *
 *       ┌─→ 1×1 ──────────────────────┐
 *       ├─→ 3×3, rate a ──────────────┤
 *     x ┼─→ 3×3, rate b ──────────────┼→ concat → 1×1 → dropout
 *       ├─→ 3×3, rate c ──────────────┤
 *       └─→ image mean → 1×1 → resize ┘            each convolution with batch norm and ReLU
 *
 * Names in state dicts are torchvision's: "convs.0.0.weight" the 1×1 branch, "convs.1.0.weight" … the 3×3 branches, "convs.4.1.weight" the image
 * mean's, "project.0.weight". In training the batch norm of the image mean sees one value per image: it refuses single images, and wants 4 and more.
 *
 *     const encoder = dilate(new ResNet({ depth: 50 }), { outputStride: 16, policy: "tensorflow" });
 *     const aspp = new ASPP(encoder.channels.at(-1)!, { rates: [6, 12, 18] });
 *     aspp.forward(encoder.features(x).at(-1)!)                        // [N, ⌈H / 16⌉, ⌈W / 16⌉, 256]
 */
export class ASPP extends Layer {
  readonly convs: readonly Layer[];
  readonly project: Sequential;
  /** Channels of the result. */
  readonly outChannels: number;
  readonly #poolingFirst: boolean;

  /** @throws OptionError for options out of range */
  constructor(inChannels: number, options: ASPPOptions = {}) {
    super();
    checkOptions("ASPP", options, ["rates", "channels", "branch", "pooling", "dropout", "norm", "init"]);
    const { rates = [12, 24, 36], channels = 256, pooling = "last", dropout = 0.5, norm = {}, init } = options;
    requireChannels("ASPP", { inChannels, channels });
    if (!Array.isArray(rates) || rates.some((rate) => !Number.isInteger(rate) || rate < 1))
      throw new OptionError(`ASPP: rates must be whole numbers of at least 1, as [6, 12, 18], but is ${JSON.stringify(rates)}.`);
    if (pooling !== "first" && pooling !== "last") throw new OptionError(`ASPP: pooling must be "first" or "last" but is ${JSON.stringify(pooling)}.`);
    const kernel = (kernelSize: number, from: number): { kernelSize: number; norm: BatchNorm2dOptions; init?: Init } =>
      ({ kernelSize, norm, ...(init && { init: init(from * kernelSize ** 2, channels * kernelSize ** 2) }) });
    const { branch = (from: number, to: number, dilation: number): Layer => new ConvBlock(from, to, { ...kernel(3, from), dilation }) } = options;
    this.convs = [
      new ConvBlock(inChannels, channels, kernel(1, inChannels)),
      ...(rates as number[]).map((rate) => branch(inChannels, channels, rate)),
      new Sequential(new GlobalAvgPool2d(), ...convLayers(inChannels, channels, kernel(1, inChannels))),
    ];
    const joined = channels * this.convs.length;
    this.project = new Sequential(...convLayers(joined, channels, kernel(1, joined)), new Dropout(dropout));
    this.outChannels = channels;
    this.#poolingFirst = pooling === "first";
  }

  /** @param x f32 [N, H, W, inChannels]; returns [N, H, W, outChannels] */
  forward(x: Tensor): Tensor<"f32"> {
    const size = [x.shape[1]!, x.shape[2]!] as const;
    const branches = this.convs.slice(0, -1).map((branch) => branch.forward(x));
    const mean = resize(this.convs.at(-1)!.forward(x), { size, mode: "bilinear" }) as Tensor<"f32">;
    return this.project.forward(concat(this.#poolingFirst ? [mean, ...branches] : [...branches, mean]));
  }
}
