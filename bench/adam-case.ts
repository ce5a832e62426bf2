import { Random, hashText } from "../src/data/random.js";
import { compile } from "../src/graph/compile.js";
import { Parameter } from "../src/graph/parameter.js";
import { zeros } from "../src/graph/init.js";
import { tensor, type Tensor } from "../src/graph/tensor.js";
import { Module } from "../src/layers/module.js";
import { adam } from "../src/optim/index.js";
import { sizeOf, type Shape } from "../src/runtime/shape.js";
import type { Case } from "./harness.js";
import { compare, randomInputs } from "./operator.js";
import type { Inputs } from "./spec.js";

/** Weights and biases of four 3×3 convolutions. */
const shapes: readonly Shape[] = Array.from({ length: 4 }, () => [[256, 3, 3, 256], [256]]).flat();
const count = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
const learningRate = 1e-3;

class Weight extends Module {
  readonly value: Parameter;

  constructor(shape: Shape) {
    super();
    this.value = new Parameter(shape, zeros);
  }
}

class Weights extends Module {
  readonly all = shapes.map((shape) => new Weight(shape));
}

/** One update of every parameter, gradients being arguments; what a model's own plan has in place is copied in here. */
export const adamCase: Case = {
  name: `adam ${(count / 1e6).toFixed(1)}M in ${shapes.length}`, group: "operators", flops: 0, count: "memory bound",
  // Parameters and both moments are read and written, gradients read.
  bytes: 4 * 7 * count,
  spec: { kind: "adam", learningRate },
  prepare: async (device) => {
    const inputs: Inputs = randomInputs(Object.fromEntries(shapes.flatMap((shape, i) => [[`p${i}`, shape], [`g${i}`, shape]])));
    const model = new Weights().to(device, { seed: 0 });
    const parameters = model.all.map(({ value }) => value);
    parameters.forEach((parameter, i) => parameter.write(inputs[`p${i}`]!.data as Float32Array<ArrayBuffer>));
    const gradients = shapes.map((shape, i) => tensor(device, inputs[`g${i}`]!.data as Float32Array, shape));
    const optimizer = adam(parameters, { learningRate });
    const update = compile((...grads: Tensor<"f32">[]) => optimizer.update(new Map(parameters.map((parameter, i) => [parameter, grads[i]!]))).gradientNorm);
    const plan = await update.prepare(...gradients);
    let first: Float32Array[] | undefined;
    const firstUpdate = async (): Promise<Float32Array[]> => {
      if (first) return first;
      update(...gradients).dispose();
      return (first = await Promise.all(parameters.map((parameter) => parameter.data())));
    };
    return {
      plan, inputs,
      run: () => update(...gradients).dispose(),
      result: firstUpdate,
      check: async () => {
        const got = (await firstUpdate()).flatMap((part) => [...part]);
        // After the first step both corrected moments are those of the gradient itself: p − lr · g / (|g| + 1e-8).
        const want = shapes.flatMap((_, i) => {
          const [p, g] = [inputs[`p${i}`]!.data, inputs[`g${i}`]!.data];
          return Array.from(p, (value, k) => value - (learningRate * g[k]!) / (Math.abs(g[k]!) + 1e-8));
        });
        const random = new Random(hashText("adam"));
        return compare(adamCase.name, Array.from({ length: 1000 }, () => random.bits() % count).map((i) => ({ got: got[i]!, want: want[i]! })));
      },
      dispose: () => {
        update.dispose();
        optimizer.dispose();
        model.dispose();
        gradients.forEach((each) => each.dispose());
      },
    };
  },
};
