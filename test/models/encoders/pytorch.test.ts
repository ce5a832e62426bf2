import type { Tensor } from "../../../src/graph/tensor.js";
import { DenseNet } from "../../../src/models/encoders/densenet.js";
import { dilate } from "../../../src/models/encoders/dilate.js";
import { EfficientNet } from "../../../src/models/encoders/efficientnet.js";
import type { Encoder } from "../../../src/models/encoders/encoder.js";
import { MobileNetV2 } from "../../../src/models/encoders/mobilenet-v2.js";
import { ResNet } from "../../../src/models/encoders/resnet.js";
import { VGG } from "../../../src/models/encoders/vgg.js";
import { SegmentationModel, type TrainingOutputs } from "../../../src/models/segmentation-model.js";
import { pytorchNetworks } from "../../support/networks.js";

/** An encoder as a network: its last map is the logits, the others are outputs of training. */
class Maps extends SegmentationModel {
  readonly architecture = "maps";
  readonly multipleOf = 1;

  constructor(readonly encoder: Encoder) {
    super({ inChannels: 3, classes: encoder.channels.at(-1)! });
  }

  override outputs(x: Tensor): TrainingOutputs {
    const image = this.input(x);
    const maps = this.encoder.features(image);
    const others = maps[0] === image ? maps.slice(1, -1) : maps.slice(0, -1);
    return { logits: maps.at(-1)!, auxiliary: others.map((logits, i) => ({ name: `map ${i}`, logits, weight: 1 })) };
  }

  forward(x: Tensor): Tensor<"f32"> {
    return this.outputs(x).logits;
  }
}

await pytorchNetworks("encoders", {
  mobilenet_v2: () => new Maps(new MobileNetV2({ width: 0.25, blocks: [1, 2, 1, 1, 1, 1, 1], lastChannels: 24 })),
  "mobilenet_v2 without its last convolution": () => new Maps(new MobileNetV2({ width: 0.25, blocks: [1, 1, 2, 1, 1, 1, 1], lastChannels: null })),
  "efficientnet-b0": () => new Maps(new EfficientNet({ variant: "b0", width: 0.25, blocks: [1, 2, 1, 2, 1, 1, 1], dropConnect: 0 })),
  "efficientnet-b3": () => new Maps(new EfficientNet({ variant: "b3", width: 0.25, blocks: [1, 1, 2, 1, 1, 1, 1], dropConnect: 0 })),
  "mobilenet_v2 at stride 8": () => new Maps(dilate(new MobileNetV2({ width: 0.25, blocks: [1, 1, 1, 1, 1, 2, 1], lastChannels: 24 }), { outputStride: 8, policy: "smp" })),
  "efficientnet-b0 at stride 16": () => new Maps(dilate(new EfficientNet({ variant: "b0", width: 0.25, blocks: [1, 1, 1, 1, 1, 2, 1] }), { outputStride: 16, policy: "smp" })),
  vgg11: () => new Maps(new VGG({ depth: 11, width: 4 })),
  vgg13_bn: () => new Maps(new VGG({ depth: 13, width: 4, batchNorm: true })),
  densenet121: () => new Maps(new DenseNet({ depth: 121, growth: 4, blocks: [2, 2, 1, 2] })),
  resnet18: () => new Maps(new ResNet({ depth: 18, width: 8 })),
  resnext50: () => new Maps(new ResNet({ depth: 50, width: 8, blocks: [1, 2, 1, 2], groups: 4, widthPerGroup: 16 })),
});
