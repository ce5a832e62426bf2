// Trains a small U-Net on synthetic microscope pictures in the page, and paints what it finds in pictures it never saw.
// Bundle it: npx esbuild main.js --bundle --format=esm --minify --outfile=dist/main.js
import { adamW, compile, createDevice, crossEntropy, deviceBatches, SyntheticMicroscopy, UNet, valueAndGrad } from "atrous";

const query = new URLSearchParams(location.search);
const steps = Number(query.get("steps") ?? 200);
const size = 64;

const $ = (id) => document.getElementById(id);
const say = (text) => ($("status").textContent = text);

/** A canvas with a caption among the pictures. */
function picture(caption) {
  const figure = $("pictures").appendChild(document.createElement("figure"));
  const canvas = figure.appendChild(document.createElement("canvas"));
  figure.appendChild(document.createElement("figcaption")).textContent = caption;
  [canvas.width, canvas.height] = [size, size];
  return canvas.getContext("2d");
}

function drawCurve(losses) {
  const { width, height } = $("curve");
  const context = $("curve").getContext("2d");
  context.clearRect(0, 0, width, height);
  context.strokeStyle = "#d6336c";
  context.lineWidth = 2;
  context.beginPath();
  losses.forEach((loss, i) => context.lineTo(((i + 0.5) / steps) * width, height - Math.min(1, loss / losses[0]) * (height - 4)));
  context.stroke();
}

/** Intersection over union of class 1. */
function iou(mask, classes) {
  let [both, either] = [0, 0];
  mask.forEach((label, i) => {
    both += label & classes[i];
    either += label | classes[i];
  });
  return either ? both / either : 1;
}

async function main() {
  const device = await createDevice();
  $("adapter").textContent = `Adapter: ${device.adapter.name}`;

  const model = new UNet({ classes: 2, widths: [8, 16, 32] }).to(device, { seed: 0 });
  model.classInfo = [{ name: "background", color: [0, 0, 0] }, { name: "nucleus", color: [60, 220, 90] }];
  const optimizer = adamW(model.parameters(), { learningRate: 3e-3 });
  const step = compile((image, mask) => {
    const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(image), mask, { ignoreIndex: 255 }));
    optimizer.update(grads);
    return value;
  });

  const unseen = new SyntheticMicroscopy({ length: 4, size: [size, size], seed: 1, radius: [4, 8] });
  const views = Array.from({ length: unseen.length }, () => [picture("input"), picture("prediction")]).flat();
  const show = async () => {
    let total = 0;
    for (let i = 0; i < unseen.length; i++) {
      const { image, mask } = unseen.get(i);
      const prediction = await model.predict({ data: image, width: size, height: size }, { overlay: true });
      views[2 * i].putImageData(prediction.toImageData({ alpha: 0 }), 0, 0);
      views[2 * i + 1].putImageData(prediction.toImageData(), 0, 0);
      total += iou(mask, prediction.classes) / unseen.length;
    }
    return total;
  };

  const dataset = new SyntheticMicroscopy({ length: 64, size: [size, size], seed: 0, radius: [4, 8] });
  const batches = deviceBatches(device, dataset, { batchSize: 4, size: [size, size], augment: { flipHorizontal: true, flipVertical: true } });
  const losses = [];
  say("Compiling …");
  const begun = performance.now();
  for await (const batch of batches) {
    const loss = step(batch.image, batch.mask);
    batch.dispose();
    losses.push(await loss.item());
    loss.dispose();
    const n = losses.length;
    $("progress").value = n / steps;
    drawCurve(losses);
    const rate = (4000 * n) / (performance.now() - begun);
    say(`Step ${n} of ${steps}: loss ${losses[n - 1].toFixed(3)}, ${rate.toFixed(1)} images/s`);
    if (n % 25 === 0) await show();
    if (n >= steps) break;
  }
  const score = await show();
  say(`${steps} steps in ${((performance.now() - begun) / 1000).toFixed(0)} s. IoU of the nuclei on pictures it never saw: ${score.toFixed(3)}`);
  return { adapter: device.adapter.name, first: losses[0], last: losses.at(-1), iou: score };
}

// The result is there for whoever automates the page.
globalThis.result = main().catch((error) => {
  $("adapter").className = "error";
  $("adapter").textContent = error.message;
  throw error;
});
