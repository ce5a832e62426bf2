// Trains a small U-Net on synthetic microscope pictures, saves it, loads it again and segments a picture it never saw.
// In a clone: npm ci && npm run build && node examples/node/train-and-segment.mjs [STEPS] [FOLDER]
import { encodePng, createDevice, loadModel, saveModel, trainingFolder, writeAtomically, ensureDir } from "atrous/node";
import { scores, evaluate, SyntheticMicroscopy, Trainer, UNet } from "atrous";

const [steps = "100", folder = "out/example"] = process.argv.slice(2);
await ensureDir(folder);

const device = await createDevice();
console.log(`Adapter: ${device.adapter.name}`);

const size = [64, 64];
const dataset = new SyntheticMicroscopy({ length: 64, size, seed: 0, radius: [4, 8] });
const unseen = new SyntheticMicroscopy({ length: 8, size, seed: 1, radius: [4, 8] });
const model = new UNet({ classes: 2, widths: [8, 16, 32] }).to(device, { seed: 0 });
model.classInfo = [{ name: "background", color: [0, 0, 0] }, { name: "nucleus", color: [60, 220, 90] }];

const trainer = new Trainer({
  model, dataset, validation: unseen, steps: Number(steps), validateEvery: 25, batchSize: 4, augment: { flipHorizontal: true, flipVertical: true }, learningRate: 3e-3,
  storage: await trainingFolder(`${folder}/run`),
  callbacks: [(event) => event.type === "validation" && console.log(`step ${event.step}: loss ${event.loss.toFixed(3)}, IoU ${event.score.toFixed(3)}`)],
});
await trainer.run();
await saveModel(model, `${folder}/weights.safetensors`);

const ready = await loadModel(`${folder}/weights.safetensors`, device);
const { matrix } = await evaluate(ready, unseen);
console.log(`Dice of the nuclei on pictures it never saw: ${scores(matrix).perClass[1].dice.toFixed(3)}`);

const { image: data } = unseen.get(0);
const prediction = await ready.predict({ data, width: 64, height: 64 }, { overlay: true });
await writeAtomically(`${folder}/overlay.png`, encodePng(prediction.overlay()));
console.log(`Look at ${folder}/overlay.png.`);
await device.destroy();
