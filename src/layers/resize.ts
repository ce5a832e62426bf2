import type { Tensor } from "../graph/tensor.js";
import { resize, type ResizeOptions } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { Layer } from "./layer.js";

/** Resamples to a fixed size (`resize`). */
export class Resize extends Layer {
  readonly #options: ResizeOptions;

  constructor(options: ResizeOptions) {
    super();
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return resize(x as Tensor<"f32">, this.#options);
  }
}

export interface UpsampleOptions extends Pick<ResizeOptions, "mode" | "alignCorners"> {
  /** Times the height and width; a whole number of at least 1. Default 2. */
  scale?: number;
}

/** Enlarges by a whole factor (`resize`): the same as PyTorch's Upsample with that scale_factor. */
export class Upsample extends Layer {
  readonly #scale: number;
  readonly #options: Pick<ResizeOptions, "mode" | "alignCorners">;

  constructor(options: UpsampleOptions = {}) {
    super();
    checkOptions("Upsample", options, ["scale", "mode", "alignCorners"]);
    const { scale = 2, ...rest } = options;
    if (!Number.isInteger(scale) || scale < 1) throw new OptionError(`Upsample: scale must be a whole number of at least 1 but is ${scale}.`);
    this.#scale = scale;
    this.#options = rest;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const [, h, w] = x.shape as [number, number, number, number];
    return resize(x as Tensor<"f32">, { size: [h * this.#scale, w * this.#scale], ...this.#options });
  }
}
