import { compile, type Compiled } from "../../src/graph/compile.js";
import { uniform } from "../../src/graph/init.js";
import { Parameter } from "../../src/graph/parameter.js";
import { tensor, type Tensor } from "../../src/graph/tensor.js";
import { Module } from "../../src/layers/module.js";
import { matmul } from "../../src/ops/matmul.js";
import { add, relu, square, sub } from "../../src/ops/pointwise.js";
import { mean } from "../../src/ops/mean.js";
import { valueAndGrad } from "../../src/ops/value-and-grad.js";
import { adam } from "../../src/optim/index.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import type { Device } from "../../src/runtime/device.js";
import { random } from "./random.js";

/** Two fully connected layers: small enough to train in every way a test can think of. */
export class TinyModel extends Module {
  readonly first = new Parameter([3, 8], uniform(-0.5, 0.5));
  readonly bias = new Parameter([8], uniform(-0.5, 0.5));
  readonly second = new Parameter([8, 2], uniform(-0.5, 0.5));
  forward(x: Tensor<"f32">): Tensor {
    return matmul(relu(add(matmul(x, this.first), this.bias)) as Tensor<"f32">, this.second);
  }
}

export interface TinyTraining {
  readonly model: TinyModel;
  readonly optimizer: Optimizer;
  readonly step: Compiled<[x: Tensor<"f32">, y: Tensor<"f32">], Tensor>;
  readonly x: Tensor<"f32">;
  readonly y: Tensor<"f32">;
  dispose(): void;
}

export function tinyTraining(device: Device, { seed = 1 } = {}): TinyTraining {
  const rng = random(seed);
  const model = new TinyModel().to(device, { seed });
  const optimizer = adam(model.parameters(), { learningRate: 0.05 });
  const normals = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());
  const x = tensor(device, normals(15), [5, 3]);
  const y = tensor(device, normals(10), [5, 2]);
  const step = compile(function tinyStep(x: Tensor<"f32">, y: Tensor<"f32">): Tensor {
    const { value, grads } = valueAndGrad(model, () => mean(square(sub(model.forward(x), y)) as Tensor<"f32">));
    optimizer.update(grads);
    return value;
  });
  return {
    model, optimizer, step, x, y,
    dispose: () => {
      step.dispose();
      optimizer.dispose();
      model.dispose();
      x.dispose();
      y.dispose();
    },
  };
}
