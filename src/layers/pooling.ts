import type { Tensor } from "../graph/tensor.js";
import { avgPool2d, type AvgPool2dOptions } from "../ops/avg-pool2d.js";
import { maxPool2d, type MaxPool2dOptions } from "../ops/max-pool2d.js";
import { Layer } from "./layer.js";

/** The largest value of each window (`maxPool2d`). */
export class MaxPool2d extends Layer {
  readonly #options: MaxPool2dOptions;

  constructor(options: MaxPool2dOptions) {
    super();
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return maxPool2d(x, this.#options);
  }
}

/** The mean of each window (`avgPool2d`). */
export class AvgPool2d extends Layer {
  readonly #options: AvgPool2dOptions;

  constructor(options: AvgPool2dOptions) {
    super();
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return avgPool2d(x, this.#options);
  }
}
