// Every network with what is published of it: the exact counts that tests hold it to, and the rows of docs/networks.md.
import { BiSeNetV2 } from "../../src/models/bisenet-v2.js";
import { DeepLabV1 } from "../../src/models/deeplab-v1.js";
import { DeepLabV2 } from "../../src/models/deeplab-v2.js";
import { DeepLabV3 } from "../../src/models/deeplab-v3.js";
import { DeepLabV3MobileNetV3, DeepLabV3ResNet } from "../../src/models/deeplab-v3-torchvision.js";
import { DeepLabV3Plus } from "../../src/models/deeplab-v3plus.js";
import { ENet } from "../../src/models/enet.js";
import { ERFNet } from "../../src/models/erfnet.js";
import { ESPNet } from "../../src/models/espnet.js";
import { FastSCNN } from "../../src/models/fast-scnn.js";
import { FCDenseNet } from "../../src/models/fc-densenet.js";
import { FCN } from "../../src/models/fcn.js";
import { FCNResNet } from "../../src/models/fcn-resnet.js";
import { ICNet } from "../../src/models/icnet.js";
import { LRASPP } from "../../src/models/lraspp.js";
import { PatchClassifier } from "../../src/models/patch-classifier.js";
import { PSPNet } from "../../src/models/pspnet.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { SegNet, SegNetBasic, SegNetBilinear } from "../../src/models/segnet.js";
import { SmpDeepLabV3, SmpDeepLabV3Plus } from "../../src/models/smp-deeplab.js";
import { SmpFPN } from "../../src/models/smp-fpn.js";
import { SmpLinknet } from "../../src/models/smp-linknet.js";
import { SmpMAnet } from "../../src/models/smp-manet.js";
import { SmpPAN } from "../../src/models/smp-pan.js";
import { SmpPSPNet } from "../../src/models/smp-pspnet.js";
import { SmpUnet } from "../../src/models/smp-unet.js";
import { SmpUnetPlusPlus } from "../../src/models/smp-unet-plus-plus.js";
import { UNet } from "../../src/models/unet.js";
import { UNetOriginal } from "../../src/models/unet-original.js";

/** A network as published. */
export interface Network {
  /** Heading that it stands under. */
  readonly family: string;
  /** What its authors call it. */
  readonly name: string;
  readonly model: new (options: never) => SegmentationModel;
  readonly options: { readonly classes: number; readonly inChannels?: number };
  readonly parameters: number;
  /** Entries of the state dict, running statistics and batch counts included. */
  readonly entries: number;
  /** Height and width of the image that the multiply-adds are for. */
  readonly size: readonly [height: number, width: number];
  /** Multiply-adds in billions, in the digits that are known. */
  readonly billions: string;
  /** Where the numbers are from. */
  readonly source: string;
  /** What `bench/networks.ts` trains where the published width is beyond a CPU: options to add; false leaves a variant (another depth, another stride) out. */
  readonly reduced?: Readonly<Record<string, unknown>> | false;
  /** Height and width for that, where 256 × 256 does not fit the architecture. */
  readonly trainingSize?: readonly [height: number, width: number];
}

const network = <O extends Network["options"]>(family: string, name: string, model: new (options: O) => SegmentationModel, options: O, rest: Omit<Network, "family" | "name" | "model" | "options">): Network => ({ family, name, model, options, ...rest });

