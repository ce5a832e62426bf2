import type { Tensor } from "../../src/graph/tensor.js";
import { BatchNorm2d } from "../../src/layers/batch-norm2d.js";
import { batchNormInference, batchNormTrain } from "../../src/ops/batch-norm2d.js";
import { channelAffine } from "../../src/ops/channel-affine.js";
import { groupNorm } from "../../src/ops/group-norm.js";
import { instanceNorm } from "../../src/ops/instance-norm.js";
import { layerNorm } from "../../src/ops/layer-norm.js";
import { testDevice } from "../support/device.js";
import { pytorchFamily, type PyTorchHostOp } from "../support/pytorch.js";

/** Batches through a module in training mode, then the first one in evaluation mode. */
const batchNormRunning: PyTorchHostOp = async (inputs, { average, momentum }: { average: boolean; momentum?: number }) => {
  const batches = Object.values(inputs) as Tensor[];
  using norm = new BatchNorm2d(batches[0]!.shape[3]!, { momentum: average ? null : momentum! }).to(await testDevice());
  for (const x of batches) norm.forward(x).dispose();
  norm.eval();
  using out = norm.forward(batches[0]!);
  return { out: await out.data(), mean: await norm.runningMean.data(), variance: await norm.runningVar.data() };
};

await pytorchFamily("normalisation", {
  batchNormTrain: ({ x, gamma, beta }, o) => batchNormTrain(x, gamma, beta, o),
  batchNormInference: ({ x, gamma, beta, mean, variance }, o) => batchNormInference(x, gamma, beta, mean, variance, o),
  groupNorm: ({ x, weight, bias }, o) => groupNorm(x, { ...o, weight, bias }),
  instanceNorm: ({ x, weight, bias }, o) => instanceNorm(x, { ...o, weight, bias }),
  layerNorm: ({ x, weight, bias }, o) => layerNorm(x, { ...o, weight, bias }),
  channelAffine: ({ x, scale, shift }) => channelAffine(x, scale, shift),
}, { host: { batchNormRunning } });
