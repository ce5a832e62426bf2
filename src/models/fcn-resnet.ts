import { FCNHead, TorchvisionResNet, type TorchvisionResNetOptions } from "./torchvision-model.js";

/**
 * torchvision's `fcn_resnet50` and `fcn_resnet101`: a dilated ResNet at output stride 8, a small head, and bilinear upsampling (Long et al. 2015
 * on the backbone of Chen et al. 2017). 35,322,218 and 54,314,346 parameters for 21 classes, auxiliary head included. Any image size is fine.
 *
 *     image → ResNet → layer3 ┬→ layer4 → head ×8 → logits
 *                             └→ auxiliary head ×8, whose loss counts 0.5 in training
 */
export class FCNResNet extends TorchvisionResNet {
  readonly architecture = "fcn-resnet";

  /** @throws OptionError for options out of range */
  constructor(options: TorchvisionResNetOptions) {
    super("FCNResNet", options, {}, (inChannels) => new FCNHead(inChannels, options.classes));
  }
}
