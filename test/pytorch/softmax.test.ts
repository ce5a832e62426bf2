import { logSoftmax } from "../../src/ops/log-softmax.js";
import { softmax } from "../../src/ops/softmax.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("softmax", {
  softmax: ({ x }) => softmax(x),
  logSoftmax: ({ x }) => logSoftmax(x),
});
