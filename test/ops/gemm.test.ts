import { gemm } from "../../src/ops/gemm.js";
import * as reference from "../reference/matmul.js";
import { testErrors } from "../support/test-errors.js";
import { testOp } from "../support/test-op.js";

testOp("gemm", ({ a, b, c }, o) => gemm(a, b, c, o), reference.gemm, [
  { a: [5, 7], b: [7, 3], c: [5, 3] },
  { a: [5, 7], b: [7, 8], c: [8], options: { alpha: 0.5 } },
  { a: [5, 7], b: [7, 8], c: [5, 1], options: { beta: -2 } },
  { a: [5, 7], b: [7, 8], c: [1, 1], options: { alpha: 2, beta: 0.5 } },
  { a: [7, 5], b: [7, 8], c: [1, 8], options: { transposeA: true } },
  { a: [5, 7], b: [8, 7], c: [8], options: { transposeB: true, alpha: -1 } },
  { a: [6, 4], b: [3, 6], c: [4, 3], options: { transposeA: true, transposeB: true } },
  { a: [5, 7], b: [7, 3] },
  { a: [5, 7], b: [7, 3], options: { alpha: 3 } },
  { a: [1, 1], b: [1, 1], c: [1] },
  { a: [5, 7], b: [7, 3], c: [3], options: { beta: 0 }, name: "beta 0 leaves c out" },
]);

testErrors("gemm", [
  ["a batch", { a: [2, 3, 4], b: [4, 5] }, ({ a, b }) => gemm(a!, b!), "gemm: a and b must be matrices. Use matmul for batches.\n  a  [2, 3, 4]\n  b  [4, 5]"],
  ["c that does not fit", { a: [3, 4], b: [4, 5], c: [3] }, ({ a, b, c }) => gemm(a!, b!, c!), "gemm: c must stretch to [3, 5] (axes are aligned at the end; only 1 stretches).\n  a  [3, 4]\n  b  [4, 5]\n  c  [3]"],
  ["an infinite factor", { a: [3, 4], b: [4, 5] }, ({ a, b }) => gemm(a!, b!, undefined, { alpha: Infinity }), "gemm: alpha must be a finite number but is Infinity."],
]);
