import { bilinear, heNormal, zeros } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Conv2d } from "../layers/conv2d.js";
import { ConvTranspose2d } from "../layers/conv-transpose2d.js";
import { Dropout } from "../layers/dropout.js";
import type { Module } from "../layers/module.js";
import { MaxPool2d } from "../layers/pooling.js";
import { crop2d } from "../ops/crop2d.js";
import { add, mul, relu } from "../ops/pointwise.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { CaffeVGG } from "./caffe-vgg.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface FCNOptions {
  /** Pixels of the image per pixel of the finest scores: FCN-32s, FCN-16s or FCN-8s. Default 8. */
  stride?: 32 | 16 | 8;
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Scores pool4 and pool3 after multiplying them by 0.01 and 0.0001: FCN-8s trained in one go and not from FCN-16s. Stride 8 only. Default false. */
  atOnce?: boolean;
  /** Channels of the first stage of VGG. Default 64. */
  width?: number;
  /** Channels of the layers that were fully connected, fc6 and fc7. Default 4096. */
  hidden?: number;
}

/** Rows and columns that the last upsampling puts before the image's first: 100 pixels of padding, seen through poolings and kernels. */
const offsets = { 32: 19, 16: 27, 8: 31 } as const;

const pools = (): [MaxPool2d, MaxPool2d, MaxPool2d, MaxPool2d, MaxPool2d] => {
  const pool = (): MaxPool2d => new MaxPool2d({ kernelSize: 2, ceilMode: true });
  return [pool(), pool(), pool(), pool(), pool()];
};

const cut = (x: Tensor<"f32">, offset: number, like: Tensor): Tensor<"f32"> => crop2d(x, { top: offset, left: offset, height: like.shape[1]!, width: like.shape[2]! });

/**
 * Fully convolutional networks on VGG-16 (Long, Shelhamer & Darrell 2015), with the geometry of their Caffe release: 100 pixels of padding, poolings that
 * round up, and maps cut at fixed offsets. 134,346,581, 134,357,354 and 134,362,751 trainable parameters for 21 classes at strides 32, 16 and 8.
 *
 *     image → conv1 ↓ conv2 ↓ conv3 ↓ conv4 ↓ conv5 ↓ fc6 → fc7 → score_fr ×32 → cut 19                      (32s)
 *                                   │       └ score_pool4 ── cut 5 ── + ×2 ──┤ ×16 → cut 27                  (16s)
 *                                   └ score_pool3 ── cut 9 ─────────────── + ×2 ── ×8 → cut 31               (8s)
 *
 * Names are pytorch-fcn's (wkentaro): "conv1_1", "fc6", "score_fr", "upscore2", … Upsampling is by transposed convolutions with bilinear kernels, which
 * are in the files but do not learn (Caffe's lr_mult 0): 1,806,336, 458,640 and 127,008 values with `trainable` false. Scores start at 0.
 * Published weights expect blue, green, red of 0 … 255 minus (104.00699, 116.66877, 122.67892). Any image size is fine.
 */
export class FCN extends SegmentationModel {
  readonly architecture = "fcn";
  readonly multipleOf = 1;
  readonly stride: 32 | 16 | 8;
  readonly vgg: CaffeVGG;
  readonly fc6: Conv2d;
  readonly drop6: Dropout;
  readonly fc7: Conv2d;
  readonly drop7: Dropout;
  readonly scoreFr: Conv2d;
  readonly scorePool3: Conv2d | undefined;
  readonly scorePool4: Conv2d | undefined;
  readonly upscore: ConvTranspose2d | undefined;
  readonly upscore2: ConvTranspose2d | undefined;
  readonly upscore8: ConvTranspose2d | undefined;
  readonly upscore16: ConvTranspose2d | undefined;
  readonly upscorePool4: ConvTranspose2d | undefined;
  readonly #scales: readonly [pool4: number, pool3: number];

