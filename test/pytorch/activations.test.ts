import * as activations from "../../src/ops/activations.js";
import { pytorchFamily, type PyTorchOp } from "../support/pytorch.js";

const { prelu, relu, relu6, selu, silu, mish, hardSigmoid, hardSwish, softsign, sigmoid, logSigmoid, tanh, leakyRelu, elu, gelu, softplus } = activations;
await pytorchFamily("activations", {
  ...Object.fromEntries(Object.entries({ relu, relu6, selu, silu, mish, hardSigmoid, hardSwish, softsign, sigmoid, logSigmoid, tanh }).map(([name, f]): [string, PyTorchOp] => [name, ({ x }) => f(x)])),
  ...Object.fromEntries(Object.entries({ leakyRelu, elu, gelu, softplus }).map(([name, f]): [string, PyTorchOp] => [name, ({ x }, o) => f(x, o)])),
  prelu: ({ x, weight }) => prelu(x, weight),
});
