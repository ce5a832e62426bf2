import type { Tensor } from "../graph/tensor.js";
import { ReLU } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { convLayers, type ConvBlockOptions } from "../layers/conv-block.js";
import { Conv2d } from "../layers/conv2d.js";
import { Dropout } from "../layers/dropout.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { pooledLevels } from "../layers/pyramid-pooling.js";
import { Sequential } from "../layers/sequential.js";
import { relu } from "../ops/activations.js";
import { add } from "../ops/pointwise.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { SegmentationModel, type TrainingOutputs } from "./segmentation-model.js";

export interface FastSCNNOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** The auxiliary head at 1/8, which only training runs. Default true. */
  aux?: boolean;
  /** Channels of the last map, a multiple of 8; those of all other maps keep their proportion to it. Default 128. */
  width?: number;
}

const upsampled = (x: Tensor, size: readonly [number, number]): Tensor<"f32"> => resize(x as Tensor<"f32">, { size, mode: "bilinear", alignCorners: true });

/** Layers under the name "conv". */
class Block extends Layer {
  readonly conv: Sequential;

  constructor(...layers: Layer[]) {
    super();
    this.conv = new Sequential(...layers);
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.conv.forward(x);
  }
}

/** Convolution, batch norm, ReLU. */
const convBlock = (from: number, to: number, options: ConvBlockOptions): Block => new Block(...convLayers(from, to, options));
/** The same with a 3×3 convolution of every channel for itself. */
const depthwise = (channels: number, stride = 1): Block => convBlock(channels, channels, { stride, groups: channels });
/** Depthwise and pointwise convolution, each with batch norm and ReLU. */
const separable = (from: number, to: number, stride = 1): Block =>
  new Block(...convLayers(from, from, { stride, groups: from }), ...convLayers(from, to, { kernelSize: 1 }));

/** Three convolutions to an eighth of the size. The first pads nothing in the reference implementation. */
class LearningToDownsample extends Layer {
  readonly conv: Block;
  readonly dsconv1: Block;
  readonly dsconv2: Block;

  constructor(inChannels: number, [a, b, c]: readonly [number, number, number]) {
    super();
    this.conv = new Block(new Conv2d(inChannels, a, { kernelSize: 3, stride: 2, bias: false }), new BatchNorm2d(a), new ReLU());
    this.dsconv1 = separable(a, b, 2);
    this.dsconv2 = separable(b, c, 2);
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.dsconv2.forward(this.dsconv1.forward(this.conv.forward(x)));
  }
}

/** MobileNetV2's block: six times the channels, a depthwise convolution, fewer channels without activation, and x where the shape stays. */
class LinearBottleneck extends Layer {
  readonly block: Sequential;
  readonly #shortcut: boolean;

  constructor(from: number, to: number, stride: number) {
    super();
    const middle = 6 * from;
    this.block = new Sequential(
      convBlock(from, middle, { kernelSize: 1 }), depthwise(middle, stride),
      ...convLayers(middle, to, { kernelSize: 1, activation: "none" }),
    );
    this.#shortcut = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = this.block.forward(x);
    return this.#shortcut ? add(x as Tensor<"f32">, h) : h;
  }
}

/** PSPNet's pyramid pooling, and a convolution behind it. */
class Pyramid extends Layer {
  readonly conv1: Block;
  readonly conv2: Block;
  readonly conv3: Block;
  readonly conv4: Block;
  readonly out: Block;

  constructor(from: number, to: number) {
    super();
    const level = (): Block => convBlock(from, from / 4, { kernelSize: 1 });
    [this.conv1, this.conv2, this.conv3, this.conv4] = [level(), level(), level(), level()];
    this.out = convBlock(2 * from, to, { kernelSize: 1 });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.out.forward(pooledLevels(x, [this.conv1, this.conv2, this.conv3, this.conv4], [1, 2, 3, 6]));
  }
}

/** Nine bottlenecks to a thirty-second of the size, and the pyramid. */
class GlobalFeatureExtractor extends Layer {
  readonly bottleneck1: Sequential;
  readonly bottleneck2: Sequential;
  readonly bottleneck3: Sequential;
  readonly ppm: Pyramid;

  constructor([from, a, b, c]: readonly [number, number, number, number]) {
    super();
    const group = (from: number, to: number, stride: number): Sequential =>
      new Sequential(new LinearBottleneck(from, to, stride), new LinearBottleneck(to, to, 1), new LinearBottleneck(to, to, 1));
    this.bottleneck1 = group(from, a, 2);
    this.bottleneck2 = group(a, b, 2);
    this.bottleneck3 = group(b, c, 1);
    this.ppm = new Pyramid(c, c);
  }

