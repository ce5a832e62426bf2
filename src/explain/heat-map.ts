import type { RgbImage } from "../io/image.js";
import { heatmap } from "../io/overlay.js";
import { arrange, type View } from "../models/predict-input.js";
import { checkOptions, OptionError } from "../runtime/errors.js";

/** The map of one layer, as it was computed. */
export interface LayerMap {
  /** The layer's path in the model. */
  readonly path: string;
  readonly width: number;
  readonly height: number;
  /** Not negative, in the units of the method, [height, width] of the layer's maps (those of the padded image). */
  readonly data: Float32Array;
}

export interface HeatOverlayOptions {
  /** Opacity of the colours, 0 … 1. Default 0.5. */
  alpha?: number | undefined;
}

/** Where in an image a score comes from. */
export class HeatMap {
  readonly width: number;
  readonly height: number;
  /** 0 … 1 for every pixel, [height, width]; 1 is the largest value, unless the map is 0 everywhere. */
  readonly heat: Float32Array;
  /** The maps that it was made of. */
  readonly layers: readonly LayerMap[];
  /** What was explained: Σ weight · logit over the targets' pixels. Undefined for methods without targets. */
  readonly score: number | undefined;
  readonly #image: View;

  /** @internal Made by `gradCam`. */
  constructor(width: number, height: number, heat: Float32Array, layers: readonly LayerMap[], score: number | undefined, image: View) {
    this.width = width;
    this.height = height;
    this.heat = heat;
    this.layers = layers;
    this.score = score;
    this.#image = image;
  }

  /** The map alone, in viridis colours: dark violet 0, yellow 1. `encodePng` of `atrous/node` writes it. */
  picture(): RgbImage {
    return heatmap(this.heat, this.width, this.height);
  }

  /**
   * The image with the map's colours over it.
   *
   * @throws OptionError for an opacity outside 0 … 1
   */
  overlay(options: HeatOverlayOptions = {}): RgbImage {
    checkOptions("overlay", options, ["alpha"]);
    const { alpha = 0.5 } = options;
    if (!(alpha >= 0 && alpha <= 1)) throw new OptionError(`overlay: alpha must be between 0 and 1 but is ${alpha}.`);
    const out = this.picture();
    const pixels = arrange(this.#image, 3, this.width, this.height, "overlay");
    const scale = pixels instanceof Uint8Array ? 1 : 255;
    for (let i = 0; i < pixels.length; i++) out.data[i] = Math.min(255, Math.max(0, Math.round(pixels[i]! * scale * (1 - alpha) + out.data[i]! * alpha)));
    return out;
  }
}
