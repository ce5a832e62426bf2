import { readFileSync, readdirSync } from "node:fs";
import { test } from "vitest";
import { compile } from "../../../src/graph/compile.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { decodeImage, decodeMask } from "../../../src/io/decode.js";
import { loadWeights } from "../../../src/io/weights.js";
import { ESPNet } from "../../../src/models/espnet.js";
import { argmax } from "../../../src/ops/argmax.js";
import { testDevice } from "../../support/device.js";
const D = "/work/shared/data";
const E = `${D}/checkpoints/espnet-camvid/expected`;
function npy(path: string): Float32Array {
  const b = readFileSync(path);
  const h = b.readUInt16LE(8);
  return new Float32Array(b.buffer.slice(b.byteOffset + 10 + h, b.byteOffset + b.length));
}
test("real", { timeout: 600000 }, async () => {
  const device = await testDevice();
  using model = new ESPNet({ classes: 12 }).to(device).eval();
  console.log("LOAD", JSON.stringify(loadWeights(model, readFileSync("/tmp/espnet/espnet.safetensors"))));
  // In BGR; (v - mean) / std / 255 is (v / 255 - mean / 255) / std.
  model.normalisation = { mean: [110.33139, 108.40919, 105.03353].map((m) => m / 255), std: [72.12569, 72.690765, 69.904335] };
  const f = compile((x: Tensor) => { const logits = model.forward(x); return { logits, map: argmax(logits) }; });
  const matrix = new Float64Array(144);
  const files = readdirSync(`${D}/camvid/test60-png`).sort();
  for (const file of files) {
    const image = await decodeImage(readFileSync(`${D}/camvid/test60-png/${file}`));
    const { width: w, height: h, channels } = image;
    const bgr = new Uint8Array(w * h * 3);
    for (let i = 0; i < w * h; i++) for (let c = 0; c < 3; c++) bgr[3 * i + c] = image.data[channels * i + 2 - c]!;
    using x = tensor(device, bgr, [1, h, w, 3]);
    const { logits, map } = f(x);
    const classes = await map.data();
    const stem = file.replace(".png", "");
    try {
      const expected = npy(`${E}/${stem}.logits_stride4.npy`);
      const data = await logits.data();
      let worst = 0;
      for (let c = 0; c < 12; c++) for (let y = 0; y < 90; y++) for (let z = 0; z < 120; z++) worst = Math.max(worst, Math.abs(data[((4 * y) * w + 4 * z) * 12 + c]! - expected[(c * 90 + y) * 120 + z]!));
      console.log("LOGITS", stem, worst);
    } catch { /* none */ }
    try {
      const pred = await decodeMask(readFileSync(`${E}/${stem}.pred.png`));
      let differ = 0;
      for (let i = 0; i < w * h; i++) if (Number(classes[i]) !== (pred.data as Uint8Array)[i]) differ++;
      console.log("PRED", stem, `${differ} of ${w * h} pixels differ`);
    } catch (e) { if (!String(e).includes("ENOENT")) console.log(String(e)); }
    const label = await decodeMask(readFileSync(`${D}/camvid/test/labels/${stem}.png`));
    for (let i = 0; i < w * h; i++) { const t = (label.data as Uint8Array)[i]!; if (t < 11) matrix[t * 12 + Number(classes[i])]!++; }
    logits.dispose(); map.dispose();
  }
  let [right, all, sum, acc] = [0, 0, 0, 0];
  for (let c = 0; c < 11; c++) {
    let [row, col] = [0, 0];
    for (let k = 0; k < 12; k++) { row += matrix[c * 12 + k]!; col += matrix[k * 12 + c]!; }
    right += matrix[c * 12 + c]!; all += row;
    sum += matrix[c * 12 + c]! / (row + col - matrix[c * 12 + c]!); acc += matrix[c * 12 + c]! / row;
  }
  console.log("METRICS", files.length, right / all, acc / 11, sum / 11);
});
