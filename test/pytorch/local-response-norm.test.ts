import { localResponseNorm } from "../../src/ops/local-response-norm.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("local-response-norm", { localResponseNorm: ({ x }, o) => localResponseNorm(x, o) });
