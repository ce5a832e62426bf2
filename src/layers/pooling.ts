import { capturing, guarded } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import type { Tensor } from "../graph/tensor.js";
import { adaptiveAvgPool2d, adaptivePoolParams, type AdaptiveAvgPool2dOptions } from "../ops/adaptive-avg-pool2d.js";
import { adaptiveMaxPool2d, type AdaptiveMaxPool2dOptions } from "../ops/adaptive-max-pool2d.js";
import { avgPool2d, avgPoolParams, type AvgPool2dOptions } from "../ops/avg-pool2d.js";
import { globalAvgPool2d } from "../ops/global-avg-pool2d.js";
import { globalMaxPool2d } from "../ops/global-max-pool2d.js";
import { conv2d } from "../ops/conv2d.js";
import { constant } from "../ops/constant.js";
import { lpPool2d, lpPoolParams, type LpPool2dOptions } from "../ops/lp-pool2d.js";
import { maxPool2d, maxPool2dWithIndices, maxPoolParams, type MaxPool2dOptions } from "../ops/max-pool2d.js";
import { maxUnpool2d, maxUnpoolParams, type MaxUnpool2dOptions } from "../ops/max-unpool2d.js";
import { pad2d, type PadMode } from "../ops/pad2d.js";
import { reshape } from "../ops/reshape.js";
import { pair, type Pair, type PairLike } from "../ops/window.js";
import { OptionError } from "../runtime/errors.js";
import { Layer } from "./layer.js";
import { Module } from "./module.js";

// Constructors check the options, so that bad ones are refused where they are written and not at the first image.

/** Another stride and dilation than a pooling was made with; see `setRate` of `MaxPool2d`. */
interface Rate {
  readonly stride: Pair;
  readonly dilation: Pair;
}

function rateOf(layer: string, { stride, dilation }: { stride: PairLike; dilation: PairLike }): Rate {
  return { stride: pair(layer, "stride", stride, 1), dilation: pair(layer, "dilation", dilation, 1) };
}

/**
 * Frames x for windows with gaps so that stride 1 keeps the size and windows begin where they began: the padding before grows with the dilation,
 * and what is missing stands behind.
 */
function frameFor(x: Tensor<"f32">, kernelSize: Pair, padding: Pair, { dilation }: Rate, frame: { mode: PadMode; value?: number }): Tensor<"f32"> {
  const [top, left] = [padding[0] * dilation[0], padding[1] * dilation[1]];
  return pad2d(x, { top, bottom: (kernelSize[0] - 1) * dilation[0] - top, left, right: (kernelSize[1] - 1) * dilation[1] - left, ...frame });
}

/** The largest value of each window (`maxPool2d`; PyTorch's MaxPool2d). */
export class MaxPool2d extends Layer {
  readonly #options: MaxPool2dOptions;
  #rate: Rate | undefined;

  /** @throws OptionError for options that `maxPool2d` refuses */
  constructor(options: MaxPool2dOptions) {
    super();
    maxPoolParams("MaxPool2d", options);
    this.#options = { ...options };
  }

  /** Steps between windows, [vertical, horizontal]. */
  get stride(): Pair {
    return guarded(() => this.#rate)?.stride ?? maxPoolParams("MaxPool2d", this.#options).stride;
  }

  /**
   * Another stride, and windows whose positions stand `dilation` apart: the algorithme à trous for poolings, which `dilate` uses. With stride 1
   * the map keeps its size; every 2nd of its positions (for a pooling that had stride 2) is what the pooling gave before, away from
   * the right and bottom edges. Replaces the ceil mode.
   */
  setRate(rate: { stride: PairLike; dilation: PairLike }): void {
    this.#rate = rateOf("MaxPool2d", rate);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const rate = guarded(() => this.#rate);
    if (!rate) return maxPool2d(x as Tensor<"f32">, this.#options);
    const { kernelSize, padding } = maxPoolParams("MaxPool2d", this.#options);
    return maxPool2d(frameFor(x as Tensor<"f32">, kernelSize, padding, rate, { mode: "constant", value: -Infinity }), { kernelSize, ...rate });
  }

  /**
   * The values and where they stood, for `MaxUnpool2d` (PyTorch's `return_indices`).
   *
   * @throws OptionError after `setRate`, which has no inverse
   */
  forwardWithIndices(x: Tensor): { out: Tensor<"f32">; indices: Tensor<"u32"> } {
    if (guarded(() => this.#rate)) throw new OptionError("MaxPool2d: a pooling with another rate has no indices to unpool by. Use one that `dilate` left as it is.");
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
  #rate: Rate | undefined;

  /** @throws OptionError for options that `avgPool2d` refuses */
  constructor(options: AvgPool2dOptions) {
    super();
    avgPoolParams("AvgPool2d", options);
    this.#options = { ...options };
  }

  /** Steps between windows, [vertical, horizontal]. */
  get stride(): Pair {
    return guarded(() => this.#rate)?.stride ?? avgPoolParams("AvgPool2d", this.#options).stride;
  }

  /**
   * Another stride, and windows whose positions stand `dilation` apart, as for `MaxPool2d`. Windows that reach beyond x see its edges
   * repeated, and all positions count alike. Replaces the ceil mode, `countIncludePad` and `divisorOverride`.
   */
  setRate(rate: { stride: PairLike; dilation: PairLike }): void {
    this.#rate = rateOf("AvgPool2d", rate);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const rate = guarded(() => this.#rate);
    if (!rate) return avgPool2d(x as Tensor<"f32">, this.#options);
    if (!capturing()) return runEagerly(() => this.forward(x));
    const { kernelSize, padding } = avgPoolParams("AvgPool2d", this.#options);
    const framed = frameFor(x as Tensor<"f32">, kernelSize, padding, rate, { mode: "replicate" });
    if (Math.max(...rate.dilation) === 1) return avgPool2d(framed, { kernelSize, stride: rate.stride });
    // Windows with gaps: a depthwise convolution whose taps are all alike.
    const [channels, taps] = [x.shape[3]!, kernelSize[0] * kernelSize[1]];
    const weight = reshape(constant(Array<number>(channels * taps).fill(1 / taps)), [channels, ...kernelSize, 1]);
    return conv2d(framed, weight, { ...rate, groups: channels });
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
