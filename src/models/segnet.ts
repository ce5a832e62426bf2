import type { Tensor } from "../graph/tensor.js";
import { ReLU } from "../layers/activation.js";
import { BatchNorm2d } from "../layers/batch-norm2d.js";
import { Conv2d } from "../layers/conv2d.js";
import type { Layer } from "../layers/layer.js";
import { Sequential } from "../layers/sequential.js";
import { localResponseNorm } from "../ops/local-response-norm.js";
import { maxPool2d, maxPool2dWithIndices } from "../ops/max-pool2d.js";
import { maxUnpool2d } from "../ops/max-unpool2d.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { SegmentationModel } from "./segmentation-model.js";

export interface SegNetOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Channels of the five stages. Default [64, 128, 256, 512, 512]. */
  widths?: readonly number[];
}

/** Options of `SegNetBasic` and `SegNetBilinear`. */
export interface SegNetBasicOptions extends Omit<SegNetOptions, "widths"> {
  /** Channels of every stage. Default 64. */
  width?: number;
}

/** One convolution that keeps the size, batch norm and, unless told otherwise, ReLU. */
const block = (from: number, to: number, kernelSize: number, relu = true): Layer[] => {
  const layers = [new Conv2d(from, to, { kernelSize, padding: (kernelSize - 1) / 2 }), new BatchNorm2d(to)];
  return relu ? [...layers, new ReLU()] : layers;
};

/** The stages' convolutions, each stage one `Sequential`: [from, to, to, …] channels. */
const stages = (channels: readonly (readonly number[])[], kernelSize: number, relu = true): Sequential[] =>
  channels.map((stage) => new Sequential(...stage.slice(1).flatMap((to, i) => block(stage[i]!, to, kernelSize, relu))));

/** What both SegNets do: pool and remember where the maxima stood, then put values back there, stage by stage. */
abstract class EncoderDecoder extends SegmentationModel {
  readonly multipleOf = 1;
  abstract readonly encoder: readonly Sequential[];
  abstract readonly decoder: readonly Sequential[];
  abstract readonly classifier: Conv2d;

  /** Pooling rounds sizes up (45 → 23 → 12), and unpooling goes back to exactly the size that was pooled. */
  protected encodeAndDecode(x: Tensor): Tensor<"f32"> {
    const pooled: { indices: Tensor; size: readonly [number, number] }[] = [];
    let h: Tensor = x;
    for (const stage of this.encoder) {
      const features = stage.forward(h);
      const { out, indices } = maxPool2dWithIndices(features, { kernelSize: 2, ceilMode: true });
      pooled.push({ indices, size: [features.shape[1]!, features.shape[2]!] });
      h = out;
    }
    for (const stage of this.decoder) {
      const { indices, size } = pooled.pop()!;
      h = stage.forward(maxUnpool2d(h as Tensor<"f32">, indices, { kernelSize: 2, outputSize: size }));
    }
    return this.classifier.forward(h);
  }
}

/**
 * SegNet (Badrinarayanan, Kendall & Cipolla 2017): the 13 convolutions of VGG-16, each with batch norm and ReLU, and their mirror
 * image, which upsamples by the indices of the poolings. 29,449,355 parameters for eleven classes. Any image size is fine.
 *
 *     image → 64 64 ↓ 128 128 ↓ 256 256 256 ↓ 512 512 512 ↓ 512 512 512 ↓
 *                                                                        ↑ 512 512 512 ↑ 512 512 256 ↑ 256 256 128 ↑ 128 64 ↑ 64 → classes
 */
export class SegNet extends EncoderDecoder {
  readonly architecture = "segnet";
  readonly encoder: readonly Sequential[];
  readonly decoder: readonly Sequential[];
  readonly classifier: Conv2d;