  constructor(options: FCNOptions) {
    checkOptions("FCN", options, ["stride", "inChannels", "classes", "atOnce", "width", "hidden"]);
    const { stride = 8, inChannels = 3, classes, atOnce = false, width = 64, hidden = 4096 } = options;
    if (![32, 16, 8].includes(stride)) throw new OptionError(`FCN: stride must be 32, 16 or 8 but is ${String(stride)}.`);
    if (typeof atOnce !== "boolean" || (atOnce && stride !== 8)) throw new OptionError(`FCN: atOnce must be true or false, and true goes with stride 8, not ${stride}.`);
    for (const [name, value] of Object.entries({ width, hidden })) if (!Number.isInteger(value) || value < 1) throw new OptionError(`FCN: ${name} must be a whole number of at least 1 but is ${value}.`);
    super({ inChannels, classes, ...{ stride, atOnce, width, hidden } });
    this.stride = stride;
    this.#scales = atOnce ? [0.01, 0.0001] : [1, 1];
    this.vgg = new CaffeVGG({ inChannels, width, pools: pools(), imagePadding: 100 });
    const [, , pool3, pool4, pool5] = this.vgg.widths as [number, number, number, number, number];
    this.fc6 = new Conv2d(pool5, hidden, { kernelSize: 7, init: heNormal(49 * pool5) });
    this.drop6 = new Dropout(0.5);
    this.fc7 = new Conv2d(hidden, hidden, { kernelSize: 1, init: heNormal(hidden) });
    this.drop7 = new Dropout(0.5);
    const score = (from: number): Conv2d => new Conv2d(from, classes, { kernelSize: 1, init: zeros });
    const upsampling = (factor: number): ConvTranspose2d => new ConvTranspose2d(classes, classes, { kernelSize: 2 * factor, stride: factor, bias: false, init: bilinear });
    this.scoreFr = score(hidden);
    this.scorePool3 = stride === 8 ? score(pool3) : undefined;
    this.scorePool4 = stride < 32 ? score(pool4) : undefined;
    this.upscore = stride === 32 ? upsampling(32) : undefined;
    this.upscore2 = stride < 32 ? upsampling(2) : undefined;
    this.upscore8 = stride === 8 ? upsampling(8) : undefined;
    this.upscore16 = stride === 16 ? upsampling(16) : undefined;
    this.upscorePool4 = stride === 8 ? upsampling(2) : undefined;
    this.#fixUpsampling();
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield* this.vgg.children();
    for (const child of super.children()) if (child[1] !== this.vgg) yield child;
  }

  #fixUpsampling(): void {
    for (const layer of [this.upscore, this.upscore2, this.upscore8, this.upscore16, this.upscorePool4]) if (layer) layer.weight.trainable = false;
  }

  /** Lets all but the upsampling learn. */
  override unfreeze(): this {
    super.unfreeze();
    this.#fixUpsampling();
    return this;
  }

  override head(): readonly Module[] {
    return [this.scoreFr, this.scorePool3, this.scorePool4].filter((layer) => layer !== undefined);
  }

  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    const [, , pool3, pool4, pool5] = this.vgg.forward(image) as [Tensor, Tensor, Tensor<"f32">, Tensor<"f32">, Tensor<"f32">];
    const fc6 = this.drop6.forward(relu(this.fc6.forward(pool5)));
    const fc7 = this.drop7.forward(relu(this.fc7.forward(fc6)));
    let score = this.scoreFr.forward(fc7);
    const [scale4, scale3] = this.#scales;
    if (this.upscore2) score = this.#joined(this.upscore2.forward(score), this.scorePool4!, pool4, scale4, 5);
    if (this.upscorePool4) score = this.#joined(this.upscorePool4.forward(score), this.scorePool3!, pool3, scale3, 9);
    const last = (this.upscore ?? this.upscore16 ?? this.upscore8)!;
    return cut(last.forward(score), offsets[this.stride], image);
  }

  /** Coarse scores plus those of a finer map, cut to their size. */
  #joined(coarse: Tensor<"f32">, layer: Conv2d, pooled: Tensor<"f32">, scale: number, offset: number): Tensor<"f32"> {
    return add(coarse, cut(layer.forward(scale === 1 ? pooled : mul(pooled, scale)), offset, coarse));
  }
}
