import { conv2d } from "../../src/ops/conv2d.js";
import { convTranspose2d } from "../../src/ops/conv-transpose2d.js";
import { pad } from "../../src/ops/pad.js";
import { pad2d } from "../../src/ops/pad2d.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("convolution", {
  conv2d: ({ x, weight, bias }, o) => conv2d(x, weight, { ...o, bias }),
  convTranspose2d: ({ x, weight, bias }, o) => convTranspose2d(x, weight, { ...o, bias }),
  pad2d: ({ x }, o) => pad2d(x, o),
  pad: ({ x }, { widths, ...o }) => pad(x, widths, o),
});
