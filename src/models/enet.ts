import type { Tensor } from "../graph/tensor.js";
import { PReLU, ReLU } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { convLayers } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { ConvTranspose2d } from "../layers/conv-transpose2d.js";
import { Dropout2d } from "../layers/dropout.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { Sequential } from "../layers/sequential.js";
import { concat } from "../ops/concat.js";
import { maxPool2d, maxPool2dWithIndices } from "../ops/max-pool2d.js";
import { maxUnpool2d } from "../ops/max-unpool2d.js";
import { pad } from "../ops/pad.js";
import { add } from "../ops/pointwise.js";
import { OptionError, ShapeError, checkOptions } from "../runtime/errors.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface ENetOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Channels at half the image's size, a multiple of 4 above inChannels; stages one and two have 4 and 8 times as many. Default 16. */
  width?: number;
}

/** The encoder learns the slope below 0 (one number per place), the decoder cuts off. */
type Activation = "prelu" | "relu";

const activated = (name: Activation): PReLU | ReLU => (name === "prelu" ? new PReLU() : new ReLU());

/** Height and width. */
type Size = readonly [number, number];
const sizeOf = (x: Tensor): Size => [x.shape[1]!, x.shape[2]!];

/** Half the size, rounded up: a convolution beside the pooled image. */
class InitialBlock extends Layer {
  readonly mainBranch: Conv2d;
  readonly batchNorm: BatchNorm2d;
  readonly outActivation = activated("prelu");

  constructor(from: number, to: number) {
    super();
    this.mainBranch = new Conv2d(from, to - from, { kernelSize: 3, stride: 2, padding: 1, bias: false });
    this.batchNorm = new BatchNorm2d(to);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const pooled = maxPool2d(x as Tensor<"f32">, { kernelSize: 3, stride: 2, padding: 1 });
    return this.outActivation.forward(this.batchNorm.forward(concat([this.mainBranch.forward(x), pooled])));
  }
}

/** What the 3×3 of a bottleneck is instead: one with holes, or 5×1 and 1×5. */
type Middle = { readonly dilation?: number; readonly asymmetric?: boolean };

/** x plus what a convolution in a quarter of its channels finds: 1×1, the convolution, 1×1, dropout of whole maps. */
class RegularBottleneck extends Layer {
  readonly extConv1: Sequential;
  readonly extConv2: Sequential;
  readonly extConv3: Sequential;
  readonly extRegul: Dropout2d;
  readonly outActivation: PReLU | ReLU;

  constructor(channels: number, dropout: number, { dilation = 1, asymmetric = false }: Middle = {}, activation: Activation = "prelu") {
    super();
    const inner = Math.floor(channels / 4);
    const conv = (from: number, to: number, kernelSize: number | readonly [number, number], rate = 1): Layer[] => convLayers(from, to, { kernelSize, dilation: rate, activation });
    this.extConv1 = new Sequential(...conv(channels, inner, 1));
    this.extConv2 = new Sequential(...(asymmetric ? [...conv(inner, inner, [5, 1]), ...conv(inner, inner, [1, 5])] : conv(inner, inner, 3, dilation)));
    this.extConv3 = new Sequential(...conv(inner, channels, 1));
    this.extRegul = new Dropout2d(dropout);
    this.outActivation = activated(activation);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const found = this.extRegul.forward(this.extConv3.forward(this.extConv2.forward(this.extConv1.forward(x))));
    return this.outActivation.forward(add(x as Tensor<"f32">, found));
  }
}

/** Half the size, rounded down: max pooling, with channels of zeros behind, plus a bottleneck that begins with a 2×2 of stride 2. */
class DownsamplingBottleneck extends Module {
  readonly extConv1: Sequential;
  readonly extConv2: Sequential;
  readonly extConv3: Sequential;
  readonly extRegul: Dropout2d;
  readonly outActivation = activated("prelu");

