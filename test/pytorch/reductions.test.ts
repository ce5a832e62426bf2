import type { Tensor } from "../../src/graph/tensor.js";
import { logSum, logSumExp } from "../../src/ops/log-sum-exp.js";
import { max, min } from "../../src/ops/max.js";
import { mean } from "../../src/ops/mean.js";
import { l1Norm, l2Norm } from "../../src/ops/norms.js";
import { prod } from "../../src/ops/prod.js";
import { sum } from "../../src/ops/sum.js";
import { std, variance } from "../../src/ops/variance.js";
import { pytorchFamily, type PyTorchOp } from "../support/pytorch.js";

const folds: Record<string, (x: never, o: object) => Tensor> = { sum, mean, max, min, prod, l1Norm, l2Norm, logSum, logSumExp, variance, std };
await pytorchFamily("reductions", Object.fromEntries(Object.entries(folds).map(([name, fold]): [string, PyTorchOp] => [name, ({ x }, o: object) => fold(x as never, o)])));
