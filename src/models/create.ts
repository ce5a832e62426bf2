import { nearest, OptionError } from "../runtime/errors.js";
import { DeepLabV3MobileNetV3, DeepLabV3ResNet } from "./deeplab-v3-torchvision.js";
import { DeepLabV1 } from "./deeplab-v1.js";
import { DeepLabV2 } from "./deeplab-v2.js";
import { DeepLabV3 } from "./deeplab-v3.js";
import { DeepLabV3Plus } from "./deeplab-v3plus.js";
import { BiSeNetV2 } from "./bisenet-v2.js";
import { ENet } from "./enet.js";
import { ERFNet } from "./erfnet.js";
import { ESPNet } from "./espnet.js";
import { FastSCNN } from "./fast-scnn.js";
import { FCDenseNet } from "./fc-densenet.js";
import { FCNResNet } from "./fcn-resnet.js";
import { FCN } from "./fcn.js";
import { ICNet } from "./icnet.js";
import { LRASPP } from "./lraspp.js";
import { MultiScale } from "./multi-scale.js";
import { PatchClassifier } from "./patch-classifier.js";
import { PSPNet } from "./pspnet.js";
import { SegNet, SegNetBasic, SegNetBilinear } from "./segnet.js";
import type { SegmentationModel } from "./segmentation-model.js";
import { SmpDeepLabV3, SmpDeepLabV3Plus } from "./smp-deeplab.js";
import { SmpFPN } from "./smp-fpn.js";
import { SmpLinknet } from "./smp-linknet.js";
import { SmpMAnet } from "./smp-manet.js";
import { SmpPAN } from "./smp-pan.js";
import { SmpPSPNet } from "./smp-pspnet.js";
import { SmpUnet } from "./smp-unet.js";
import { SmpUnetPlusPlus } from "./smp-unet-plus-plus.js";
import { UNet } from "./unet.js";
import { UNetOriginal } from "./unet-original.js";

/** Architectures by the name that weights files give them. */
const architectures: Record<string, new (options: never) => SegmentationModel> = {
  unet: UNet, "unet-original": UNetOriginal,
  segnet: SegNet, "segnet-basic": SegNetBasic, "segnet-bilinear": SegNetBilinear,
  fcn: FCN, "fcn-resnet": FCNResNet,
  "deeplab-v1": DeepLabV1, "deeplab-v2": DeepLabV2, "deeplab-v3": DeepLabV3, "deeplab-v3plus": DeepLabV3Plus,
  "deeplab-v3-torchvision": DeepLabV3ResNet, "deeplab-v3-mobilenet-v3": DeepLabV3MobileNetV3, lraspp: LRASPP,
  pspnet: PSPNet, icnet: ICNet, "fc-densenet": FCDenseNet,
  enet: ENet, erfnet: ERFNet, espnet: ESPNet, "fast-scnn": FastSCNN, "bisenet-v2": BiSeNetV2,
  "smp-unet": SmpUnet, "smp-unet++": SmpUnetPlusPlus, "smp-fpn": SmpFPN, "smp-linknet": SmpLinknet, "smp-manet": SmpMAnet, "smp-pan": SmpPAN,
  "smp-pspnet": SmpPSPNet, "smp-deeplab-v3": SmpDeepLabV3, "smp-deeplab-v3+": SmpDeepLabV3Plus,
  "multi-scale": MultiScale, "patch-classifier": PatchClassifier,
};

/** Names that `createModel` knows. */
export const architectureNames: readonly string[] = Object.keys(architectures);

export interface ModelDescription {
  /** One of `architectureNames` ("unet", "deeplab-v3plus"). */
  readonly architecture: string;
  /** The constructor's options; a model inside (the base of `MultiScale`) is described likewise. */
  readonly options: object;
}

/**
 * A model from its description, as weights files and the command line hold it. It has no device yet.
 *
 * @throws OptionError for an unknown architecture or options that it does not take
 */
export function createModel({ architecture, options }: ModelDescription): SegmentationModel {
  if (!Object.hasOwn(architectures, architecture)) {
    const guess = nearest(String(architecture), architectureNames);
    throw new OptionError(`There is no model "${architecture}".${guess ? ` Did you mean "${guess}"?` : ""} Models: ${architectureNames.join(", ")}.`);
  }
  const { base } = (options ?? {}) as { base?: ModelDescription };
  return new architectures[architecture]!((base ? { ...options, base: createModel(base) } : options) as never);
}
