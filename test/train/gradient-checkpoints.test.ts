import { expect, test } from "vitest";
import { tensor } from "../../src/graph/tensor.js";
import { UNet } from "../../src/models/unet.js";
import { sgd } from "../../src/optim/index.js";
import { OptionError } from "../../src/runtime/errors.js";
import { crossEntropyLoss } from "../../src/train/loss.js";
import { trainingStep } from "../../src/train/step.js";
import { Trainer } from "../../src/train/trainer.js";
import { testDevice } from "../support/device.js";
import { squares } from "./support.js";

test("gradientCheckpoints need less memory for the same losses, and name modules that run", async () => {
  const device = await testDevice();
  const images = [tensor(device, Uint8Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => (i * 2654435761) >>> 24), [2, 32, 32, 3])];
  const masks = [tensor(device, Uint8Array.from({ length: 2 * 32 * 32 }, (_, i) => (i >> 4) % 2), [2, 32, 32])];
  const train = async (paths: readonly string[]) => {
    using model = new UNet({ classes: 2, widths: [8, 8, 8] }).to(device, { seed: 0 });
    using optimizer = sgd(model.parameters(), { learningRate: 0.1 });
    const step = trainingStep(model, optimizer, crossEntropyLoss, {}, paths);
    const outputs = [step(images, masks), step(images, masks)];
    const losses = await Promise.all(outputs.map((t) => t.data()));
    for (const output of outputs) output.dispose();
    const { lowerBound } = step.plan(images, masks).memory;
    step.dispose();
    expect(Object.hasOwn(model.inc, "forward")).toBe(false);
    return { losses, lowerBound };
  };
  const [plain, checkpointed] = [await train([]), await train(["inc", "down1", "up1", "up2"])];
  expect(checkpointed.losses).toEqual(plain.losses);
  expect(checkpointed.lowerBound).toBeLessThan(plain.lowerBound);
  await expect(train(["down9"])).rejects.toThrow(new OptionError('Trainer: gradientCheckpoints names "down9", but UNet has no module there. Its parts are inc, down1, down2, up1, up2, outc; those inside them have paths like "part.name".'));
  for (const each of [...images, ...masks]) each.dispose();
});

test("Trainer passes gradientCheckpoints on", async () => {
  const device = await testDevice();
  using model = new UNet({ classes: 2, widths: [8, 8] }).to(device, { seed: 0 });
  const trainer = new Trainer({ model, dataset: squares(2, 1), steps: 1, batchSize: 2, gradientCheckpoints: ["middle"] });
  await expect(trainer.run()).rejects.toThrow('Trainer: gradientCheckpoints names "middle", but UNet has no module there.');
});
