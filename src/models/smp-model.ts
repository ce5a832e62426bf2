import { glorotUniform } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Conv2d } from "../layers/conv2d.js";
import type { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { Upsample } from "../layers/resize.js";
import { Sequential } from "../layers/sequential.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { createEncoder, type EncoderName } from "./encoders/create.js";
import type { Encoder } from "./encoders/encoder.js";
import { VGG } from "./encoders/vgg.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface SmpOptions {
  /** The encoder; see `encoderNames`. Default "resnet34". */
  encoder?: EncoderName;
  /** Stages of the encoder that are used; the others keep their parameters, as in files of segmentation_models_pytorch. Default 5. */
  encoderDepth?: number;
  /** Times all channel counts of the encoder, for narrow networks. Default 1. */
  encoderWidth?: number;
  /** Blocks of the encoder's stages, instead of those of its name. */
  encoderBlocks?: readonly number[] | undefined;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
}

/** What `SmpModel` needs to know of a network. */
export interface SmpNetwork {
  /** Options of the network's own, by name and complete, as JSON holds them. */
  readonly own: Readonly<Record<string, unknown>>;
  /** Stages of the encoder by default. Default 5. */
  readonly encoderDepth?: number;
  /** The fewest stages it can do with. Default 3. */
  readonly leastDepth?: number;
}

/** The part between the maps of an encoder and the head. */
export abstract class SmpDecoder extends Module {
  /** @param features the encoder's maps, that at the image's size first */
  abstract forward(features: readonly Tensor<"f32">[]): Tensor<"f32">;
}

/** Scores of the classes by one convolution, enlarged bilinearly (corners aligned): "segmentation_head.0" in files. Starts as smp's: Xavier, bias 0. */
export class SegmentationHead extends Sequential {
  constructor(inChannels: number, classes: number, { kernelSize = 3, upsampling = 1 }: { kernelSize?: number; upsampling?: number } = {}) {
    const [taps, layers] = [kernelSize ** 2, [] as Layer[]];
    layers.push(new Conv2d(inChannels, classes, { kernelSize, padding: Math.floor(kernelSize / 2), init: glorotUniform(taps * inChannels, taps * classes) }));
    if (upsampling > 1) layers.push(new Upsample({ scale: upsampling, alignCorners: true }));
    super(...layers);
  }
}

/**
 * An encoder, a decoder and a head, with the names, sizes and defaults of segmentation_models_pytorch 0.5 (Iakubovskii 2019), whose
 * state dicts load unchanged:
 *
 *     image → encoder → maps at strides 1, 2, 4, … 2^depth → decoder → segmentation_head → logits
 *
 * A network sets `decoder` and `segmentationHead` in its constructor.
 */
export abstract class SmpModel extends SegmentationModel {
  /** Both sides of an image must be multiples of this. `predict` pads to it; `forward` refuses other sizes, as smp does. */
  readonly multipleOf: number = 32;
  readonly encoder: Encoder;
  abstract readonly decoder: SmpDecoder;
  abstract readonly segmentationHead: SegmentationHead;
  readonly #depth: number;

  /** @throws OptionError for options out of range */
  constructor(name: string, options: SmpOptions, { own, encoderDepth: usual = 5, leastDepth = 3 }: SmpNetwork) {
    checkOptions(name, options, ["encoder", "encoderDepth", "encoderWidth", "encoderBlocks", "inChannels", "classes", ...Object.keys(own)]);
    const { encoder = "resnet34", encoderDepth = usual, encoderWidth = 1, encoderBlocks, inChannels = 3, classes } = options;
    if (!Number.isInteger(encoderDepth) || encoderDepth < leastDepth || encoderDepth > 5) throw new OptionError(`${name}: encoderDepth must be a whole number between ${leastDepth} and 5 but is ${String(encoderDepth)}.`);
    super({ inChannels, classes, ...{ encoder, encoderDepth, encoderWidth, ...(encoderBlocks && { encoderBlocks: [...encoderBlocks] }), ...own } });
    this.encoder = createEncoder(encoder, { inChannels, width: encoderWidth, blocks: encoderBlocks });
    this.#depth = encoderDepth;
    this.multipleOf = 2 ** encoderDepth;
  }

  override head(): readonly Module[] {
    return [this.decoder, this.segmentationHead];
  }

  /** Channels of the encoder's maps, that at the image's size first. */
  protected get encoderChannels(): readonly number[] {
    return this.encoder.channels.slice(0, this.#depth + 1);
  }

  /** Whether the encoder's last map is a pooled one that no convolution has seen. */
  protected get encoderPools(): boolean {
    return this.encoder instanceof VGG;
  }

  /**
   * @param x [N, H, W, inChannels]: u8, or f32 that is normalised already
   * @returns logits, f32 [N, H, W, classes]
   * @throws ShapeError unless H and W are multiples of `multipleOf`
   */
  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    const [height, width] = image.shape.slice(1) as [number, number];
    const fit = (n: number): number => Math.ceil(n / this.multipleOf) * this.multipleOf;
    if (fit(height) !== height || fit(width) !== width)
      throw new ShapeError(this.constructor.name, `height and width must be multiples of ${this.multipleOf}. Pad the image to ${fit(height)} × ${fit(width)}, or use predict, which does`, { x: [image.shape, "NHWC"] });
    return this.segmentationHead.forward(this.decoder.forward(this.encoder.features(image, this.#depth)));
  }
}
