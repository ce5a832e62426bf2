import type { Tensor } from "../graph/tensor.js";
import { pixelShuffle, pixelUnshuffle, shuffleFactor, type PixelShuffleOptions, type PixelUnshuffleOptions } from "../ops/pixel-shuffle.js";
import { Layer } from "./layer.js";

/** Turns channels into pixels (`pixelShuffle`). */
export class PixelShuffle extends Layer {
  readonly #options: PixelShuffleOptions;

  constructor(options: PixelShuffleOptions) {
    super();
    this.#options = { upscaleFactor: shuffleFactor("PixelShuffle", "upscaleFactor", options) };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return pixelShuffle(x as Tensor<"f32">, this.#options);
  }
}

/** Turns blocks of pixels into channels (`pixelUnshuffle`). */
export class PixelUnshuffle extends Layer {
  readonly #options: PixelUnshuffleOptions;

  constructor(options: PixelUnshuffleOptions) {
    super();
    this.#options = { downscaleFactor: shuffleFactor("PixelUnshuffle", "downscaleFactor", options) };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return pixelUnshuffle(x as Tensor<"f32">, this.#options);
  }
}
