import { glorotUniform, truncatedNormal } from "../graph/init.js";
import type { Tensor } from "../graph/tensor.js";
import { Conv2d } from "../layers/conv2d.js";
import type { Module } from "../layers/module.js";
import { SeparableBlock } from "../layers/separable-block.js";
import { resize } from "../ops/resize.js";
import { OptionError, checkOptions } from "../runtime/errors.js";
import { ASPP } from "./aspp.js";
import { DeepLabDecoder, separableInits } from "./deeplab-decoder.js";
import { requireOutputStride, setMomentum } from "./deeplab-v3.js";
import { dilate } from "./encoders/dilate.js";
import type { Encoder } from "./encoders/encoder.js";
import { MobileNetV2 } from "./encoders/mobilenet-v2.js";
import { ResNet } from "./encoders/resnet.js";
import { Xception } from "./encoders/xception.js";
import { SegmentationModel } from "./segmentation-model.js";

interface Shape {
  readonly inChannels: number;
  readonly width: number;
  readonly blocks: readonly number[] | undefined;
}

interface Backbone {
  readonly make: (shape: Shape) => Encoder;
  /** Weight of a new batch in the running statistics. */
  readonly momentum: number;
  /** Factors for `dilate` from those of the last block's units; undefined where units have none. */
  readonly grid: ((multiGrid: readonly number[]) => readonly number[]) | undefined;
  /** Whether images come as −1 … 1. */
  readonly signed: boolean;
}

const xception = (depth: 41 | 65): Backbone => ({
  make: ({ inChannels, width, blocks }) => new Xception({ depth, inChannels, width, units: blocks?.[0] }),
  momentum: 0.0003, grid: (multiGrid) => [1, ...multiGrid], signed: true,
});
const resnet = (depth: 50 | 101): Backbone => ({
  make: ({ inChannels, width, blocks }) => new ResNet({ depth, inChannels, width: 64 * width, ...(blocks && { blocks }) }),
  momentum: 0.05, grid: (multiGrid) => multiGrid, signed: false,
});
// Batch norms as TensorFlow's DeepLab sets them (feature_extractor.py and the networks' argument scopes).
const backbones = {
  xception65: xception(65),
  xception41: xception(41),
  resnet50: resnet(50),
  resnet101: resnet(101),
  mobilenet_v2: { make: (shape) => new MobileNetV2({ ...shape, lastChannels: null, padding: "same-tensorflow", eps: 1e-3 }), momentum: 0.003, grid: undefined, signed: true },
} as const satisfies Record<string, Backbone>;

export interface DeepLabV3PlusOptions {
  /** Default "xception65". */
  backbone?: "xception65" | "xception41" | "resnet50" | "resnet101" | "mobilenet_v2";
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Classes, background included; 1 for a single logit. */
  classes: number;
  /** Pixels of the image per pixel of the backbone's last map. Default 16; the same weights run at 8, more densely and slowly. */
  outputStride?: 8 | 16;
  /** Dilations of the ASPP's separable branches. Default [6, 12, 18] at output stride 16, twice that at 8; [] (no branches) for "mobilenet_v2", as there. */
  rates?: readonly number[];
  /** The decoder; without it the scores come from the ASPP. Default true, false for "mobilenet_v2", as there. */
  decoder?: boolean;
  /** Factors of the dilations of the last block: of the three convolutions of Xception's, of the units of a ResNet's. Default: none. */
  multiGrid?: readonly number[] | undefined;
  /** Channels of ASPP and decoder. Default 256. */
  channels?: number;
  /** Channels that the decoder reduces the backbone's map at stride 4 to. Default 48. */
  lowLevelChannels?: number;
  /**
   * Weight of a new batch in all running statistics. Default TensorFlow's: 0.0003 (a decay of 0.9997), in the backbone 0.05 for a ResNet and 0.003 for
   * MobileNetV2. Such slow ones want pretrained weights or thousands of steps: 0.1 for a short training from scratch.
   */
  momentum?: number | undefined;
  /** Times all channels of the backbone (MobileNetV2's depth multiplier). Default 1. */
  width?: number;
  /** Blocks of the backbone: of a ResNet's four stages, of MobileNetV2's seven groups, [units] of Xception's middle flow. */
  blocks?: readonly number[] | undefined;
}

