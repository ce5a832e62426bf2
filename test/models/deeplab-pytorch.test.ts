import { DeepLabV3, type DeepLabV3Options } from "../../src/models/deeplab-v3.js";
import { DeepLabV3Plus, type DeepLabV3PlusOptions } from "../../src/models/deeplab-v3plus.js";
import { pytorchNetworks } from "../support/networks.js";

const v3 = (options: Partial<DeepLabV3Options>) => (): DeepLabV3 =>
  new DeepLabV3({ classes: 3, depth: 50, width: 4, blocks: [1, 1, 1, 3], momentum: 0.1, ...(options.cascade ? {} : { channels: 12 }), ...options });

await pytorchNetworks("deeplab-v3", {
  "output stride 16": v3({}),
  "output stride 8, even size": v3({ outputStride: 8 }),
  "other rates and grid": v3({ rates: [1, 4], multiGrid: [2, 1, 3] }),
  "cascade to block7": v3({ cascade: 7 }),
  "cascade to block5, output stride 8": v3({ cascade: 5, outputStride: 8 }),
});

const plus = (options: Partial<DeepLabV3PlusOptions>) => (): DeepLabV3Plus =>
  new DeepLabV3Plus({ classes: 3, channels: 12, momentum: 0.1, ...(options.decoder === false ? {} : { lowLevelChannels: 6 }), ...options });
const xception = { width: 1 / 32, blocks: [2] } as const;
const mobile = { backbone: "mobilenet_v2", width: 1 / 4 } as const;

await pytorchNetworks("deeplab-v3plus", {
  "Xception, output stride 16": plus(xception),
  "Xception, output stride 8, multi-grid": plus({ ...xception, outputStride: 8, multiGrid: [1, 2, 4] }),
  "Xception, even size, no decoder": plus({ ...xception, blocks: [1], decoder: false }),
  "ResNet, output stride 16, multi-grid": plus({ backbone: "resnet50", width: 1 / 16, blocks: [1, 1, 1, 3], multiGrid: [1, 2, 4] }),
  "ResNet, output stride 8": plus({ backbone: "resnet101", width: 1 / 16, blocks: [1, 2, 2, 2], outputStride: 8 }),
  "MobileNetV2, even size": plus({ ...mobile, blocks: [1, 2, 1, 1, 1, 2, 1], decoder: false }),
  "MobileNetV2, output stride 8, rates 2 and 4": plus({ ...mobile, blocks: [1, 2, 1, 2, 1, 2, 1], outputStride: 8, rates: [2, 4], decoder: true }),
  "Xception-65": () => new DeepLabV3Plus({ classes: 21 }),
});
