import { argmax } from "../../src/ops/argmax.js";
import { argmin } from "../../src/ops/argmin.js";
import { cumsum } from "../../src/ops/cumsum.js";
import { gather } from "../../src/ops/gather.js";
import { indexAdd } from "../../src/ops/index-add.js";
import { indexSelect } from "../../src/ops/index-select.js";
import { scatterAdd } from "../../src/ops/scatter-add.js";
import { argsort, sort } from "../../src/ops/sort.js";
import { stack } from "../../src/ops/stack.js";
import { topK } from "../../src/ops/top-k.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("indexing", {
  argmax: ({ x }, o) => argmax(x, o),
  argmin: ({ x }, o) => argmin(x, o),
  argsort: ({ x }, o) => argsort(x, o),
  cumsum: ({ x }, o) => cumsum(x, o),
  gather: ({ x, indices }, o) => gather(x, indices, o),
  indexAdd: ({ x, indices, source }, o) => indexAdd(x, indices, source, o),
  indexSelect: ({ x, indices }, o) => indexSelect(x, indices, o),
  scatterAdd: ({ x, indices, source }, o) => scatterAdd(x, indices, source, o),
  sort: ({ x }, o) => ({ ...sort(x, o) }),
  stack: (xs, o) => stack(Object.values(xs), o),
  topK: ({ x }, { k, ...o }) => ({ ...topK(x, k, o) }),
});
