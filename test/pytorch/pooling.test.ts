import { adaptiveAvgPool2d } from "../../src/ops/adaptive-avg-pool2d.js";
import { adaptiveMaxPool2dWithIndices } from "../../src/ops/adaptive-max-pool2d.js";
import { avgPool2d } from "../../src/ops/avg-pool2d.js";
import { lpPool2d } from "../../src/ops/lp-pool2d.js";
import { maxPool2d, maxPool2dWithIndices } from "../../src/ops/max-pool2d.js";
import { maxUnpool2d } from "../../src/ops/max-unpool2d.js";
import { pyramidPool2d } from "../../src/ops/pyramid-pool2d.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("pooling", {
  maxPool2d: ({ x }, o) => maxPool2d(x, o),
  maxPool2dWithIndices: ({ x }, o) => maxPool2dWithIndices(x, o),
  avgPool2d: ({ x }, o) => avgPool2d(x, o),
  adaptiveAvgPool2d: ({ x }, o) => adaptiveAvgPool2d(x, o),
  adaptiveMaxPool2dWithIndices: ({ x }, o) => adaptiveMaxPool2dWithIndices(x, o),
  pyramidPool2d: ({ x }, o) => Object.fromEntries(pyramidPool2d(x, o).map((level, i) => [`level${i}`, level])),
  lpPool2d: ({ x }, o) => lpPool2d(x, { ...o, normType: o.normType === "inf" ? Infinity : o.normType }),
  maxUnpool2d: ({ x, indices }, o) => maxUnpool2d(x, indices, o),
});
