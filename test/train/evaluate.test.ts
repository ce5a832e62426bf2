import { expect, test } from "vitest";
import { ConfusionMatrix } from "../../src/metrics/confusion-matrix.js";
import { UNet } from "../../src/models/unet.js";
import { evaluate } from "../../src/train/evaluate.js";
import { testDevice } from "../support/device.js";
import { memory, smallUNet, squares } from "./support.js";

for (const classes of [2, 1])
  test(`counts what predict finds, on images of any size, with ${classes} logit${classes > 1 ? "s" : ""}`, async () => {
    const device = await testDevice();
    using model = await smallUNet({ classes });
    const dataset = squares(3, 4, [19, 22]);
    const before = memory(device);
    const done: number[] = [];
    const { matrix, images, loss } = await evaluate(model, dataset, { progress: (n) => void done.push(n) });
    expect(images).toBe(3);
    expect(done).toEqual([1, 2, 3]);
    expect(loss).toBeGreaterThan(0);
    expect(memory(device)).toEqual(before);
    const expected = new ConfusionMatrix(2);
    for (let i = 0; i < 3; i++) {
      const { image, mask, width, height } = await dataset.get(i);
      expected.addMaps((await model.predict({ data: image, width, height, channels: 3 })).classes, mask!);
    }
    expect([...matrix.counts]).toEqual([...expected.counts]);
    expect(model.training).toBe(true);
  });

test("refuses masks of other classes", async () => {
  using model = new UNet({ classes: 5, widths: [4, 8] }).to(await testDevice());
  await expect(evaluate(model, squares(1, 1))).rejects.toThrow("The data set has 2 classes (dark, bright) but the network tells 5 apart.");
});
