import { OptionError } from "../runtime/errors.js";
import type { ClassInfo } from "./class-info.js";
import { arrange, type View } from "./predict-input.js";

/** An 8-bit RGB picture, rows from the top, `[height, width, 3]`. */
export interface RgbPicture {
  width: number;
  height: number;
  channels: 3;
  data: Uint8Array;
}

export interface PredictionOverlayOptions {
  /** Opacity of the colours, 0 … 1. Default 0.5. */
  alpha?: number | undefined;
  /** Colour per class; the default is the model's. */
  colors?: readonly (readonly [number, number, number])[] | undefined;
  /** Classes that show the image as it is. Default `[0]`, the background. */
  unpainted?: readonly number[] | undefined;
}

/** What a model sees in an image. */
export class Prediction {
  readonly width: number;
  readonly height: number;
  /** Class index per pixel, `[height, width]`; a single-logit head gives 0 and 1. */
  readonly classes: Uint8Array;
  /** Probability of each class, `[height, width, classes]` (a single-logit head: of class 1), where it was asked for. */
  readonly probabilities: Float32Array | undefined;
  /** Names and colours of the classes. */
  readonly classInfo: readonly ClassInfo[];
  readonly #image: View | undefined;

  /** @internal Made by `model.predict`. */
  constructor(width: number, height: number, classes: Uint8Array, probabilities: Float32Array | undefined, classInfo: readonly ClassInfo[], image: View | undefined) {
    this.width = width;
    this.height = height;
    this.classes = classes;
    this.probabilities = probabilities;
    this.classInfo = classInfo;
    this.#image = image;
  }

  /**
   * The image with the classes painted over it; `encodePng` of `atrous/node` writes it.
   *
   * @throws OptionError unless the prediction was made with `{ overlay: true }`, which keeps the image.
   */
  overlay({ alpha = 0.5, colors = this.classInfo.map(({ color }) => color), unpainted = [0] }: PredictionOverlayOptions = {}): RgbPicture {
    if (!this.#image) throw new OptionError("overlay: the image was not kept. Ask for it: predict(image, { overlay: true }).");
    if (!(alpha >= 0 && alpha <= 1)) throw new OptionError(`overlay: alpha must be between 0 and 1 but is ${alpha}.`);
    const { width, height, classes } = this;
    const pixels = arrange(this.#image, 3, width, height);
    const data = pixels instanceof Uint8Array ? pixels : Uint8Array.from(pixels, (v) => Math.min(255, Math.max(0, Math.round(v * 255))));
    classes.forEach((label, i) => {
      const color = unpainted.includes(label) ? undefined : colors[label];
      if (color) for (let c = 0; c < 3; c++) data[i * 3 + c] = Math.round(data[i * 3 + c]! * (1 - alpha) + color[c]! * alpha);
    });
    return { width, height, channels: 3, data };
  }

  /** The overlay for a canvas: `context.putImageData(prediction.toImageData(), 0, 0)`. Browsers only. */
  toImageData(options?: PredictionOverlayOptions): ImageData {
    const { data, width, height } = this.overlay(options);
    const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgba[i * 4 + c] = data[i * 3 + c]!;
    return new ImageData(rgba, width, height);
  }
}
