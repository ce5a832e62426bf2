import type { Tensor } from "../graph/tensor.js";
import { adaptiveAvgPool2d, adaptivePoolParams, type AdaptiveAvgPool2dOptions } from "../ops/adaptive-avg-pool2d.js";
import { adaptiveMaxPool2d, type AdaptiveMaxPool2dOptions } from "../ops/adaptive-max-pool2d.js";
import { avgPool2d, avgPoolParams, type AvgPool2dOptions } from "../ops/avg-pool2d.js";
import { globalAvgPool2d } from "../ops/global-avg-pool2d.js";
import { globalMaxPool2d } from "../ops/global-max-pool2d.js";
import { lpPool2d, lpPoolParams, type LpPool2dOptions } from "../ops/lp-pool2d.js";
import { maxPool2d, maxPool2dWithIndices, maxPoolParams, type MaxPool2dOptions } from "../ops/max-pool2d.js";
import { maxUnpool2d, maxUnpoolParams, type MaxUnpool2dOptions } from "../ops/max-unpool2d.js";
import { Layer } from "./layer.js";
import { Module } from "./module.js";

// Constructors check the options, so that bad ones are refused where they are written and not at the first image.

/** The largest value of each window (`maxPool2d`; PyTorch's MaxPool2d). */
export class MaxPool2d extends Layer {
  readonly #options: MaxPool2dOptions;

  /** @throws OptionError for options that `maxPool2d` refuses */
  constructor(options: MaxPool2dOptions) {
    super();
    maxPoolParams("MaxPool2d", options);
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return maxPool2d(x as Tensor<"f32">, this.#options);
  }

  /** The values and where they stood, for `MaxUnpool2d` (PyTorch's `return_indices`). */
  forwardWithIndices(x: Tensor): { out: Tensor<"f32">; indices: Tensor<"u32"> } {
    return maxPool2dWithIndices(x as Tensor<"f32">, this.#options);
  }
}

/** Puts pooled values back where they came from (`maxUnpool2d`; PyTorch's MaxUnpool2d). */
export class MaxUnpool2d extends Module {
  readonly #options: Omit<MaxUnpool2dOptions, "outputSize">;

  /** @throws OptionError for options that `maxUnpool2d` refuses */
  constructor(options: Omit<MaxUnpool2dOptions, "outputSize">) {
    super();
    maxUnpoolParams("MaxUnpool2d", options);
    this.#options = { ...options };
  }

  /**
   * @param outputSize height and width of the plane that was pooled, where windows and strides do not tell
   */
  forward(x: Tensor, indices: Tensor, outputSize?: readonly [number, number]): Tensor<"f32"> {
    return maxUnpool2d(x as Tensor<"f32">, indices, { ...this.#options, ...(outputSize && { outputSize }) });
  }
}

/** The mean of each window (`avgPool2d`; PyTorch's AvgPool2d). */
export class AvgPool2d extends Layer {
  readonly #options: AvgPool2dOptions;

  /** @throws OptionError for options that `avgPool2d` refuses */
  constructor(options: AvgPool2dOptions) {
    super();
    avgPoolParams("AvgPool2d", options);
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return avgPool2d(x as Tensor<"f32">, this.#options);
  }
}

/** The p-norm of each window (`lpPool2d`; PyTorch's LPPool2d). */
export class LpPool2d extends Layer {
  readonly #options: LpPool2dOptions;

  /** @throws OptionError for options that `lpPool2d` refuses */
  constructor(options: LpPool2dOptions) {
    super();
    lpPoolParams("LpPool2d", options);
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return lpPool2d(x as Tensor<"f32">, this.#options);
  }
}

/** Means over a fixed number of bins (`adaptiveAvgPool2d`; PyTorch's AdaptiveAvgPool2d). */
export class AdaptiveAvgPool2d extends Layer {
  readonly #options: AdaptiveAvgPool2dOptions;

  /** @throws OptionError for options that `adaptiveAvgPool2d` refuses */
  constructor(options: AdaptiveAvgPool2dOptions) {
    super();
    adaptivePoolParams("AdaptiveAvgPool2d", options);
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return adaptiveAvgPool2d(x as Tensor<"f32">, this.#options);
  }
}

/** The largest values of a fixed number of bins (`adaptiveMaxPool2d`; PyTorch's AdaptiveMaxPool2d). */
export class AdaptiveMaxPool2d extends Layer {
  readonly #options: AdaptiveMaxPool2dOptions;

  /** @throws OptionError for options that `adaptiveMaxPool2d` refuses */
  constructor(options: AdaptiveMaxPool2dOptions) {
    super();
    adaptivePoolParams("AdaptiveMaxPool2d", options);
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return adaptiveMaxPool2d(x as Tensor<"f32">, this.#options);
  }
}

/** The mean of every channel of every image (`globalAvgPool2d`). */
export class GlobalAvgPool2d extends Layer {
  forward(x: Tensor): Tensor<"f32"> {
    return globalAvgPool2d(x as Tensor<"f32">);
  }
}

/** The largest value of every channel of every image (`globalMaxPool2d`). */
export class GlobalMaxPool2d extends Layer {
  forward(x: Tensor): Tensor<"f32"> {
    return globalMaxPool2d(x as Tensor<"f32">);
  }
}