/**
 * DeepLab v3+ (Chen, Zhu, Papandreou, Schroff & Adam 2018) in the geometry of TensorFlow's release: a backbone dilated by slim's rule, atrous spatial
 * pyramid pooling of separable convolutions, and a decoder that joins the backbone's map at stride 4. 41,055,413 parameters with Xception-65 and 21
 * classes; MobileNetV2 without decoder and branches 2,113,557. Any image size is fine; n pixels become (n − 1) / s + 1, so that 513 goes with 129 and 33.
 *
 *     image → backbone ──────────────→ ASPP ×4 ─┐
 *                 │         2048        256     concat → 3×3 → 3×3 → 1×1 ×4 → logits
 *                 └→ stride 4 → 1×1, 48 ────────┘        256   256
 *
 * All enlargements align corners. Batch norms have TensorFlow's eps (1e-3 in Xception and MobileNetV2, else 1e-5) and momentum. For Xception and MobileNetV2
 * `normalisation` is what they were trained with, −1 … 1. The map at stride 4 is TensorFlow's for Xception; for ResNet the end of block1 ("conv2" of the
 * paper), for MobileNetV2 the end of its last unit at that stride.
 *
 * State-dict entries, for the variables of TensorFlow's checkpoints (the backbone's: see `Xception`, `MobileNetV2`, `ResNet`):
 *
 *     aspp0/weights                                              aspp.convs.0.0.weight
 *     aspp1_depthwise/depthwise_weights, aspp1_pointwise/weights aspp.convs.1.depthwise.0.weight, aspp.convs.1.pointwise.0.weight
 *     image_pooling/weights                                      aspp.convs.4.1.weight (the last of them), joined first as there
 *     concat_projection/weights                                  aspp.project.0.weight
 *     decoder/feature_projection0/weights                        decoder.feature_projection0.0.weight
 *     decoder/decoder_conv0_depthwise/depthwise_weights          decoder.decoder_conv0.depthwise.0.weight
 *     logits/semantic/{weights, biases}                          logits.{weight, bias}
 */
export class DeepLabV3Plus extends SegmentationModel {
  readonly architecture = "deeplab-v3plus";
  readonly multipleOf = 1;
  readonly backbone: Encoder;
  readonly aspp: ASPP;
  readonly decoder: DeepLabDecoder | undefined;
  readonly logits: Conv2d;

  constructor(options: DeepLabV3PlusOptions) {
    checkOptions("DeepLabV3Plus", options, ["backbone", "inChannels", "classes", "outputStride", "rates", "decoder", "multiGrid", "channels", "lowLevelChannels", "momentum", "width", "blocks"]);
    const { backbone = "xception65", inChannels = 3, classes, outputStride = 16, multiGrid, channels = 256, lowLevelChannels = 48, momentum, width = 1, blocks } = options;
    const known = Object.keys(backbones).map((name) => `"${name}"`);
    if (!Object.hasOwn(backbones, backbone)) throw new OptionError(`DeepLabV3Plus: backbone must be one of ${known.join(", ")} but is ${JSON.stringify(backbone)}.`);
    requireOutputStride("DeepLabV3Plus", outputStride);
    const mobile = backbone === "mobilenet_v2";
    const { rates = mobile ? [] : [6, 12, 18].map((rate) => (rate * 16) / outputStride), decoder = !mobile } = options;
    const { make, grid, signed, momentum: own }: Backbone = backbones[backbone];
    if (multiGrid && !grid) throw new OptionError(`DeepLabV3Plus: multiGrid is for Xception and ResNet, not for "${backbone}".`);
    if (!decoder && options.lowLevelChannels !== undefined) throw new OptionError("DeepLabV3Plus: lowLevelChannels belongs to the decoder, which this network does not have. Set decoder: true.");
    super({
      inChannels, classes,
      ...{
        backbone, outputStride, rates: [...rates], decoder, ...(multiGrid && { multiGrid: [...multiGrid] }), channels, ...(decoder && { lowLevelChannels }),
        ...(momentum !== undefined && { momentum }), width, ...(blocks && { blocks: [...blocks] }),
      },
    });
    this.backbone = dilate(make({ inChannels, width, blocks }), { outputStride, policy: "tensorflow", multiGrid: multiGrid && grid!(multiGrid) });
    this.aspp = new ASPP(this.backbone.channels.at(-1)!, {
      rates, channels, pooling: "first", dropout: 0.1, init: glorotUniform,
      branch: (from, to, dilation) => new SeparableBlock(from, to, { dilation, ...separableInits }),
    });
    this.decoder = decoder ? new DeepLabDecoder(channels, this.backbone.channels[2]!, { projection: lowLevelChannels, channels }) : undefined;
    this.logits = new Conv2d(channels, classes, { kernelSize: 1, init: truncatedNormal(0.01) });
    setMomentum(this, momentum ?? 0.0003);
    setMomentum(this.backbone, momentum ?? own);
    if (signed) this.normalisation = { mean: Array<number>(inChannels).fill(0.5), std: Array<number>(inChannels).fill(0.5) };
  }

  override head(): readonly Module[] {
    return [this.aspp, ...(this.decoder ? [this.decoder] : []), this.logits];
  }

  forward(x: Tensor): Tensor<"f32"> {
    const image = this.input(x);
    const maps = this.backbone.features(image);
    const context = this.aspp.forward(maps.at(-1)!);
    const scores = this.logits.forward(this.decoder ? this.decoder.forward(context, maps[2]!) : context);
    return resize(scores, { size: [image.shape[1]!, image.shape[2]!], mode: "bilinear", alignCorners: true }) as Tensor<"f32">;
  }
}