export const networks: readonly Network[] = [
  network("FCN", "FCN-32s", FCN, { classes: 21, stride: 32 }, { parameters: 136_152_917, entries: 33, size: [500, 500], billions: "181.4", source: "Long 2015, reference net specification; 1,806,336 of them fixed", reduced: false }),
  network("FCN", "FCN-16s", FCN, { classes: 21, stride: 16 }, { parameters: 134_815_994, entries: 36, size: [500, 500], billions: "181.4", source: "as above; 458,640 fixed", reduced: false }),
  network("FCN", "FCN-8s", FCN, { classes: 21, stride: 8 }, { parameters: 134_489_759, entries: 39, size: [500, 500], billions: "181.5", source: "as above; 127,008 fixed" }),
  network("FCN", "fcn_resnet50", FCNResNet, { classes: 21 }, { parameters: 35_322_218, entries: 334, size: [520, 520], billions: "152.717", source: "torchvision, auxiliary head included", reduced: { width: 32 } }),
  network("FCN", "fcn_resnet50 without auxiliary head", FCNResNet, { classes: 21, aux: false }, { parameters: 32_957_013, entries: 326, size: [520, 520], billions: "142.726", source: "torchvision", reduced: false }),
  network("FCN", "fcn_resnet101", FCNResNet, { depth: 101, classes: 21 }, { parameters: 54_314_346, entries: 640, size: [520, 520], billions: "232.738", source: "torchvision, auxiliary head included", reduced: false }),
  network("SegNet", "SegNet", SegNet, { classes: 11 }, { parameters: 29_449_355, entries: 177, size: [360, 480], billions: "106.7", source: "Badrinarayanan 2017: 29.5 M", reduced: { widths: [32, 64, 128, 256, 256] } }),
  network("SegNet", "SegNet-Basic", SegNetBasic, { classes: 11 }, { parameters: 1_416_587, entries: 58, size: [360, 480], billions: "59.2", source: "Badrinarayanan 2017, which prints 1.425 M" }),
  network("SegNet", "bilinear interpolation", SegNetBilinear, { classes: 11 }, { parameters: 613_003, entries: 30, size: [360, 480], billions: "13.0", source: "Badrinarayanan 2017, table 1, which prints 0.625 M" }),
  network("U-Net", "U-Net of the paper", UNetOriginal, { classes: 2 }, { parameters: 31_030_658, entries: 46, size: [572, 572], billions: "150.4", source: "Ronneberger 2015", trainingSize: [252, 252] }),
  network("U-Net", "milesial", UNet, { classes: 2 }, { parameters: 31_037_698, entries: 118, size: [256, 256], billions: "48.17", source: "milesial/Pytorch-UNet" }),
  network("U-Net", "milesial, bilinear", UNet, { classes: 2, bilinear: true }, { parameters: 17_263_042, entries: 110, size: [256, 256], billions: "39.98", source: "milesial/Pytorch-UNet", reduced: { widths: [32, 64, 128, 256, 512] } }),
  network("DeepLab", "v1 LargeFOV", DeepLabV1, { classes: 21 }, { parameters: 20_505_429, entries: 32, size: [321, 321], billions: "50.93", source: "Chen 2015: 20.5 M", reduced: { width: 32 } }),
  network("DeepLab", "v1 7×7", DeepLabV1, { classes: 21, kernelSize: 7, rate: 4, hidden: 4096 }, { parameters: 134_346_581, entries: 32, size: [321, 321], billions: "242.3", source: "Chen 2015: 134.3 M", reduced: false }),
  network("DeepLab", "v1 4×4", DeepLabV1, { classes: 21, kernelSize: 4, rate: 4, hidden: 4096 }, { parameters: 65_140_565, entries: 32, size: [321, 321], billions: "125.9", source: "Chen 2015: 65.1 M", reduced: false }),
  network("DeepLab", "v2 VGG-16 ASPP-L", DeepLabV2, { classes: 21, backbone: "vgg16" }, { parameters: 37_877_652, entries: 50, size: [321, 321], billions: "80.1", source: "Chen 2017", reduced: { width: 32 } }),
  network("DeepLab", "v2 ResNet-101", DeepLabV2, { classes: 21 }, { parameters: 44_048_532, entries: 632, size: [513, 513], billions: "188.886", source: "Chen 2017; kazuto1011/deeplab-pytorch", reduced: { width: 32 } }),
  network("DeepLab", "v3 ResNet-101, output stride 16", DeepLabV3, { depth: 101, classes: 21 }, { parameters: 58_040_661, entries: 662, size: [513, 513], billions: "71.06", source: "Chen 2017" }),
  network("DeepLab", "v3 ResNet-101, output stride 8", DeepLabV3, { depth: 101, classes: 21, outputStride: 8 }, { parameters: 58_040_661, entries: 662, size: [513, 513], billions: "246.2", source: "Chen 2017", reduced: false }),
  network("DeepLab", "deeplabv3_resnet50", DeepLabV3ResNet, { classes: 21 }, { parameters: 42_004_074, entries: 370, size: [520, 520], billions: "178.722", source: "torchvision, auxiliary head included", reduced: { width: 32 } }),
  network("DeepLab", "deeplabv3_resnet101", DeepLabV3ResNet, { depth: 101, classes: 21 }, { parameters: 60_996_202, entries: 676, size: [520, 520], billions: "258.743", source: "torchvision, auxiliary head included", reduced: false }),
  network("DeepLab", "deeplabv3_mobilenet_v3_large", DeepLabV3MobileNetV3, { classes: 21 }, { parameters: 11_029_328, entries: 360, size: [520, 520], billions: "10.452", source: "torchvision, auxiliary head included" }),
  network("DeepLab", "v3+ Xception-65", DeepLabV3Plus, { classes: 21 }, { parameters: 41_055_413, entries: 878, size: [513, 513], billions: "54.04", source: "Chen 2018; tensorflow/models" }),
  network("DeepLab", "v3+ Xception-65, output stride 8", DeepLabV3Plus, { classes: 21, outputStride: 8 }, { parameters: 41_055_413, entries: 878, size: [513, 513], billions: "176.9", source: "Chen 2018; tensorflow/models", reduced: false }),
  network("DeepLab", "v3+ Xception-65, Cityscapes", DeepLabV3Plus, { classes: 19 }, { parameters: 41_054_899, entries: 878, size: [1025, 2049], billions: "418.4", source: "tensorflow/models", reduced: false }),
  network("DeepLab", "MobileNetV2", DeepLabV3Plus, { classes: 21, backbone: "mobilenet_v2", decoder: false }, { parameters: 2_113_557, entries: 326, size: [513, 513], billions: "2.741", source: "tensorflow/models (mobilenetv2_coco_voc_trainaug)" }),
  network("DeepLab", "v3+ MobileNetV2 with decoder", DeepLabV3Plus, { classes: 21, backbone: "mobilenet_v2", decoder: true, rates: [6, 12, 18] }, { parameters: 2_719_813, entries: 392, size: [513, 513], billions: "5.80", source: "this library: the decoder on the backbone above" }),
  network("Pyramid pooling", "PSPNet-50, ADE20K", PSPNet, { classes: 150, aux: false }, { parameters: 46_782_550, entries: 362, size: [473, 473], billions: "161.875", source: "hszhao/semseg", reduced: { width: 32 } }),
  network("Pyramid pooling", "PSPNet-50, ADE20K, with auxiliary head", PSPNet, { classes: 150 }, { parameters: 49_180_908, entries: 370, size: [473, 473], billions: "161.875", source: "hszhao/semseg", reduced: false }),
  network("Pyramid pooling", "PSPNet-101, VOC", PSPNet, { depth: 101, classes: 21, aux: false }, { parameters: 65_708_501, entries: 668, size: [473, 473], billions: "229.8", source: "hszhao/PSPNet", reduced: false }),
  network("Pyramid pooling", "PSPNet-101, Cityscapes", PSPNet, { depth: 101, classes: 19, aux: false }, { parameters: 65_707_475, entries: 668, size: [713, 713], billions: "517.2", source: "hszhao/PSPNet", reduced: false }),
  network("Pyramid pooling", "ICNet", ICNet, { classes: 19, aux: false }, { parameters: 6_699_987, entries: 380, size: [1025, 2049], billions: "29.81", source: "hszhao/ICNet", trainingSize: [257, 257] }),
  network("Dense blocks", "FC-DenseNet56", FCDenseNet, { depth: 56, classes: 11 }, { parameters: 1_376_795, entries: 357, size: [224, 224], billions: "8.9", source: "Jégou 2017: 1.5 M with running statistics" }),
  network("Dense blocks", "FC-DenseNet67", FCDenseNet, { depth: 67, classes: 11 }, { parameters: 3_463_243, entries: 434, size: [224, 224], billions: "20.9", source: "Jégou 2017: 3.5 M", reduced: false }),
  network("Dense blocks", "FC-DenseNet103", FCDenseNet, { depth: 103, classes: 11 }, { parameters: 9_322_091, entries: 686, size: [224, 224], billions: "20.1", source: "Jégou 2017: 9.4 M" }),
  network("For phones and video", "LR-ASPP MobileNetV3", LRASPP, { classes: 21 }, { parameters: 3_221_538, entries: 319, size: [520, 520], billions: "2.086", source: "torchvision" }),
  network("For phones and video", "ENet", ENet, { classes: 12 }, { parameters: 350_652, entries: 622, size: [360, 480], billions: "1.29", source: "davidtvs/PyTorch-ENet" }),
  network("For phones and video", "ERFNet", ERFNet, { classes: 20 }, { parameters: 2_066_836, entries: 345, size: [512, 1024], billions: "26.6", source: "Eromera/erfnet_pytorch" }),
  network("For phones and video", "ESPNet", ESPNet, { classes: 12 }, { parameters: 354_517, entries: 210, size: [360, 480], billions: "1.34", source: "sacmehta/ESPNet" }),
  network("For phones and video", "Fast-SCNN", FastSCNN, { classes: 19, aux: false }, { parameters: 1_138_051, entries: 268, size: [1024, 2048], billions: "6.71", source: "Tramac/Fast-SCNN-pytorch" }),
  network("For phones and video", "BiSeNetV2", BiSeNetV2, { classes: 19, aux: false }, { parameters: 3_358_627, entries: 327, size: [1024, 2048], billions: "98.41", source: "CoinCheung/BiSeNet" }),
  network("segmentation_models_pytorch", "Unet, resnet34", SmpUnet, { classes: 1 }, { parameters: 24_436_369, entries: 278, size: [256, 256], billions: "7.81", source: "smp 0.5" }),
  network("segmentation_models_pytorch", "UnetPlusPlus, resnet34", SmpUnetPlusPlus, { classes: 1 }, { parameters: 26_078_609, entries: 350, size: [256, 256], billions: "18.38", source: "smp 0.5" }),
  network("segmentation_models_pytorch", "FPN, resnet34", SmpFPN, { classes: 1 }, { parameters: 23_155_393, entries: 247, size: [256, 256], billions: "6.86", source: "smp 0.5" }),
  network("segmentation_models_pytorch", "PSPNet, resnet34", SmpPSPNet, { classes: 1 }, { parameters: 21_437_985, entries: 244, size: [256, 256], billions: "2.34", source: "smp 0.5" }),
  network("segmentation_models_pytorch", "DeepLabV3, resnet34", SmpDeepLabV3, { classes: 1 }, { parameters: 26_007_105, entries: 260, size: [256, 256], billions: "27.30", source: "smp 0.5" }),
  network("segmentation_models_pytorch", "DeepLabV3Plus, resnet34", SmpDeepLabV3Plus, { classes: 1 }, { parameters: 22_437_457, entries: 277, size: [256, 256], billions: "7.88", source: "smp 0.5" }),
  network("segmentation_models_pytorch", "Linknet, resnet34", SmpLinknet, { classes: 1 }, { parameters: 21_771_937, entries: 313, size: [256, 256], billions: "5.03", source: "smp 0.5" }),
  network("segmentation_models_pytorch", "MAnet, resnet34", SmpMAnet, { classes: 1 }, { parameters: 31_783_633, entries: 366, size: [256, 256], billions: "8.32", source: "smp 0.5" }),
  network("segmentation_models_pytorch", "PAN, resnet34", SmpPAN, { classes: 1 }, { parameters: 21_475_816, entries: 316, size: [256, 256], billions: "7.44", source: "smp 0.5" }),
  network("Classical", "patch classifier", PatchClassifier, { classes: 2 }, { parameters: 63_158, entries: 8, size: [256, 256], billions: "4.23", source: "this library" }),
];

/** The constructor call, as a user writes it. */
export function constructorOf({ model, options }: Pick<Network, "model" | "options">): string {
  const value = (v: unknown): string => (Array.isArray(v) ? `[${v.map(value).join(", ")}]` : typeof v === "object" && v !== null ? `{ ${Object.entries(v).map(([k, w]) => `${k}: ${value(w)}`).join(", ")} }` : JSON.stringify(v));
  return `new ${model.name}(${value(options)})`;
}
