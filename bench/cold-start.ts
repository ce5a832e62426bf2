// A process of its own: milliseconds from its start to the first result of a network, printed as one line of JSON.
import { compile } from "../src/graph/compile.js";
import type { Tensor } from "../src/graph/tensor.js";
import { createDevice } from "../src/node.js";
import { crossEntropy } from "../src/ops/cross-entropy.js";
import { valueAndGrad } from "../src/ops/value-and-grad.js";
import { adamW } from "../src/optim/index.js";
import { imageTensor, labelTensor, makeBatch, makeUNet } from "./unet-cases.js";

const training = process.argv[2] === "step";
const imported = performance.now();
const device = await createDevice();
const opened = performance.now();
const model = makeUNet(device);
const batch = training ? makeBatch(4, 128) : makeBatch(1, 256);
const [image, labels] = [imageTensor(device, batch), labelTensor(device, batch)];
const optimizer = adamW(model.parameters(), { learningRate: 1e-4 });
const run = compile((x: Tensor, y: Tensor) => {
  if (!training) return model.forward(x);
  const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(x), y));
  optimizer.update(grads);
  return value;
});
await run.prepare(image, labels);
const prepared = performance.now();
using out = run(image, labels);
await out.data();
console.log(JSON.stringify({ imported, opened, prepared, first: performance.now() }));
await device.destroy();
