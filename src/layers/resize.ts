import type { Tensor } from "../graph/tensor.js";
import { resize, type ResizeOptions } from "../ops/resize.js";
import { resizePlan, scalePair } from "../ops/resize-options.js";
import type { PairLike } from "../ops/window.js";
import { checkOptions } from "../runtime/errors.js";
import { Layer } from "./layer.js";

/** Resamples to a fixed size, or by a factor (`resize`). */
export class Resize extends Layer {
  readonly #options: ResizeOptions;

  constructor(options: ResizeOptions) {
    super();
    resizePlan("Resize", options);
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return resize(x as Tensor<"f32">, this.#options);
  }
}

export interface UpsampleOptions extends Omit<ResizeOptions, "size" | "scaleFactor"> {
  /** Times the height and width: a positive number, or two of them [vertical, horizontal]. Default 2. */
  scale?: PairLike;
}

/** Enlarges by a factor (`resize` with that `scaleFactor`), as PyTorch's Upsample with that scale_factor, except that the default mode is "bilinear" here and "nearest" there. */
export class Upsample extends Layer {
  readonly #options: ResizeOptions;

  constructor(options: UpsampleOptions = {}) {
    super();
    checkOptions("Upsample", options, ["scale", "mode", "alignCorners", "antialias", "recomputeScaleFactor"]);
    const { scale = 2, ...rest } = options;
    this.#options = { ...rest, scaleFactor: scalePair("Upsample", "scale", scale) };
    resizePlan("Upsample", this.#options);
  }

  forward(x: Tensor): Tensor<"f32"> {
    return resize(x as Tensor<"f32">, this.#options);
  }
}
