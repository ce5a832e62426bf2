import { gemm } from "../../src/ops/gemm.js";
import { matmul } from "../../src/ops/matmul.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("matmul", {
  matmul: ({ a, b }, o) => matmul(a, b, o),
  gemm: ({ a, b, c }, o) => gemm(a, b, c, o),
});
