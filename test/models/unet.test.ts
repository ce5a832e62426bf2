import { UNet } from "../../src/models/unet.js";
import { testModel } from "./contract.js";

testModel("UNet", {
  full: () => new UNet({ classes: 2 }),
  parameters: 31_037_698,
  entries: 118,
  names: [
    "inc.double_conv.0.weight", "inc.double_conv.1.weight", "inc.double_conv.1.running_mean", "inc.double_conv.1.num_batches_tracked", "inc.double_conv.3.weight",
    "down1.maxpool_conv.1.double_conv.0.weight", "down4.maxpool_conv.1.double_conv.4.bias", "up1.up.weight", "up1.up.bias", "up4.conv.double_conv.4.running_var", "outc.conv.weight", "outc.conv.bias",
  ],
  narrow: () => new UNet({ classes: 2, widths: [8, 16, 32] }),
  sizes: [[21, 30], [4, 5], [32, 32], [4, 4], [23, 17]],
  steps: 60,
  learningRate: 0.01,
});
