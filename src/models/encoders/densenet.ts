import { heNormal } from "../../graph/init.js";
import type { Tensor } from "../../graph/tensor.js";
import { BatchNorm2d } from "../../layers/batch-norm2d.js";
import { Conv2d } from "../../layers/conv2d.js";
import { Layer } from "../../layers/layer.js";
import { Module } from "../../layers/module.js";
import { AvgPool2d, MaxPool2d } from "../../layers/pooling.js";
import { relu } from "../../ops/activations.js";
import { concat } from "../../ops/concat.js";
import { OptionError, checkOptions } from "../../runtime/errors.js";
import { Encoder } from "./encoder.js";
import { requireBlocks } from "./require-blocks.js";

/** Layers of the four blocks, growth, channels of the stem. */
const depths: Record<number, readonly [blocks: readonly number[], growth: number, stem: number]> = {
  121: [[6, 12, 24, 16], 32, 64], 161: [[6, 12, 36, 24], 48, 96], 169: [[6, 12, 32, 32], 32, 64], 201: [[6, 12, 48, 32], 32, 64],
};

export interface DenseNetOptions {
  /** Layers with weights: 121, 161, 169 or 201. */
  depth: 121 | 161 | 169 | 201;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Channels that every layer adds (the paper's k), and a half of those of the stem. Default 32, for depth 161: 48. */
  growth?: number;
  /** Layers of the four blocks, instead of those of `depth`. */
  blocks?: readonly number[] | undefined;
}

const conv = (from: number, to: number, kernelSize: number, stride = 1): Conv2d =>
  new Conv2d(from, to, { kernelSize, stride, padding: (kernelSize - 1) / 2, bias: false, init: heNormal(from * kernelSize ** 2) });

/** x, and k channels more: batch norm, ReLU, 1×1 to 4k, batch norm, ReLU, 3×3 to k. */
class DenseLayer extends Layer {
  readonly norm1: BatchNorm2d;
  readonly conv1: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly conv2: Conv2d;

  constructor(from: number, growth: number) {
    super();
    this.norm1 = new BatchNorm2d(from);
    this.conv1 = conv(from, 4 * growth, 1);
    this.norm2 = new BatchNorm2d(4 * growth);
    this.conv2 = conv(4 * growth, growth, 3);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = this.conv1.forward(relu(this.norm1.forward(x)));
    return concat([x, this.conv2.forward(relu(this.norm2.forward(h)))]) as Tensor<"f32">;
  }
}

/** Between two blocks: batch norm and ReLU, after which the map of the stage is taken; 1×1 to half the channels, average pooling. */
class Transition extends Module {
  readonly norm: BatchNorm2d;
  readonly conv: Conv2d;
  readonly pool: AvgPool2d;

  constructor(channels: number) {
    super();
    this.norm = new BatchNorm2d(channels);
    this.conv = conv(channels, Math.floor(channels / 2), 1);
    this.pool = new AvgPool2d({ kernelSize: 2 });
  }

  activate(x: Tensor): Tensor<"f32"> {
    return relu(this.norm.forward(x)) as Tensor<"f32">;
  }

  halve(x: Tensor): Tensor<"f32"> {
    return this.pool.forward(this.conv.forward(x));
  }
}

/**
 * DenseNet (Huang, Liu, van der Maaten & Weinberger 2017) without its classifier: 6,953,856 parameters for depth 121. Names are torchvision's
 * ("features.conv0", "features.denseblock1.denselayer1.norm1", "features.transition1.conv", …).
 *
 *     image → 7×7/2 → pool/2 → block1 → transition/2 → block2 → transition/2 → block3 → transition/2 → block4 → norm
 *     stride            2         4                       8                      16                       32
 *
 * As in segmentation_models_pytorch, the maps of the blocks are those behind the transitions' batch norm and ReLU, before they halve.
 * That of the last block has no ReLU. `dilate` takes the strides from the transitions' poolings, which smp refuses.
 */
export class DenseNet extends Encoder {
  readonly channels: readonly number[];
  readonly conv0: Conv2d;
  readonly norm0: BatchNorm2d;
  readonly pool0: MaxPool2d;
  readonly blocks: readonly (readonly DenseLayer[])[];
  readonly transitions: readonly Transition[];
  readonly norm5: BatchNorm2d;

  /** @throws OptionError for options out of range */
  constructor(options: DenseNetOptions) {
    super();
    checkOptions("DenseNet", options, ["depth", "inChannels", "growth", "blocks"]);
    const { depth, inChannels = 3 } = options;
    if (!Object.hasOwn(depths, depth)) throw new OptionError(`DenseNet: depth must be one of ${Object.keys(depths).join(", ")} but is ${String(depth)}.`);
    const { growth = depths[depth]![1], blocks = depths[depth]![0] } = options;
    requireBlocks("DenseNet", blocks, 4);
    const stem = 2 * growth;
    this.conv0 = conv(inChannels, stem, 7, 2);
    this.norm0 = new BatchNorm2d(stem);
    this.pool0 = new MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
    let from = stem;
    const ends: number[] = [];
    const transitions: Transition[] = [];
    this.blocks = blocks.map((count, i) => {
      const layers = Array.from({ length: count }, (_, k) => new DenseLayer(from + k * growth, growth));
      from += count * growth;
      ends.push(from);
      if (i < 3) transitions.push(new Transition(from));
      if (i < 3) from = Math.floor(from / 2);
      return layers;
    });
    this.transitions = transitions;
    this.norm5 = new BatchNorm2d(from);
    this.channels = [inChannels, stem, ...ends];
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield ["features.conv0", this.conv0];
    yield ["features.norm0", this.norm0];
    yield ["features.pool0", this.pool0];
    for (const [i, layers] of this.blocks.entries()) {
      for (const [k, layer] of layers.entries()) yield [`features.denseblock${i + 1}.denselayer${k + 1}`, layer];
      if (this.transitions[i]) yield [`features.transition${i + 1}`, this.transitions[i]];
    }
    yield ["features.norm5", this.norm5];
  }

  features(x: Tensor, depth = 5): Tensor<"f32">[] {
    const maps = [x as Tensor<"f32">];
    if (depth >= 1) maps.push(relu(this.norm0.forward(this.conv0.forward(x))) as Tensor<"f32">);
    for (const [i, layers] of this.blocks.slice(0, depth - 1).entries()) {
      const start = i === 0 ? this.pool0.forward(maps[1]!) : this.transitions[i - 1]!.halve(maps.at(-1)!);
      const h = layers.reduce<Tensor<"f32">>((map, layer) => layer.forward(map), start);
      maps.push(i < 3 ? this.transitions[i]!.activate(h) : this.norm5.forward(h));
    }
    return maps;
  }

  stages(): readonly (readonly Module[])[] {
    const [first, ...rest] = this.blocks;
    return [[this.conv0, this.norm0], [this.pool0, ...first!], ...rest.map((layers, i) => [this.transitions[i]!, ...layers])];
  }
}
