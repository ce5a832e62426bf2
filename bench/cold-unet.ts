import { compile } from "../src/graph/compile.js";
import type { Tensor } from "../src/graph/tensor.js";
import { createDevice } from "../src/node.js";
import { crossEntropy } from "../src/ops/cross-entropy.js";
import { valueAndGrad } from "../src/ops/value-and-grad.js";
import { adam } from "../src/optim/index.js";
import type { ColdRun } from "./cold-start.js";
import { countBuffers } from "./count-buffers.js";
import { imageTensor, labelTensor, makeBatch, makeUNet } from "./unet-cases.js";

/** First result of the U-Net with this library, in a process that has done nothing else. */
export async function coldUNet(training: boolean, n: number, size: number): Promise<ColdRun> {
  const loaded = performance.now();
  const device = await createDevice();
  const opened = performance.now();
  const peak = countBuffers(device.gpu);
  const model = makeUNet(device);
  const batch = makeBatch(n, size);
  const [image, labels] = [imageTensor(device, batch), labelTensor(device, batch)];
  const optimizer = adam(model.parameters(), { learningRate: 1e-4 });
  const run = compile((x: Tensor, y: Tensor) => {
    if (!training) return model.forward(x);
    const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(x), y));
    optimizer.update(grads);
    return value;
  });
  await run.prepare(image, labels);
  const compiled = performance.now();
  const out = run(image, labels);
  await out.data();
  const first = performance.now();
  out.dispose();
  for (let i = 0; i < 2; i++) run(image, labels).dispose();
  await device.idle();
  return { loaded, device: opened, compiled, first, peakBytes: peak() };
}
