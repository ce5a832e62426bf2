import { expect, it } from "vitest";
import { batches } from "../../src/data/batches.js";
import { deviceBatches } from "../../src/data/device-batches.js";
import { SyntheticMicroscopy } from "../../src/data/synthetic.js";
import { testDevice } from "../support/device.js";

it("uploads batches and frees them with the batch", async () => {
  const device = await testDevice();
  const dataset = new SyntheticMicroscopy({ length: 5, size: [20, 24] });
  const options = { batchSize: 2, epoch: 0 } as const;
  const { tensors } = device.memory();
  const expected = batches(dataset, options)[Symbol.asyncIterator]();
  const stream = deviceBatches(device, dataset, options);
  for await (using batch of stream) {
    const { images, masks, count, names } = (await expected.next()).value!;
    expect(batch.image.shape).toEqual([count, 20, 24, 3]);
    expect(batch.mask.shape).toEqual([count, 20, 24]);
    expect(batch.names).toEqual(names);
    expect(await batch.image.data()).toEqual(images);
    expect(await batch.mask.data()).toEqual(masks);
  }
  expect(stream.state).toEqual({ seed: 0, step: 3 });
  expect(stream.remaining).toBe(0);
  expect(device.memory().tensors).toBe(tensors);
});
