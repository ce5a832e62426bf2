// A program of its own: trains a small U-Net for a number of steps and prints the bits of its weights.
// Bundled and run by determinism.test.ts: node train.mjs STEPS.
import { createHash } from "node:crypto";
import { compile } from "../../../src/graph/compile.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { Dropout } from "../../../src/layers/dropout.js";
import { UNet } from "../../../src/models/unet.js";
import { createDevice } from "../../../src/node.js";
import { crossEntropy } from "../../../src/ops/cross-entropy.js";
import { valueAndGrad } from "../../../src/ops/value-and-grad.js";
import { adamW } from "../../../src/optim/index.js";
import { random } from "../../support/random.js";

const steps = Number(process.argv[2]);
const device = await createDevice();
device.random.seed = 7;
const model = new UNet({ classes: 2, widths: [4, 8] }).to(device, { seed: 3 });
const drop = new Dropout(0.2).to(device);
const optimizer = adamW(model.parameters(), { learningRate: 1e-2 });
const step = compile((image: Tensor<"f32">, mask: Tensor<"u32">) => {
  const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(drop.forward(image)) as Tensor<"f32">, mask));
  optimizer.update(grads);
  return value;
});
const rng = random("determinism");
const losses: Promise<number>[] = [];
for (let i = 0; i < steps; i++) {
  using image = tensor(device, Float32Array.from({ length: 2 * 15 * 13 * 3 }, () => rng.normal()), [2, 15, 13, 3]);
  using mask = tensor(device, Uint32Array.from({ length: 2 * 15 * 13 }, () => rng.integer(2)), [2, 15, 13]);
  using loss = step(image, mask);
  losses.push(loss.item());
  if (i % 16 === 0) await losses.at(-1);
}
const hash = createHash("sha256");
hash.update(Float64Array.from(await Promise.all(losses)));
for (const [, variable] of model.namedVariables()) hash.update(await variable.data());
await device.destroy();
console.log(hash.digest("hex"));
