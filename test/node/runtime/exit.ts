// A program of its own: leaves with work on the GPU. Bundled and run by exit.test.ts: node exit.mjs WAY.
import { compile } from "../../../src/graph/compile.js";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { createDevice } from "../../../src/node.js";
import { matmul } from "../../../src/ops/matmul.js";

const [way] = process.argv.slice(2);
const device = await createDevice();
const square = compile((x: Tensor<"f32">) => [matmul(x, x), matmul(x, matmul(x, x))]);
const x = tensor(device, new Float32Array(300 * 300), [300, 300]);
if (way !== "compiling") await square.prepare(x);
const pending = Array.from({ length: 5 }, () => square(x)[1]!.data());
if (way === "lost") {
  device.gpu.destroy();
  const ends = await Promise.allSettled(pending);
  console.log(ends.filter(({ status }) => status === "rejected").length > 0 ? "lost" : "nothing was lost");
}
await device.destroy();
if (way === "exit") process.exit(0);
