import { heUniform, zeros } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Sigmoid } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { Conv2d } from "../layers/conv2d.js";
import { Layer } from "../layers/layer.js";
import { Module } from "../layers/module.js";
import { GlobalAvgPool2d, MaxPool2d } from "../layers/pooling.js";
import { Sequential } from "../layers/sequential.js";
import { relu } from "../ops/activations.js";
import { add, mul } from "../ops/pointwise.js";
import { resize } from "../ops/resize.js";
import { OptionError, ShapeError } from "../runtime/errors.js";
import { dilate } from "./encoders/dilate.js";
import type { InputSpan } from "./segmentation-model.js";
import { SegmentationHead, SmpDecoder, SmpModel, type SmpOptions } from "./smp-model.js";

export interface SmpPANOptions extends SmpOptions {
  /** Pixels of the image per pixel of the encoder's last map: 16 (its last stage is dilated) or 32. Default 16. */
  outputStride?: 16 | 32;
  /** Channels of the decoder. Default 32. */
  decoderChannels?: number;
}

/** Convolution with bias, batch norm and, unless told otherwise, ReLU. */
class ConvNorm extends Layer {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;
  readonly #relu: boolean;

  constructor(from: number, to: number, kernelSize: number, activation = true) {
    super();
    this.conv = new Conv2d(from, to, { kernelSize, padding: Math.floor(kernelSize / 2), init: heUniform(from * kernelSize ** 2), biasInit: zeros });
    this.bn = new BatchNorm2d(to);
    this.#relu = activation;
  }

  forward(x: Tensor): Tensor<"f32"> {
    const h = this.bn.forward(this.conv.forward(x));
    return this.#relu ? (relu(h) as Tensor<"f32">) : h;
  }
}

const halved = (...layers: Layer[]): Sequential => new Sequential(new MaxPool2d({ kernelSize: 2, stride: 2 }), ...layers);
const enlarged = (x: Tensor<"f32">, height: number, width: number): Tensor<"f32"> => resize(x, { size: [height, width], mode: "bilinear", alignCorners: true });

/** Feature pyramid attention: one map of weights from 7×7, 5×5 and 3×3 convolutions on three scales, times a 1×1 convolution, plus the mean. */
class PyramidAttention extends Layer {
  readonly branch1: Sequential;
  readonly mid: Sequential;
  readonly down1: Sequential;
  readonly down2: Sequential;
  readonly down3: Sequential;
  readonly conv2: ConvNorm;
  readonly conv1: ConvNorm;

  constructor(from: number, to: number) {
    super();
    this.branch1 = new Sequential(new GlobalAvgPool2d(), new ConvNorm(from, to, 1));
    this.mid = new Sequential(new ConvNorm(from, to, 1));
    this.down1 = halved(new ConvNorm(from, 1, 7));
    this.down2 = halved(new ConvNorm(1, 1, 5));
    this.down3 = halved(new ConvNorm(1, 1, 3), new ConvNorm(1, 1, 3));
    this.conv2 = new ConvNorm(1, 1, 5);
    this.conv1 = new ConvNorm(1, 1, 7);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const [height, width] = [x.shape[1]!, x.shape[2]!];
    const at = (map: Tensor<"f32">, part: number): Tensor<"f32"> => enlarged(map, Math.floor(height / part), Math.floor(width / part));
    const x1 = this.down1.forward(x);
    const x2 = this.down2.forward(x1);
    const x3 = this.down3.forward(x2);
    const second = add(this.conv2.forward(x2), at(x3, 4)) as Tensor<"f32">;
    const first = add(at(second, 2), this.conv1.forward(x1)) as Tensor<"f32">;
    return add(mul(at(first, 1), this.mid.forward(x)), at(this.branch1.forward(x), 1)) as Tensor<"f32">;
  }
}

/** Global attention upsampling: the map from below says by its means which channels of the encoder's map count. */
class AttentionUpsampling extends Module {
  readonly conv1: Sequential;
  readonly conv2: ConvNorm;

