import type { Init } from "../graph/init.js";
import type { ConvolutionPadding } from "../ops/conv2d-options.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { Hardsigmoid, Hardswish, LeakyReLU, PReLU, ReLU, ReLU6, Sigmoid, SiLU } from "./activation.js";
import { BatchNorm2d, type BatchNorm2dOptions } from "./batch-norm2d.js";
import { Conv2d } from "./conv2d.js";
import type { Layer } from "./layer.js";
import { Sequential } from "./sequential.js";

const activations = { relu: ReLU, relu6: ReLU6, "leaky-relu": LeakyReLU, prelu: PReLU, sigmoid: Sigmoid, silu: SiLU, "hard-swish": Hardswish, "hard-sigmoid": Hardsigmoid } as const;

/** Activations that blocks know by name; "none" leaves it out. */
export type ActivationName = keyof typeof activations | "none";

/** The layer of that name; none for "none". */
export function activationLayers(name: ActivationName): Layer[] {
  if (name === "none") return [];
  if (!Object.hasOwn(activations, name)) throw new OptionError(`activation must be ${[...Object.keys(activations), "none"].map((key) => `"${key}"`).join(", ")} but is ${JSON.stringify(name)}.`);
  return [new activations[name]()];
}

export interface ConvBlockOptions {
  /** Height and width of the kernel. Default 3. */
  kernelSize?: number | readonly [number, number];
  /** Default 1. */
  stride?: number | readonly [number, number];
  /** Default 1. */
  dilation?: number | readonly [number, number];
  /** Default ⌊k / 2⌋ · dilation, which keeps the size where the stride is 1. */
  padding?: ConvolutionPadding;
  /** Default 1. */
  groups?: number;
  /** Whether the convolution has a bias. Default: only without batch norm. */
  bias?: boolean;
  /** Options of the batch norm, or false for none. Default {}. */
  norm?: BatchNorm2dOptions | false;
  /** Default "relu". */
  activation?: ActivationName;
  /** What the kernel starts with. Default: PyTorch's. */
  init?: Init;
}

/** Convolution, batch norm and activation as a list, for a `Sequential` of one's own. */
export function convLayers(inChannels: number, outChannels: number, options: ConvBlockOptions = {}): Layer[] {
  checkOptions("ConvBlock", options, ["kernelSize", "stride", "dilation", "padding", "groups", "bias", "norm", "activation", "init"]);
  const { kernelSize = 3, stride = 1, dilation = 1, groups = 1, norm = {}, activation = "relu", init } = options;
  const { bias = norm === false } = options;
  const two = (value: number | readonly [number, number]): readonly [number, number] => (typeof value === "number" ? [value, value] : value);
  const [k, d] = [two(kernelSize), two(dilation)];
  const { padding = [Math.floor(k[0] / 2) * d[0], Math.floor(k[1] / 2) * d[1]] } = options;
  return [
    new Conv2d(inChannels, outChannels, { kernelSize: k, stride, padding, dilation: d, groups, bias, ...(init && { init }) }),
    ...(norm === false ? [] : [new BatchNorm2d(outChannels, norm)]),
    ...activationLayers(activation),
  ];
}

/** Convolution, batch norm and activation: "0", "1" and "2" in state dicts. */
export class ConvBlock extends Sequential {
  /** @throws OptionError for options out of range */
  constructor(inChannels: number, outChannels: number, options: ConvBlockOptions = {}) {
    super(...convLayers(inChannels, outChannels, options));
  }
}
