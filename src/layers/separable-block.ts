import type { Init } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import type { PairLike } from "../ops/window.js";
import { checkOptions } from "../runtime/errors.js";
import type { BatchNorm2dOptions } from "./batch-norm2d.js";
import { ConvBlock, type ActivationName } from "./conv-block.js";
import { Layer } from "./layer.js";

export interface SeparableBlockOptions {
  /** Stride of the depthwise convolution. Default 1. */
  stride?: PairLike;
  /** Dilation of the depthwise convolution: above 1 it is an atrous separable convolution. Default 1. */
  dilation?: PairLike;
  /** Options of both batch norms. Default {}. */
  norm?: BatchNorm2dOptions;
  /** What follows each batch norm. Default "relu". */
  activation?: ActivationName;
  /** What the depthwise kernel starts with. Default: PyTorch's. */
  depthwiseInit?: Init | undefined;
  /** What the pointwise kernel starts with. Default: PyTorch's. */
  pointwiseInit?: Init | undefined;
}

/**
 * The separable convolution of TensorFlow's DeepLab (Chen et al. 2018): a depthwise 3×3 and a pointwise convolution, each with a batch norm and
 * activation of its own. Padding keeps the kernel centred, as fixed padding there. `SeparableConv2d` is the plain pair.
 *
 * In state dicts "depthwise.0.weight" is the depthwise kernel, "depthwise.1" its batch norm, and "pointwise" likewise.
 */
export class SeparableBlock extends Layer {
  readonly depthwise: ConvBlock;
  readonly pointwise: ConvBlock;

  /** @throws OptionError for options out of range */
  constructor(inChannels: number, outChannels: number, options: SeparableBlockOptions = {}) {
    super();
    checkOptions("SeparableBlock", options, ["stride", "dilation", "norm", "activation", "depthwiseInit", "pointwiseInit"]);
    const { stride = 1, dilation = 1, norm = {}, activation = "relu", depthwiseInit, pointwiseInit } = options;
    this.depthwise = new ConvBlock(inChannels, inChannels, { stride, dilation, groups: inChannels, norm, activation, ...(depthwiseInit && { init: depthwiseInit }) });
    this.pointwise = new ConvBlock(inChannels, outChannels, { kernelSize: 1, norm, activation, ...(pointwiseInit && { init: pointwiseInit }) });
  }

  /** @param x f32 [N, H, W, inChannels]; returns [N, ⌈H / stride⌉, ⌈W / stride⌉, outChannels] */
  forward(x: Tensor): Tensor<"f32"> {
    return this.pointwise.forward(this.depthwise.forward(x));
  }
}