  forward(x: Tensor): Tensor<"f32"> {
    return [this.bottleneck1, this.bottleneck2, this.bottleneck3, this.ppm].reduce<Tensor>((h, layer) => layer.forward(h), x) as Tensor<"f32">;
  }
}

/** The deep map four times as large, plus the shallow one. */
class FeatureFusion extends Module {
  readonly dwconv: Block;
  readonly convLowerRes: Sequential;
  readonly convHigherRes: Sequential;

  constructor(higher: number, to: number) {
    super();
    this.dwconv = depthwise(to);
    this.convLowerRes = new Sequential(...convLayers(to, to, { kernelSize: 1, bias: true, activation: "none" }));
    this.convHigherRes = new Sequential(...convLayers(higher, to, { kernelSize: 1, bias: true, activation: "none" }));
  }

  forward(higher: Tensor, lower: Tensor): Tensor<"f32"> {
    const deep = this.convLowerRes.forward(this.dwconv.forward(upsampled(lower, [higher.shape[1]!, higher.shape[2]!])));
    return relu(add(this.convHigherRes.forward(higher), deep)) as Tensor<"f32">;
  }
}

/** Two separable convolutions, dropout and scores. */
class Classifier extends Layer {
  readonly dsconv1: Block;
  readonly dsconv2: Block;
  readonly conv: Sequential;

  constructor(from: number, classes: number) {
    super();
    this.dsconv1 = separable(from, from);
    this.dsconv2 = separable(from, from);
    this.conv = new Sequential(new Dropout(0.1), new Conv2d(from, classes, { kernelSize: 1 }));
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.conv.forward(this.dsconv2.forward(this.dsconv1.forward(x)));
  }
}

/**
 * Fast-SCNN (Poudel, Liwicki & Cipolla 2019) as Tramac/Fast-SCNN-pytorch has it, names included: 1,138,051 parameters for 19 classes, 1,157,174 with
 * the auxiliary head. Any image of at least 3×3 pixels is fine; `predict` pads to multiples of 32, for which alone the reference implementation works.
 *
 *     image → learning to downsample ┬→ bottlenecks → pyramid ×4 ┐
 *             32/2 48/4 64/8         ├─────────────────────────→ + → separable, separable → classes ×8 → logits
 *                                    └→ 3×3 → classes ×8, whose loss counts 0.4 in training
 */
export class FastSCNN extends SegmentationModel {
  readonly architecture = "fast-scnn";
  readonly multipleOf = 32;
  readonly learningToDownsample: LearningToDownsample;
  readonly globalFeatureExtractor: GlobalFeatureExtractor;
  readonly featureFusion: FeatureFusion;
  readonly classifier: Classifier;
  readonly auxlayer: Sequential | undefined;

  constructor(options: FastSCNNOptions) {
    checkOptions("FastSCNN", options, ["inChannels", "classes", "aux", "width"]);
    const { inChannels = 3, classes, aux = true, width = 128 } = options;
    if (!Number.isInteger(width) || width < 8 || width % 8 > 0) throw new OptionError(`FastSCNN: width must be a multiple of 8 but is ${String(width)}.`);
    super({ inChannels, classes, ...{ aux, width } });
    const w = width / 8;
    this.learningToDownsample = new LearningToDownsample(inChannels, [2 * w, 3 * w, 4 * w]);
    this.globalFeatureExtractor = new GlobalFeatureExtractor([4 * w, 4 * w, 6 * w, 8 * w]);
    this.featureFusion = new FeatureFusion(4 * w, 8 * w);
    this.classifier = new Classifier(8 * w, classes);
    this.auxlayer = aux ? new Sequential(...convLayers(4 * w, 2 * w), new Dropout(0.1), new Conv2d(2 * w, classes, { kernelSize: 1 })) : undefined;
  }

  override outputs(x: Tensor): TrainingOutputs {
    const { logits, eighth, size } = this.#run(x);
    return { logits, auxiliary: this.auxlayer ? [{ name: "aux", logits: upsampled(this.auxlayer.forward(eighth), size), weight: 0.4 }] : [] };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.#run(x).logits;
  }

  #run(x: Tensor): { logits: Tensor<"f32">; eighth: Tensor<"f32">; size: readonly [number, number] } {
    const image = this.input(x);
    const size = [image.shape[1]!, image.shape[2]!] as const;
    const eighth = this.learningToDownsample.forward(image);
    const fused = this.featureFusion.forward(eighth, this.globalFeatureExtractor.forward(eighth));
    return { logits: upsampled(this.classifier.forward(fused), size), eighth, size };
  }
}