  constructor(from: number, to: number, dropout: number) {
    super();
    const inner = Math.floor(from / 4);
    this.extConv1 = new Sequential(new Conv2d(from, inner, { kernelSize: 2, stride: 2, bias: false }), new BatchNorm2d(inner), activated("prelu"));
    this.extConv2 = new Sequential(...convLayers(inner, inner, { activation: "prelu" }));
    this.extConv3 = new Sequential(...convLayers(inner, to, { kernelSize: 1, activation: "prelu" }));
    this.extRegul = new Dropout2d(dropout);
  }

  forward(x: Tensor<"f32">): { out: Tensor<"f32">; indices: Tensor<"u32"> } {
    const found = this.extRegul.forward(this.extConv3.forward(this.extConv2.forward(this.extConv1.forward(x))));
    const { out: pooled, indices } = maxPool2dWithIndices(x, { kernelSize: 2 });
    const widened = pad(pooled, [0, 0, 0, [0, found.shape[3]! - pooled.shape[3]!]]);
    return { out: this.outActivation.forward(add(widened, found)), indices };
  }
}

/** Twice the size: values put back where the pooling of that size took them, plus a bottleneck around a transposed convolution. */
class UpsamplingBottleneck extends Module {
  readonly mainConv1: Sequential;
  readonly extConv1: Sequential;
  readonly extTconv1: ConvTranspose2d;
  readonly extTconv1Bnorm: BatchNorm2d;
  readonly extTconv1Activation = activated("relu");
  readonly extConv2: Sequential;
  readonly extRegul = new Dropout2d(0.1);
  readonly outActivation = activated("relu");

  constructor(from: number, to: number) {
    super();
    const inner = Math.floor(from / 4);
    this.mainConv1 = new Sequential(...convLayers(from, to, { kernelSize: 1, activation: "none" }));
    this.extConv1 = new Sequential(...convLayers(from, inner, { kernelSize: 1 }));
    this.extTconv1 = new ConvTranspose2d(inner, inner, { kernelSize: 2, stride: 2, bias: false });
    this.extTconv1Bnorm = new BatchNorm2d(inner);
    this.extConv2 = new Sequential(...convLayers(inner, to, { kernelSize: 1, activation: "none" }));
  }

  forward(x: Tensor, indices: Tensor<"u32">, outputSize: Size): Tensor<"f32"> {
    const unpooled = maxUnpool2d(this.mainConv1.forward(x), indices, { kernelSize: 2, outputSize });
    const enlarged = this.extTconv1Activation.forward(this.extTconv1Bnorm.forward(this.extTconv1.forward(this.extConv1.forward(x), { outputSize })));
    return this.outActivation.forward(add(unpooled, this.extRegul.forward(this.extConv2.forward(enlarged))));
  }
}

/** Stages two and three: context from dilated and asymmetric convolutions, at an eighth of the size. */
const context: readonly Middle[] = [{}, { dilation: 2 }, { asymmetric: true }, { dilation: 4 }, {}, { dilation: 8 }, { asymmetric: true }, { dilation: 16 }];
const kind = ({ dilation, asymmetric }: Middle): string => (asymmetric ? "asymmetric" : dilation ? "dilated" : "regular");

type Named = readonly (readonly [name: string, block: RegularBottleneck])[];
const through = (x: Tensor<"f32">, blocks: Named): Tensor<"f32"> => blocks.reduce((h, [, block]) => block.forward(h), x);

/**
 * ENet (Paszke, Chaurasia, Kim & Culurciello 2016), for real time: little is computed above an eighth of the image's size, and the decoder
 * upsamples by the indices of the poolings.
 *
 *     image → initial (16, 1/2) → downsample, 4 bottlenecks (64, 1/4) → downsample, 16 bottlenecks (128, 1/8)
 *           → unpool, 2 bottlenecks (64, 1/4) → unpool, 1 bottleneck (16, 1/2) → transposed convolution → classes
 *
 * Names, counts (350,652 parameters for twelve classes) and choices are those of davidtvs/PyTorch-ENet, a port of the authors' code: no
 * biases, PReLU in the encoder and ReLU in the decoder, and 3×3 pooling of stride 2 in the initial block (the
 * paper's is 2×2). Any image of at least 7 × 7 pixels is fine.
 */
