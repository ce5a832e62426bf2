import { test } from "vitest";
import { compile } from "../../../src/graph/compile.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { ERFNet } from "../../../src/models/erfnet.js";
import { argmax } from "../../../src/ops/argmax.js";
import { confusionMatrix } from "../../../src/ops/confusion-matrix.js";
import { crossEntropy } from "../../../src/ops/cross-entropy.js";
import { valueAndGrad } from "../../../src/ops/value-and-grad.js";
import { adam, cosine } from "../../../src/optim/index.js";
import { testDevice } from "../../support/device.js";
import { fourImages } from "../contract.js";
test("learn", async () => {
  const device = await testDevice();
  for (const [n, width, steps, rate] of [[64, 4, 100, 0.05], [64, 6, 80, 0.03], [48, 6, 100, 0.03]] as const) {
    const start = performance.now();
    using model = new ERFNet({ classes: 2, width, dropout: 0 }).to(device, { seed: 1 });
    using optimizer = adam(model.parameters(), { learningRate: cosine(rate, steps) });
    const { images, masks } = fourImages(n);
    using x = tensor(device, images, [4, n, n, 3]);
    using y = tensor(device, masks, [4, n, n]);
    const step = compile((x: Tensor, y: Tensor<"u8">) => {
      const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(x), y));
      optimizer.update(grads);
      return value;
    });
    let loss = 0;
    for (let i = 0; i < steps; i++) { using l = step(x, y); if (i === steps - 1) loss = await l.item(); }
    model.eval();
    using counts = compile((x: Tensor, y: Tensor<"u8">) => confusionMatrix(argmax(model.forward(x)), y, { classes: 2 }))(x, y);
    const [a, b, c, d] = (await counts.data()) as unknown as [number, number, number, number];
    console.log(`RES ${n} w${width} s${steps} r${rate} loss ${loss.toFixed(4)} iou ${(a / (a + b + c)).toFixed(3)} ${(d / (d + b + c)).toFixed(3)} ${(performance.now() - start).toFixed(0)} ms`);
  }
});
