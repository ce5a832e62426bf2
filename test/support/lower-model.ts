import { Capture } from "../../src/graph/capture.js";
import { lowerGraph, type Lowered } from "../../src/graph/lower.js";
import { optimise } from "../../src/graph/optimise.js";
import type { Tensor } from "../../src/graph/tensor.js";
import type { AdapterTraits } from "../../src/kernels/lowering.js";
import type { SegmentationModel } from "../../src/models/segmentation-model.js";
import { argmax } from "../../src/ops/argmax.js";
import { crossEntropy } from "../../src/ops/cross-entropy.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";

/** What kernels are told of an adapter that nobody opens: WebGPU's default limits. */
export const someAdapter = (software: boolean): AdapterTraits => ({
  software, features: new Set(),
  limits: { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384, maxStorageBufferBindingSize: 2 ** 31 - 4 },
});

/** The dispatches of a prediction, or of loss and gradients, for images [n, h, w]. Needs no device and compiles nothing. */
export function lowerModel(model: SegmentationModel, mode: "train" | "predict", [n, h, w]: readonly [number, number, number], adapter: AdapterTraits): Lowered {
  const capture = new Capture({ shapesOnly: true });
  model.train(mode === "train");
  let outputs: Tensor[] = [];
  capture.run(() => {
    const image = capture.input([n, h, w, model.inChannels], "f32") as Tensor<"f32">;
    if (mode === "predict") return void (outputs = [argmax(model.forward(image) as Tensor<"f32">)]);
    const mask = capture.input([n, h, w], "u32") as Tensor<"u32">;
    const { value, grads } = valueAndGrad(model, () => crossEntropy(model.forward(image) as Tensor<"f32">, mask));
    outputs = [value, ...grads.values()];
  });
  return lowerGraph(optimise(capture.graph(outputs.map((t) => t.value!))), adapter);
}