export class ENet extends SegmentationModel {
  readonly architecture = "enet";
  readonly multipleOf = 8;
  readonly initialBlock: InitialBlock;
  readonly downsample1: DownsamplingBottleneck;
  readonly stage1: Named;
  readonly downsample2: DownsamplingBottleneck;
  readonly stage2: Named;
  readonly stage3: Named;
  readonly upsample4: UpsamplingBottleneck;
  readonly stage4: Named;
  readonly upsample5: UpsamplingBottleneck;
  readonly stage5: Named;
  readonly transposedConv: ConvTranspose2d;

  /** @throws OptionError for options out of range */
  constructor(options: ENetOptions) {
    checkOptions("ENet", options, ["inChannels", "classes", "width"]);
    const { inChannels = 3, classes, width: w = 16 } = options;
    if (!Number.isInteger(w) || w % 4 !== 0 || w <= inChannels) throw new OptionError(`ENet: width must be a multiple of 4 above inChannels (${inChannels}) but is ${String(w)}.`);
    super({ inChannels, classes, ...{ width: w } });
    const [half, quarter, eighth] = [w, 4 * w, 8 * w] as const;
    const regular = (stage: number, count: number, channels: number, dropout: number, activation: Activation): Named =>
      Array.from({ length: count }, (_, i) => [`regular${stage}_${i + 1}`, new RegularBottleneck(channels, dropout, {}, activation)]);
    const contextual = (stage: number, first: number): Named => context.map((middle, i) => [`${kind(middle)}${stage}_${first + i}`, new RegularBottleneck(eighth, 0.1, middle)]);

    this.initialBlock = new InitialBlock(inChannels, half);
    this.downsample1 = new DownsamplingBottleneck(half, quarter, 0.01);
    this.stage1 = regular(1, 4, quarter, 0.01, "prelu");
    this.downsample2 = new DownsamplingBottleneck(quarter, eighth, 0.1);
    this.stage2 = contextual(2, 1);
    this.stage3 = contextual(3, 0);
    this.upsample4 = new UpsamplingBottleneck(eighth, quarter);
    this.stage4 = regular(4, 2, quarter, 0.1, "relu");
    this.upsample5 = new UpsamplingBottleneck(quarter, half);
    this.stage5 = regular(5, 1, half, 0.1, "relu");
    this.transposedConv = new ConvTranspose2d(half, classes, { kernelSize: 3, stride: 2, padding: 1, bias: false });
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield ["initial_block", this.initialBlock];
    yield ["downsample1_0", this.downsample1];
    for (const [name, block] of this.stage1) yield [name, block];
    yield ["downsample2_0", this.downsample2];
    for (const [name, block] of [...this.stage2, ...this.stage3]) yield [name, block];
    yield ["upsample4_0", this.upsample4];
    for (const [name, block] of this.stage4) yield [name, block];
    yield ["upsample5_0", this.upsample5];
    for (const [name, block] of this.stage5) yield [name, block];
    yield ["transposed_conv", this.transposedConv];
  }

  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    const size = sizeOf(image);
    if (Math.min(...size) < 7) throw new ShapeError("ENet", "the image must have at least 7 rows and columns, of which three halvings leave one", { x: [x.shape, "NHWC"] });
    const half = this.initialBlock.forward(image);
    const first = this.downsample1.forward(half);
    const quarter = through(first.out, this.stage1);
    const second = this.downsample2.forward(quarter);
    const eighth = through(through(second.out, this.stage2), this.stage3);
    const up = through(this.upsample4.forward(eighth, second.indices, sizeOf(quarter)), this.stage4);
    const top = through(this.upsample5.forward(up, first.indices, sizeOf(half)), this.stage5);
    return this.transposedConv.forward(top, { outputSize: size });
  }
}
