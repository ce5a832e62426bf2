import { test } from "vitest";
import { Capture } from "../../src/graph/capture.js";
import { optimise } from "../../src/graph/optimise.js";
import { lowerGraph } from "../../src/graph/lower.js";
import { layOut } from "../../src/graph/lay-out.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { argmax } from "../../src/ops/argmax.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { adamW } from "../../src/optim/index.js";
import { UNet } from "../../src/models/unet.js";
import { SegNet } from "../../src/models/segnet.js";
import { testDevice } from "../support/device.js";

test("ratios", async () => {
  const device = await testDevice();
  for (const software of [true, false])
  for (const [name, make] of Object.entries({
    "unet none": () => new UNet({ classes: 2, widths: [16, 32, 64, 128, 256], norm: "none" }),
    "unet bn": () => new UNet({ classes: 2, widths: [16, 32, 64, 128, 256] }),
    "unet full": () => new UNet({ classes: 2 }),
    "unet bilinear": () => new UNet({ classes: 12, widths: [16, 32, 64, 128, 256], bilinear: true }),
    "segnet": () => new SegNet({ classes: 12 } as never),
  })) {
    const model = make().to(device);
    const optimizer = adamW(model.parameters(), { learningRate: 1e-3 });
    for (const [n, h, w] of [[4, 128, 128], [1, 256, 256], [2, 97, 113]] as const)
      for (const mode of ["train", "predict"]) {
        const t0 = performance.now();
        const capture = new Capture();
        capture.useDevice(device);
        let outputs: any[] = [];
        model.train(mode === "train");
        capture.run(() => {
          const x = capture.input([n, h, w, 3], "f32") as any;
          if (mode === "predict") return void (outputs = [argmax(model.forward(x))]);
          const y = capture.input([n, h, w], "u32") as any;
          const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(x), y));
          optimizer.update(grads);
          outputs = [value];
        });
        const g0 = capture.graph(outputs.map((t) => t.value));
        const t1 = performance.now();
        const graph = optimise(g0);
        const t2 = performance.now();
        const lowered = lowerGraph(graph, { ...device.adapter, software });
        const t3 = performance.now();
        const layout = layOut(lowered, device.adapter.limits.maxBufferSize);
        const t4 = performance.now();
        const total = layout.slabs.reduce((a, b) => a + b, 0);
        console.log(name, software ? "soft" : "gpu", mode, [n, h, w].join("x"), "nodes", g0.nodes.length, "->", graph.nodes.length, "calls", lowered.calls.length, "statics", lowered.statics.length, "slabs", layout.slabs.map((s) => (s / 2 ** 20).toFixed(1)).join(" "), "bound", (layout.lowerBound / 2 ** 20).toFixed(1), "ratio", (total / layout.lowerBound).toFixed(3), "ms capture/opt/lower/layout", [t1 - t0, t2 - t1, t3 - t2, t4 - t3].map((t) => t.toFixed(0)).join(" "));
      }
    model.dispose();
    optimizer.dispose();
  }
}, 100000);
