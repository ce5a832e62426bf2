import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { batchNormTrain } from "../../src/ops/batch-norm2d.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { convTranspose2d } from "../../src/ops/conv-transpose2d.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { maxPool2d } from "../../src/ops/max-pool2d.js";
import { resize } from "../../src/ops/resize.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily(
  "large",
  {
    conv2d: ({ x, weight, bias }, o) => conv2d(x, weight, { ...o, bias }),
    convTranspose2d: ({ x, weight, bias }, o) => convTranspose2d(x, weight, { ...o, bias }),
    resize: ({ x }, o) => resize(x, o),
    maxPool2d: ({ x }, o) => maxPool2d(x, o),
    avgPool2d: ({ x }, o) => avgPool2d(x, o),
    batchNorm2d: ({ x, gamma, beta }) => batchNormTrain(x, gamma, beta).out,
    crossEntropy: ({ logits, labels }, o) => crossEntropy(logits, labels, o),
  },
  { quick: 6 },
);
