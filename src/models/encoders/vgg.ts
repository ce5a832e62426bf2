import { heNormal, zeros } from "../../graph/init.js";
import type { Tensor } from "../../graph/tensor.js";
import { ReLU } from "../../layers/activation.js";
import { BatchNorm2d } from "../../layers/batch-norm2d.js";
import { Conv2d } from "../../layers/conv2d.js";
import type { Layer } from "../../layers/layer.js";
import type { Module } from "../../layers/module.js";
import { MaxPool2d } from "../../layers/pooling.js";
import { Sequential } from "../../layers/sequential.js";
import { OptionError, checkOptions } from "../../runtime/errors.js";
import { Encoder } from "./encoder.js";
import { requireBlocks } from "./require-blocks.js";

export interface VGGOptions {
  /** Layers with weights, those of the classifier included: 11, 13, 16 or 19. */
  depth: 11 | 13 | 16 | 19;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Batch norm behind every convolution (torchvision's "_bn"). Default false. */
  batchNorm?: boolean;
  /** Channels of the first stage; the later ones have 2, 4, 8 and 8 times as many. Default 64. */
  width?: number;
  /** Convolutions of the five stages, instead of those of `depth`. */
  blocks?: readonly number[] | undefined;
}

const depths: Record<number, readonly number[]> = { 11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] };

/**
 * VGG (Simonyan & Zisserman 2015; configurations A, B, D and E) without its classifier: stages of 3×3 convolutions with max pooling between
 * them and behind the last. Names are torchvision's ("features.0.weight", …).
 *
 *     image → 64 64 ↓ 128 128 ↓ 256 256 256 ↓ 512 512 512 ↓ 512 512 512 ↓        (16 layers)
 *     stride    1        2           4             8            16      32
 *
 * As in segmentation_models_pytorch, the maps are those before each pooling and the last pooled one: the first has the size of the image
 * and stands in its place. `dilate` takes the strides from poolings, whose windows and followers get gaps instead.
 */
export class VGG extends Encoder {
  readonly channels: readonly number[];
  readonly layers: Sequential;
  readonly #inChannels: number;
  readonly #stages: readonly (readonly Layer[])[];

  /** @throws OptionError for options out of range */
  constructor(options: VGGOptions) {
    super();
    checkOptions("VGG", options, ["depth", "inChannels", "batchNorm", "width", "blocks"]);
    const { depth, inChannels = 3, batchNorm = false, width = 64, blocks = depths[depth] } = options;
    if (!Object.hasOwn(depths, depth)) throw new OptionError(`VGG: depth must be one of ${Object.keys(depths).join(", ")} but is ${String(depth)}.`);
    requireBlocks("VGG", blocks, 5);
    const widths = [1, 2, 4, 8, 8].map((factor) => factor * width);
    this.#inChannels = inChannels;
    this.channels = [...widths, widths[4]!];
    const convolution = (from: number, to: number): Layer[] => [
      new Conv2d(from, to, { kernelSize: 3, padding: 1, init: heNormal(9 * to), biasInit: zeros }),
      ...(batchNorm ? [new BatchNorm2d(to)] : []),
      new ReLU(),
    ];
    // Each stage begins with the pooling that halves; a last one has nothing but that.
    this.#stages = [...blocks, 0].map((count, stage) => [
      ...(stage > 0 ? [new MaxPool2d({ kernelSize: 2 })] : []),
      ...Array.from({ length: count }, (_, i) => convolution(i > 0 ? widths[stage]! : stage > 0 ? widths[stage - 1]! : inChannels, widths[stage]!)).flat(),
    ]);
    this.layers = new Sequential(...this.#stages.flat());
  }

  override get inChannels(): number {
    return this.#inChannels;
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield ["features", this.layers];
  }

  features(x: Tensor, depth = 5): Tensor<"f32">[] {
    const maps: Tensor<"f32">[] = [];
    for (const layers of this.#stages.slice(0, depth + 1)) maps.push(layers.reduce((h, layer) => layer.forward(h), maps.at(-1) ?? (x as Tensor<"f32">)));
    return maps;
  }

  stages(): readonly (readonly Module[])[] {
    const [first, second, ...rest] = this.#stages;
    return [[...first!, ...second!], ...rest];
  }
}
