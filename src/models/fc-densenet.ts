import { heUniform } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { Conv2d } from "../layers/conv2d.js";
import { ConvTranspose2d } from "../layers/conv-transpose2d.js";
import { Dropout } from "../layers/dropout.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { relu } from "../ops/activations.js";
import { concat } from "../ops/concat.js";
import { maxPool2d } from "../ops/max-pool2d.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { centreCrop } from "./centre-crop.js";
import { MOST_BLOCKS, isBlockCount } from "./encoders/require-blocks.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface FCDenseNetOptions {
  /** Layers of the network, which choose `growth` and `blocks`: those of the paper's Table 1. Default 103. */
  depth?: 56 | 67 | 103;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Channels that every layer adds. Default 12 for depth 56, else 16. */
  growth?: number;
  /** Layers of the dense blocks, an odd number of them: on the way down, in the middle, on the way up. Default: those of `depth`, eleven blocks. */
  blocks?: readonly number[];
  /** Channels of the first convolution. Default 48. */
  width?: number;
  /** Rate of the dropout after every convolution of blocks and transitions, 0 … 1. Default 0.2. */
  dropout?: number;
}

const eleven = (layers: number): readonly number[] => Array<number>(11).fill(layers);

const depths: Record<number, { growth: number; blocks: readonly number[] }> = {
  56: { growth: 12, blocks: eleven(4) },
  67: { growth: 16, blocks: eleven(5) },
  103: { growth: 16, blocks: [4, 5, 7, 10, 12, 15, 12, 10, 7, 5, 4] },
};

/** Convolution with He's uniform start (Lasagne's HeUniform with the gain of ReLU) and a bias of zeros. */
const convolution = (from: number, to: number, kernelSize: 1 | 3): Conv2d =>
  new Conv2d(from, to, { kernelSize, padding: (kernelSize - 1) / 2, init: heUniform(from * kernelSize * kernelSize) });

/** Batch norm, ReLU, convolution, dropout. */
class DenseLayer extends Layer {
  readonly norm: BatchNorm2d;
  readonly conv: Conv2d;
  readonly drop: Dropout;

  constructor(from: number, to: number, kernelSize: 1 | 3, dropout: number) {
    super();
    this.norm = new BatchNorm2d(from);
    this.conv = convolution(from, to, kernelSize);
    this.drop = new Dropout(dropout);
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.drop.forward(this.conv.forward(relu(this.norm.forward(x))));
  }
}

/** Layers that see the block's input and what all layers before them have found. */
class DenseBlock extends Module {
  readonly layers: readonly DenseLayer[];
  /** Channels of the input and all new ones. */
  readonly channels: number;

  constructor(from: number, growth: number, layers: number, dropout: number) {
    super();
    this.layers = Array.from({ length: layers }, (_, i) => new DenseLayer(from + i * growth, growth, 3, dropout));
    this.channels = from + layers * growth;
  }

  /** The maps that the layers have found, and all: the block's input, then those. */
  forward(x: Tensor): { found: readonly Tensor<"f32">[]; all: Tensor<"f32"> } {
    const found: Tensor<"f32">[] = [];
    let all = x as Tensor<"f32">;
    for (const layer of this.layers) {
      found.push(layer.forward(all));
      all = concat([all, found.at(-1)!]);
    }
    return { found, all };
  }
}

/** A dense layer of 1×1 that keeps the channels, then half the size (rounded down). */
class TransitionDown extends DenseLayer {
  constructor(channels: number, dropout: number) {
    super(channels, channels, 1, dropout);
  }

  override forward(x: Tensor): Tensor<"f32"> {
    return maxPool2d(super.forward(x), { kernelSize: 2 });
  }
}

/** A transposed convolution from n to 2n + 1, whose middle joins the map of that size on the way down: [up, skip]. */
class TransitionUp extends Module {
  readonly convTrans: ConvTranspose2d;

  constructor(channels: number) {
    super();
    this.convTrans = new ConvTranspose2d(channels, channels, { kernelSize: 3, stride: 2, init: heUniform(channels * 9) });
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield ["convTrans", this.convTrans];
  }

  forward(x: Tensor, skip: Tensor<"f32">): Tensor<"f32"> {
    return concat([centreCrop(this.convTrans.forward(x), skip), skip]);
  }
}

