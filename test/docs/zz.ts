import { UNet, crossEntropy, adamW, compile, valueAndGrad, deviceBatches, SyntheticMicroscopy } from "../../src/index.js";
import { createDevice } from "../../src/node.js";

const device = await createDevice();
const batches = deviceBatches(device, new SyntheticMicroscopy(), { batchSize: 4, epoch: 0 });
const model = new UNet({ inChannels: 3, classes: 2, widths: [16, 32, 64, 128, 256] }).to(device, { seed: 0 });
const optimizer = adamW(model.parameters(), { learningRate: 1e-3 });
const step = compile((image, mask) => {
  const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(image), mask, { ignoreIndex: 255 }));
  optimizer.update(grads);
  return value;
});
let i = 0;
for await (using batch of batches) {
  using loss = step(batch.image, batch.mask);
  if (i++ % 20 === 0) console.log(await loss.item());
}
