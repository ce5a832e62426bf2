import { affineGrid } from "../../src/ops/affine-grid.js";
import { gridSample } from "../../src/ops/grid-sample.js";
import { pixelShuffle, pixelUnshuffle } from "../../src/ops/pixel-shuffle.js";
import { resize } from "../../src/ops/resize.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("resampling", {
  affineGrid: ({ theta }, o) => affineGrid(theta, o),
  resize: ({ x }, o) => resize(x, o),
  pixelShuffle: ({ x }, o) => pixelShuffle(x, o),
  pixelUnshuffle: ({ x }, o) => pixelUnshuffle(x, o),
  gridSample: ({ x, grid }, o) => gridSample(x, grid, o),
});
