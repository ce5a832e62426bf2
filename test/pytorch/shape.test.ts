import { argmax } from "../../src/ops/argmax.js";
import { broadcastTo } from "../../src/ops/broadcast-to.js";
import { concat } from "../../src/ops/concat.js";
import { crop2d } from "../../src/ops/crop2d.js";
import { flip } from "../../src/ops/flip.js";
import { oneHot } from "../../src/ops/one-hot.js";
import { reshape } from "../../src/ops/reshape.js";
import { slice } from "../../src/ops/slice.js";
import { split } from "../../src/ops/split.js";
import { transpose } from "../../src/ops/transpose.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("shape", {
  concat: (inputs, o) => concat(Object.values(inputs), o),
  split: ({ x }, { sizes, axis }) => Object.fromEntries(split(x, sizes, { axis }).map((part, i) => [`part${i}`, part])),
  slice: ({ x }, o) => slice(x, o),
  transpose: ({ x }, { permutation }) => transpose(x, permutation),
  broadcastTo: ({ x }, { shape }) => broadcastTo(x, shape),
  reshape: ({ x }, { shape }) => reshape(x, shape),
  crop2d: ({ x }, o) => crop2d(x, o),
  oneHot: ({ labels }, { classes }) => oneHot(labels, classes),
  argmax: ({ x }, o) => argmax(x, o),
  flip: ({ x }, o) => flip(x, o),
});
