import { OptionError, checkOptions } from "../../runtime/errors.js";
import { DenseNet, type DenseNetOptions } from "./densenet.js";
import { EfficientNet, type EfficientNetOptions } from "./efficientnet.js";
import type { Encoder } from "./encoder.js";
import { MobileNetV2 } from "./mobilenet-v2.js";
import { ResNet, type ResNetOptions } from "./resnet.js";
import { VGG, type VGGOptions } from "./vgg.js";

export interface EncoderOptions {
  /** Channels of the image. Default 3. */
  inChannels?: number;
  /** Times all channel counts, for narrow networks. Default 1. */
  width?: number;
  /** Blocks of the stages (MobileNets, EfficientNets: of their groups), instead of those that the name stands for. */
  blocks?: readonly number[] | undefined;
}

type Make = (options: Required<Pick<EncoderOptions, "inChannels" | "width">> & { readonly blocks?: readonly number[] }) => Encoder;

const resnet = (depth: ResNetOptions["depth"], options: Partial<ResNetOptions> = {}): Make => ({ width, ...rest }) => new ResNet({ depth, width: 64 * width, ...options, ...rest });
const vgg = (depth: VGGOptions["depth"], batchNorm: boolean): Make => ({ width, ...rest }) => new VGG({ depth, batchNorm, width: 64 * width, ...rest });
const efficientnet = (variant: EfficientNetOptions["variant"]): Make => (options) => new EfficientNet({ variant, ...options });
const densenet = (depth: DenseNetOptions["depth"]): Make => ({ width, ...rest }) => new DenseNet({ depth, growth: (depth === 161 ? 48 : 32) * width, ...rest });

const encoders = {
  resnet18: resnet(18), resnet34: resnet(34), resnet50: resnet(50), resnet101: resnet(101), resnet152: resnet(152),
  resnext50_32x4d: resnet(50, { groups: 32, widthPerGroup: 4 }),
  resnext101_32x4d: resnet(101, { groups: 32, widthPerGroup: 4 }),
  resnext101_32x8d: resnet(101, { groups: 32, widthPerGroup: 8 }),
  vgg11: vgg(11, false), vgg11_bn: vgg(11, true), vgg13: vgg(13, false), vgg13_bn: vgg(13, true),
  vgg16: vgg(16, false), vgg16_bn: vgg(16, true), vgg19: vgg(19, false), vgg19_bn: vgg(19, true),
  densenet121: densenet(121), densenet161: densenet(161), densenet169: densenet(169), densenet201: densenet(201),
  mobilenet_v2: (options) => new MobileNetV2(options),
  "efficientnet-b0": efficientnet("b0"), "efficientnet-b1": efficientnet("b1"), "efficientnet-b2": efficientnet("b2"), "efficientnet-b3": efficientnet("b3"),
  "efficientnet-b4": efficientnet("b4"), "efficientnet-b5": efficientnet("b5"), "efficientnet-b6": efficientnet("b6"), "efficientnet-b7": efficientnet("b7"),
} as const satisfies Record<string, Make>;

/** The name of an encoder, as segmentation_models_pytorch has it. */
export type EncoderName = keyof typeof encoders;

/** Names that `createEncoder` knows. */
export const encoderNames = Object.keys(encoders) as readonly EncoderName[];

/**
 * An encoder by its name in segmentation_models_pytorch, with the state-dict entries that it has there.
 *
 * @throws OptionError for an unknown name and for options out of range
 */
export function createEncoder(name: EncoderName, options: EncoderOptions = {}): Encoder {
  checkOptions("createEncoder", options, ["inChannels", "width", "blocks"]);
  if (!Object.hasOwn(encoders, name)) throw new OptionError(`There is no encoder ${JSON.stringify(name)}. Encoders: ${encoderNames.join(", ")}.`);
  const { inChannels = 3, width = 1, blocks } = options;
  if (!(width > 0 && Number.isFinite(width))) throw new OptionError(`createEncoder: width must be a number above 0 but is ${String(width)}.`);
  return encoders[name]({ inChannels, width, ...(blocks && { blocks }) });
}