  constructor(options: SegNetOptions) {
    checkOptions("SegNet", options, ["inChannels", "classes", "widths"]);
    const { inChannels = 3, classes, widths = [64, 128, 256, 512, 512] } = options;
    if (!Array.isArray(widths) || widths.length !== 5 || widths.some((w) => !Number.isInteger(w) || w < 1))
      throw new OptionError(`SegNet: widths must be five whole numbers of at least 1 but is ${JSON.stringify(widths)}.`);
    super({ inChannels, classes, ...{ widths: [...widths] } });
    const [a, b, c, d, e] = widths as [number, number, number, number, number];
    this.encoder = stages([[inChannels, a, a], [a, b, b], [b, c, c, c], [c, d, d, d], [d, e, e, e]], 3);
    this.decoder = stages([[e, e, e, d], [d, d, d, c], [c, c, c, b], [b, b, a], [a, a]], 3);
    this.classifier = new Conv2d(a, classes, { kernelSize: 3, padding: 1 });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.encodeAndDecode(this.input(x));
  }
}

/**
 * SegNet-Basic of the same paper: local response normalisation, four 7×7 convolutions of 64 channels on either side (the
 * decoder's without ReLU) and a 1×1 classifier. 1,416,587 parameters for eleven classes.
 */
export class SegNetBasic extends EncoderDecoder {
  readonly architecture = "segnet-basic";
  readonly encoder: readonly Sequential[];
  readonly decoder: readonly Sequential[];
  readonly classifier: Conv2d;

  constructor(options: SegNetBasicOptions) {
    checkOptions("SegNetBasic", options, ["inChannels", "classes", "width"]);
    const { inChannels = 3, classes, width: w = 64 } = options;
    if (!Number.isInteger(w) || w < 1) throw new OptionError(`SegNetBasic: width must be a whole number of at least 1 but is ${String(w)}.`);
    super({ inChannels, classes, ...{ width: w } });
    this.encoder = stages([[inChannels, w], [w, w], [w, w], [w, w]], 7);
    this.decoder = stages([[w, w], [w, w], [w, w], [w, w]], 7, false);
    this.classifier = new Conv2d(w, classes, { kernelSize: 1 });
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.encodeAndDecode(localResponseNorm(this.input(x), { size: 5, alpha: 1e-4, beta: 0.75 }));
  }
}

/**
 * The "Bilinear-Interpolation" of the paper's Table 1, against which it measures learned decoders: the encoder of SegNet-Basic, bilinear interpolation from
 * each size to the one before it, and a 1×1 classifier. 613,003 parameters for eleven classes; the paper's 0.625 M are what comes out (625,547) where the
 * interpolation counts as four fixed 7×7 kernels for each of 64 channels.
 */
export class SegNetBilinear extends SegmentationModel {
  readonly architecture = "segnet-bilinear";
  readonly multipleOf = 1;
  readonly encoder: readonly Sequential[];
  readonly classifier: Conv2d;

  constructor(options: SegNetBasicOptions) {
    checkOptions("SegNetBilinear", options, ["inChannels", "classes", "width"]);
    const { inChannels = 3, classes, width: w = 64 } = options;
    if (!Number.isInteger(w) || w < 1) throw new OptionError(`SegNetBilinear: width must be a whole number of at least 1 but is ${String(w)}.`);
    super({ inChannels, classes, ...{ width: w } });
    this.encoder = stages([[inChannels, w], [w, w], [w, w], [w, w]], 7);
    this.classifier = new Conv2d(w, classes, { kernelSize: 1 });
  }

  forward(x: Tensor): Tensor<"f32"> {
    const sizes: (readonly [number, number])[] = [];
    let h: Tensor<"f32"> = localResponseNorm(this.input(x), { size: 5, alpha: 1e-4, beta: 0.75 });
    for (const stage of this.encoder) {
      sizes.push([h.shape[1]!, h.shape[2]!]);
      h = maxPool2d(stage.forward(h), { kernelSize: 2, ceilMode: true });
    }
    // Interpolation and a 1×1 convolution may change places, and there are fewer classes than channels.
    h = this.classifier.forward(h);
    for (const size of sizes.reverse()) h = resize(h, { size, mode: "bilinear" });
    return h;
  }
}
