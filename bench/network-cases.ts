// Published networks: inference of each, and training steps beside the training-mode forward pass of the same batch.
import { DeepLabV3ResNet } from "../src/models/deeplab-v3-torchvision.js";
import { DeepLabV3Plus } from "../src/models/deeplab-v3plus.js";
import { FCN } from "../src/models/fcn.js";
import { PSPNet } from "../src/models/pspnet.js";
import { SegNet } from "../src/models/segnet.js";
import { UNet } from "../src/models/unet.js";
import { bySize, forwardCase, type ForwardSpec, type NetworkCase, type NetworkSpec } from "./network.js";
import { trainingCases } from "./network-training.js";

const inference: readonly ForwardSpec[] = [
  { name: "unet 64-1024", make: () => new UNet({ classes: 2 }), size: [512, 512], reduced: [96, 96], checkSize: [32, 32], result: "logits" },
  { name: "segnet", make: () => new SegNet({ classes: 11 }), size: [360, 480], reduced: [96, 128], checkSize: [32, 32], result: "logits" },
  { name: "fcn-8s", make: () => new FCN({ classes: 21 }), size: [500, 500], reduced: [32, 32], checkSize: [32, 32], narrow: () => new FCN({ classes: 21, width: 8, hidden: 128 }), result: "logits" },
  { name: "pspnet-50", make: () => new PSPNet({ classes: 150, aux: false }), size: [473, 473], reduced: [105, 105], checkSize: [49, 49], result: "logits" },
  { name: "deeplabv3 resnet-50", make: () => new DeepLabV3ResNet({ classes: 21, aux: false }), size: [513, 513], reduced: [129, 129], checkSize: [33, 33], result: "logits" },
  { name: "deeplabv3+ xception-65", make: () => new DeepLabV3Plus({ classes: 19 }), size: [770, 1539], reduced: [129, 257], checkSize: [33, 65], result: "class map" },
  { name: "deeplab mobilenetv2", make: () => new DeepLabV3Plus({ classes: 21, backbone: "mobilenet_v2" }), size: [513, 513], reduced: [513, 513], checkSize: [65, 65], result: "class map" },
];

const training: readonly NetworkSpec[] = [
  { name: "unet 64-1024", make: () => new UNet({ classes: 2 }), size: [256, 256], batch: 4, checkSize: [32, 32], narrow: () => new UNet({ classes: 2, widths: [8, 16, 32, 64, 128] }) },
  { name: "deeplabv3 resnet-50", make: () => new DeepLabV3ResNet({ classes: 21, aux: false }), size: [257, 257], batch: 4, checkSize: [65, 65], narrow: () => new DeepLabV3ResNet({ classes: 21, aux: false, width: 8, asppChannels: 32 }) },
  { name: "deeplabv3+ mobilenetv2", make: () => new DeepLabV3Plus({ classes: 21, backbone: "mobilenet_v2", decoder: true, rates: [6, 12, 18] }), size: [129, 129], reduced: [129, 129], batch: 4, checkSize: [65, 65] },
];

export const networkCases: readonly NetworkCase[] = [
  ...inference.flatMap((spec) => bySize(spec, (size, suffix) => forwardCase(spec, size, suffix))),
  ...training.flatMap(trainingCases),
];