  constructor(from: number, to: number) {
    super();
    this.conv1 = new Sequential(new GlobalAvgPool2d(), new ConvNorm(to, to, 1, false), new Sigmoid());
    this.conv2 = new ConvNorm(from, to, 3);
  }

  forward(skip: Tensor<"f32">, below: Tensor<"f32">): Tensor<"f32"> {
    return add(enlarged(below, skip.shape[1]!, skip.shape[2]!), mul(this.conv2.forward(skip), this.conv1.forward(below))) as Tensor<"f32">;
  }
}

class PANDecoder extends SmpDecoder {
  readonly fpa: PyramidAttention;
  readonly gau3: AttentionUpsampling | undefined;
  readonly gau2: AttentionUpsampling | undefined;
  readonly gau1: AttentionUpsampling;

  constructor(encoderChannels: readonly number[], channels: number) {
    super();
    const maps = encoderChannels.slice(2);
    this.fpa = new PyramidAttention(maps.at(-1)!, channels);
    this.gau3 = maps.length > 3 ? new AttentionUpsampling(maps[2]!, channels) : undefined;
    this.gau2 = maps.length > 2 ? new AttentionUpsampling(maps[1]!, channels) : undefined;
    this.gau1 = new AttentionUpsampling(maps[0]!, channels);
  }

  forward(features: readonly Tensor<"f32">[]): Tensor<"f32"> {
    const maps = features.slice(2);
    let h = this.fpa.forward(maps.at(-1)!);
    if (this.gau3) h = this.gau3.forward(maps[2]!, h);
    if (this.gau2) h = this.gau2.forward(maps[1]!, h);
    return this.gau1.forward(maps[0]!, h);
  }
}

/**
 * segmentation_models_pytorch's `PAN`, the pyramid attention network (Li et al. 2018). 21,475,816 parameters with a ResNet-34 and one class. Both sides
 * of an image must be multiples of `outputStride`, and eight times as long at least, since the attention halves the last map three times.
 *
 *     encoder  /4 ───────────────────────────── attention upsampling 1 → 3×3 → ×4 → logits
 *               /8 ─────────── attention upsampling 2 ┘
 *                /16 ── attention upsampling 3 ┘
 *                 /16 (last stage, dilated) → pyramid attention ┘
 */
export class SmpPAN extends SmpModel {
  readonly architecture = "smp-pan";
  override readonly multipleOf: number;
  readonly decoder: PANDecoder;
  readonly segmentationHead: SegmentationHead;

  /** @throws OptionError for options out of range */
  constructor(options: SmpPANOptions) {
    const { encoderDepth = 5, outputStride = 16, decoderChannels = 32 } = options;
    if (outputStride !== 16 && outputStride !== 32) throw new OptionError(`SmpPAN: outputStride must be 16 or 32 but is ${String(outputStride)}.`);
    super("SmpPAN", options, { own: { outputStride, decoderChannels } });
    dilate(this.encoder, { outputStride, policy: "smp" });
    this.multipleOf = Math.min(outputStride, 2 ** encoderDepth);
    this.decoder = new PANDecoder(this.encoderChannels, decoderChannels);
    this.segmentationHead = new SegmentationHead(decoderChannels, this.classes, { upsampling: 4 });
  }

  override inputSize(length: number): InputSpan {
    return super.inputSize(Math.max(length, 8 * this.multipleOf));
  }

  /**
   * @param x [N, H, W, inChannels]: u8, or f32 that is normalised already
   * @returns logits, f32 [N, H, W, classes]
   * @throws ShapeError unless H and W are multiples of `multipleOf`, and eight times as long at least
   */
  override forward(x: Tensor): Tensor<"f32"> {
    const [least, [height, width]] = [8 * this.multipleOf, x.shape.slice(1, 3) as [number, number]];
    if (x.shape.length === 4 && (height < least || width < least))
      throw new ShapeError("SmpPAN", `height and width must be at least ${least}. Pad the image, or use predict, which does`, { x: [x.shape, "NHWC"] });
    return super.forward(x);
  }
}
