import { ones, zeros } from "../graph/init.js";
import { Parameter } from "../graph/parameter.js";
import type { Tensor } from "../graph/tensor.js";
import { channelAffine } from "../ops/channel-affine.js";
import { groupNorm } from "../ops/group-norm.js";
import { instanceNorm } from "../ops/instance-norm.js";
import { layerNorm } from "../ops/layer-norm.js";
import { localResponseNorm, type LocalResponseNormOptions } from "../ops/local-response-norm.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { sameShape } from "../runtime/shape.js";
import { requireChannels } from "./channels.js";
import { Layer } from "./layer.js";

interface Affine {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
}

const affineOf = (shape: readonly number[], weight: boolean, bias = weight): Affine => ({
  weight: weight ? new Parameter(shape, ones) : undefined,
  bias: bias ? new Parameter(shape, zeros) : undefined,
});

function requireEps(layer: string, eps: number): void {
  if (!(eps >= 0 && Number.isFinite(eps))) throw new OptionError(`${layer}: eps must be a number of at least 0 but is ${eps}.`);
}

export interface NormLayerOptions {
  /** Added to the variance before the root. Default 1e-5. */
  eps?: number;
  /** Learn a scale and a shift for each channel. */
  affine?: boolean;
}

/** Group normalisation (`groupNorm`), with a learned `weight` and `bias` for each channel unless `affine` is false. */
export class GroupNorm extends Layer {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly #options: { groups: number; eps: number };

  /** @throws OptionError when the groups do not divide the channels */
  constructor(groups: number, channels: number, options: NormLayerOptions = {}) {
    super();
    checkOptions("GroupNorm", options, ["eps", "affine"]);
    const { eps = 1e-5, affine = true } = options;
    requireChannels("GroupNorm", { channels }, groups);
    requireEps("GroupNorm", eps);
    ({ weight: this.weight, bias: this.bias } = affineOf([channels], affine));
    this.#options = { groups, eps };
  }

  /** @param x f32 [N, H, W, channels]; returns the same shape */
  forward(x: Tensor): Tensor<"f32"> {
    return groupNorm(x as Tensor<"f32">, { ...this.#options, weight: this.weight, bias: this.bias });
  }
}

/** Instance normalisation (`instanceNorm`); learns nothing unless `affine` is true. Running statistics are not kept, as by default in PyTorch. */
export class InstanceNorm2d extends Layer {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly #eps: number;

  constructor(channels: number, options: NormLayerOptions = {}) {
    super();
    checkOptions("InstanceNorm2d", options, ["eps", "affine"]);
    const { eps = 1e-5, affine = false } = options;
    requireChannels("InstanceNorm2d", { channels });
    requireEps("InstanceNorm2d", eps);
    ({ weight: this.weight, bias: this.bias } = affineOf([channels], affine));
    this.#eps = eps;
  }

  /** @param x f32 [N, H, W, channels]; returns the same shape */
  forward(x: Tensor): Tensor<"f32"> {
    return instanceNorm(x as Tensor<"f32">, { eps: this.#eps, weight: this.weight, bias: this.bias });
  }
}

export interface LayerNormLayerOptions {
  /** Added to the variance before the root. Default 1e-5. */
  eps?: number;
  /** Learn a scale and a shift for each element. Default true. */
  elementwiseAffine?: boolean;
  /** Learn the shift as well. Default true. */
  bias?: boolean;
}

/**
 * Layer normalisation (`layerNorm`) over trailing axes of given sizes: the channels of each pixel, or [H, W, C]. A weight of
 * several axes has them in this order, where PyTorch's has [C, H, W].
 */
export class LayerNorm extends Layer {
  readonly weight: Parameter | undefined;
  readonly bias: Parameter | undefined;
  readonly #shape: readonly number[];
  readonly #eps: number;

  /** @param normalizedShape sizes of the trailing axes, or the channels alone */
  constructor(normalizedShape: number | readonly number[], options: LayerNormLayerOptions = {}) {
    super();
    checkOptions("LayerNorm", options, ["eps", "elementwiseAffine", "bias"]);
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    this.#shape = typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
    if (this.#shape.length === 0 || this.#shape.some((n) => !Number.isInteger(n) || n < 1)) throw new OptionError(`LayerNorm: normalizedShape must hold whole numbers of at least 1 but is [${this.#shape.join(", ")}].`);
    requireEps("LayerNorm", eps);
    ({ weight: this.weight, bias: this.bias } = affineOf(this.#shape, elementwiseAffine, elementwiseAffine && bias));
    this.#eps = eps;
  }

  /** @param x f32 [..., normalizedShape]; returns the same shape */
  forward(x: Tensor): Tensor<"f32"> {
    const axes = this.#shape.length;
    if (!sameShape(x.shape.slice(-axes), this.#shape)) throw new ShapeError("LayerNorm", `x must end in the axes [${this.#shape.join(", ")}]`, { x: x.shape });
    return layerNorm(x as Tensor<"f32">, { axes, eps: this.#eps, weight: this.weight, bias: this.bias });
  }
}

/** A learned scale and shift for each channel (`channelAffine`), which start as 1 and 0. */
export class ChannelAffine extends Layer {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(channels: number) {
    super();
    requireChannels("ChannelAffine", { channels });
    this.weight = new Parameter([channels], ones);
    this.bias = new Parameter([channels], zeros);
  }

  /** @param x f32 [N, H, W, channels]; returns the same shape */
  forward(x: Tensor): Tensor<"f32"> {
    return channelAffine(x as Tensor<"f32">, this.weight, this.bias);
  }
}

/** Normalisation by the squares of neighbouring channels (`localResponseNorm`). */
export class LocalResponseNorm extends Layer {
  readonly #options: LocalResponseNormOptions;

  constructor(options: LocalResponseNormOptions) {
    super();
    checkOptions("LocalResponseNorm", options, ["size", "alpha", "beta", "k"]);
    this.#options = { ...options };
  }

  /** @param x f32 [N, H, W, channels]; returns the same shape */
  forward(x: Tensor): Tensor<"f32"> {
    return localResponseNorm(x as Tensor<"f32">, this.#options);
  }
}