/**
 * FC-DenseNet, the "one hundred layers tiramisu" (Jégou, Drozdzal, Vázquez, Romero & Bengio 2017): dense blocks (DB) on the way down and up,
 * where only the maps that a block has just found are upsampled (TU), and skips carry the rest:
 *
 *     3×3 conv → DB ─────────────────────── [up, skip] → DB → 1×1 conv
 *                 TD → DB ────────── [up, skip] → DB → TU ↑
 *                       TD → … → DB → TU ↑
 *
 * 1,376,795, 3,463,243 and 9,322,091 parameters (depth 56, 67, 103) for eleven classes. Order of the channels, cropping, start values and
 * dropout are those of the authors' code (SimJeg/FC-DenseNet), names those of bfortuner's pytorch_tiramisu, whose files fit. Any image of at
 * least 2^((blocks − 1) / 2) pixels on either side is fine: 32 with eleven blocks.
 */
export class FCDenseNet extends SegmentationModel {
  readonly architecture = "fc-densenet";
  readonly multipleOf: number;
  readonly firstconv: Conv2d;
  readonly denseBlocksDown: readonly DenseBlock[];
  readonly transDownBlocks: readonly TransitionDown[];
  readonly bottleneck: DenseBlock;
  readonly transUpBlocks: readonly TransitionUp[];
  readonly denseBlocksUp: readonly DenseBlock[];
  readonly finalConv: Conv2d;

  /** @throws OptionError for options out of range */
  constructor(options: FCDenseNetOptions) {
    checkOptions("FCDenseNet", options, ["depth", "inChannels", "classes", "growth", "blocks", "width", "dropout"]);
    const { depth = 103, inChannels = 3, classes, width = 48, dropout = 0.2 } = options;
    const usual = depths[depth];
    if (!usual) throw new OptionError(`FCDenseNet: depth must be 56, 67 or 103 but is ${String(depth)}.`);
    const { growth = usual.growth, blocks = usual.blocks } = options;
    if (!Array.isArray(blocks) || blocks.length < 3 || blocks.length % 2 === 0 || !blocks.every(isBlockCount))
      throw new OptionError(`FCDenseNet: blocks must be an odd number of whole numbers of 1 to ${MOST_BLOCKS}, three or more, but is ${JSON.stringify(blocks)}.`);
    for (const [name, count] of Object.entries({ growth, width })) if (!Number.isInteger(count) || count < 1) throw new OptionError(`FCDenseNet: ${name} must be a whole number of at least 1 but is ${String(count)}.`);
    if (!(dropout >= 0 && dropout <= 1)) throw new OptionError(`FCDenseNet: dropout must be between 0 and 1 but is ${String(dropout)}.`);
    super({ inChannels, classes, ...{ depth, growth, blocks: [...blocks], width, dropout } });

    const levels = (blocks.length - 1) / 2;
    const layers = blocks as readonly number[];
    const block = (from: number, i: number): DenseBlock => new DenseBlock(from, growth, layers[i]!, dropout);
    this.multipleOf = 2 ** levels;
    this.firstconv = convolution(inChannels, width, 3);
    let channels = width;
    this.denseBlocksDown = Array.from({ length: levels }, (_, i) => {
      const dense = block(channels, i);
      channels = dense.channels;
      return dense;
    });
    this.transDownBlocks = this.denseBlocksDown.map((dense) => new TransitionDown(dense.channels, dropout));
    this.bottleneck = block(channels, levels);
    this.transUpBlocks = Array.from({ length: levels }, (_, i) => new TransitionUp(growth * layers[levels + i]!));
    this.denseBlocksUp = Array.from({ length: levels }, (_, i) => block(growth * layers[levels + i]! + this.denseBlocksDown[levels - 1 - i]!.channels, levels + 1 + i));
    this.finalConv = convolution(this.denseBlocksUp.at(-1)!.channels, classes, 1);
  }

  override *children(): Generator<[name: string, module: Module]> {
    const list = (name: string, modules: readonly Module[]): [string, Module][] => modules.map((module, i) => [`${name}.${i}`, module]);
    yield ["firstconv", this.firstconv];
    yield* list("denseBlocksDown", this.denseBlocksDown);
    yield* list("transDownBlocks", this.transDownBlocks);
    yield ["bottleneck.bottleneck", this.bottleneck];
    yield* list("transUpBlocks", this.transUpBlocks);
    yield* list("denseBlocksUp", this.denseBlocksUp);
    yield ["finalConv", this.finalConv];
  }

  forward(x: Tensor): Tensor<"f32"> {
    let h = this.firstconv.forward(this.input(x));
    const skips: Tensor<"f32">[] = [];
    for (const [i, dense] of this.denseBlocksDown.entries()) {
      const { all } = dense.forward(h);
      skips.push(all);
      h = this.transDownBlocks[i]!.forward(all);
    }
    let block = this.bottleneck.forward(h);
    for (const [i, dense] of this.denseBlocksUp.entries()) block = dense.forward(this.transUpBlocks[i]!.forward(concat(block.found), skips.pop()!));
    return this.finalConv.forward(block.all);
  }
}
