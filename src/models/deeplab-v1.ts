import { heNormal, normal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Conv2d } from "../layers/conv2d.js";
import { Dropout } from "../layers/dropout.js";
import { Module } from "../layers/module.js";
import { MaxPool2d } from "../layers/pooling.js";
import { avgPool2d } from "../ops/avg-pool2d.js";
import { relu } from "../ops/pointwise.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { CaffeVGG } from "./caffe-vgg.js";
import { CoarseModel } from "./coarse-model.js";

export interface DeepLabV1Options {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Height and width of fc6's kernel: 3, 4 or 7 in the paper. Default 3. */
  kernelSize?: number;
  /** Dilation of fc6. Default 12. */
  rate?: number;
  /** Channels of the layers that were fully connected, fc6 and fc7. Default 1024. */
  hidden?: number;
  /** Channels of the first stage of VGG. Default 64. */
  width?: number;
}

/** VGG-16 as the first two DeepLabs have it: 3×3 poolings, the last two of which keep the size, and a last stage with gaps instead. */
export function deeplabVGG(inChannels: number, width: number): CaffeVGG {
  const pool = (stride: number): MaxPool2d => new MaxPool2d({ kernelSize: 3, stride, padding: 1, ceilMode: true });
  return new CaffeVGG({ inChannels, width, pools: [pool(2), pool(2), pool(2), pool(1), pool(1)], lastDilation: 2 });
}

export interface FullyConnectedOptions {
  readonly from: number;
  readonly hidden: number;
  readonly classes: number;
  readonly kernelSize: number;
  readonly rate: number;
}

/** What was VGG's classifier: fc6 with gaps, fc7 and the scores fc8, with dropout between them. */
export class FullyConnected extends Module {
  readonly fc6: Conv2d;
  readonly drop6 = new Dropout(0.5);
  readonly fc7: Conv2d;
  readonly drop7 = new Dropout(0.5);
  readonly fc8: Conv2d;

  constructor({ from, hidden, classes, kernelSize: k, rate }: FullyConnectedOptions) {
    super();
    const [before, after] = [Math.floor(((k - 1) * rate) / 2), Math.ceil(((k - 1) * rate) / 2)];
    this.fc6 = new Conv2d(from, hidden, { kernelSize: k, dilation: rate, padding: { top: before, left: before, bottom: after, right: after }, init: heNormal(k * k * from) });
    this.fc7 = new Conv2d(hidden, hidden, { kernelSize: 1, init: heNormal(hidden) });
    this.fc8 = new Conv2d(hidden, classes, { kernelSize: 1, init: normal(0, 0.01) });
  }

  forward(x: Tensor): Tensor<"f32"> {
    const fc6 = this.drop6.forward(relu(this.fc6.forward(x)));
    return this.fc8.forward(this.drop7.forward(relu(this.fc7.forward(fc6))));
  }
}

/**
 * DeepLab v1 (Chen, Papandreou, Kokkinos, Murphy & Yuille 2015), as its Caffe release has it: VGG-16 without the strides of its last two
 * poolings, gaps ("à trous") in what follows, and an average pooling before fc6. The defaults are DeepLab-LargeFOV.
 *
 *     image → conv1 ↓ conv2 ↓ conv3 ↓ conv4 → conv5 (rate 2) → average 3×3 → fc6 (rate 12) → fc7 → fc8, stride 8 → ×8
 *
 *     variant of the paper's Table 1     kernelSize  rate  hidden  parameters, 21 classes
 *     DeepLab-LargeFOV                        3       12    1024     20,505,429
 *     DeepLab-7x7                             7        4    4096    134,346,581
 *     DeepLab                                 4        4    4096     65,140,565
 *     DeepLab-4x4                             4        8    4096     65,140,565
 *
 * Names are Caffe's ("conv1_1", "fc6", "fc8", the last one without its suffix of the data set). Published weights expect blue, green, red of 0 … 255 minus
 * (104.00699, 116.66877, 122.67892). Training looks at every eighth pixel (`outputs`, `matchMask`); `forward` interpolates in between.
 */
export class DeepLabV1 extends CoarseModel {
  readonly architecture = "deeplab-v1";
  readonly vgg: CaffeVGG;
  readonly top: FullyConnected;

  constructor(options: DeepLabV1Options) {
    checkOptions("DeepLabV1", options, ["inChannels", "classes", "kernelSize", "rate", "hidden", "width"]);
    const { inChannels = 3, classes, kernelSize = 3, rate = 12, hidden = 1024, width = 64 } = options;
    for (const [name, value] of Object.entries({ kernelSize, rate, hidden, width }))
      if (!Number.isInteger(value) || value < 1) throw new OptionError(`DeepLabV1: ${name} must be a whole number of at least 1 but is ${String(value)}.`);
    super({ inChannels, classes, ...{ kernelSize, rate, hidden, width } });
    this.vgg = deeplabVGG(inChannels, width);
    this.top = new FullyConnected({ from: this.vgg.widths[4]!, hidden, classes, kernelSize, rate });
  }

  override *children(): Generator<[name: string, module: Module]> {
    yield* this.vgg.children();
    yield* this.top.children();
  }

  override head(): readonly Module[] {
    return [this.top.fc8];
  }

  protected scores(image: Tensor<"f32">): Tensor<"f32"> {
    const pool5 = this.vgg.forward(image)[4]!;
    return this.top.forward(avgPool2d(pool5, { kernelSize: 3, stride: 1, padding: 1 }));
  }
}
