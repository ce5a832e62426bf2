import { FCNResNet } from "../../src/models/fcn-resnet.js";
import { pytorchNetworks } from "../support/networks.js";

await pytorchNetworks("torchvision", { fcn_resnet50: () => new FCNResNet({ depth: 50, classes: 21 }) });
