import { createDevice } from "../src/node.js";
import { UNet } from "../src/models/unet.js";
import { compile } from "../src/graph/compile.js";
import { tensor, type Tensor } from "../src/graph/tensor.js";
import { valueAndGrad } from "../src/ops/value-and-grad.js";
import { crossEntropy } from "../src/ops/cross-entropy.js";
import { adamW } from "../src/optim/index.js";
const device = await createDevice();
const model = new UNet({ inChannels: 3, classes: 2, widths: [16, 32, 64, 128, 256], norm: process.env.NORM ?? "none" } as never).to(device, { seed: 0 });
const [n, s] = [Number(process.env.N ?? 4), Number(process.env.S ?? 128)];
const image = tensor(device, new Float32Array(n * s * s * 3).map((_, i) => Math.sin(i)), [n, s, s, 3]);
const mask = tensor(device, new Uint32Array(n * s * s).map((_, i) => i % 2), [n, s, s]);
const optimizer = adamW(model.parameters(), { learningRate: 1e-3 });
const step = compile(function step(image: Tensor, mask: Tensor<"u32">) {
  const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(image as never), mask));
  optimizer.update(grads);
  return value;
} as never) as any;
const t0 = performance.now();
const plan = step.plan(image, mask);
console.log("capture+plan", performance.now() - t0);
if (process.env.DESCRIBE) console.log(plan.describe());
else console.log(plan.describe().split("\n").at(-1), plan.lowered.calls.length);
await plan.ready;
console.log("compiled", performance.now() - t0, device.pipelines.size);
for (let i = 0; i < Number(process.env.STEPS ?? 4); i++) {
  const t = performance.now();
  const loss = step(image, mask);
  const v = await loss.item();
  loss.dispose();
  console.log(i, v, "ms", (performance.now() - t).toFixed(0));
}
if (process.env.PROFILE) {
  const rows = await plan.profile();
  rows.sort((a: any, b: any) => b.milliseconds - a.milliseconds);
  for (const r of rows.slice(0, 40)) console.log(r.kernel.padEnd(50), r.op.padEnd(24), r.milliseconds.toFixed(1), r.gflops.toFixed(1), r.gigabytesPerSecond.toFixed(2));
}
model.eval();
const predict = compile(function predict(x: Tensor) { return model.forward(x as never); } as never) as any;
const x = tensor(device, new Float32Array(256 * 256 * 3).map((_, i) => Math.sin(i)), [1, 256, 256, 3]);
const p2 = await predict.prepare(x);
console.log(p2.describe().split("\n").slice(0, process.env.DESCRIBE ? 60 : 1).join("\n"), p2.describe().split("\n").at(-1));
for (let i = 0; i < 3; i++) { const t = performance.now(); const y = predict(x); await y.data(); y.dispose(); console.log("forward ms", (performance.now() - t).toFixed(0)); }
await device.destroy();
