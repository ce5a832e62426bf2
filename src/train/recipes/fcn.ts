import { caffe, caffeBiases, caffeColour, type Recipe } from "./recipe.js";

/**
 * FCN (Long, Shelhamer & Darrell 2015; rates and lengths from the solver files of their release, shelhamer/fcn.berkeleyvision.org): whole
 * images, one at a time, the softmax loss summed and not averaged, hence the small rates; momentum 0.99; biases at twice the rate; the
 * deconvolutions stay bilinear. 16s begins with the weights of 32s, and 8s with those of 16s (`--weights`); "at once" trains all together.
 */
const fcn = (name: string, options: object, learningRate: number, steps: number, summary: string): Recipe => ({
  name, summary,
  source: "shelhamer/fcn.berkeleyvision.org, voc-fcn*/solver.prototxt and train.prototxt",
  model: { architecture: "fcn", options },
  normalisation: caffe,
  size: null, padding: caffeColour, augment: {}, batchSize: 1,
  length: { steps },
  loss: { rule: "ce", reduction: "sum" },
  optimizer: { rule: "sgd", momentum: 0.99, weightDecay: 5e-4 },
  schedule: { rule: "constant", learningRate },
  parameters: [caffeBiases, { path: "upscore", fixed: true }],
});

export const fcnRecipes: readonly Recipe[] = [
  fcn("fcn32s", { stride: 32 }, 1e-10, 100_000, "FCN-32s on VGG-16: summed loss, rate 1e-10, momentum 0.99, one image at a time"),
  fcn("fcn16s", { stride: 16 }, 1e-12, 100_000, "FCN-16s, from the weights of FCN-32s: rate 1e-12"),
  fcn("fcn8s", { stride: 8 }, 1e-14, 100_000, "FCN-8s, from the weights of FCN-16s: rate 1e-14"),
  fcn("fcn8s-at-once", { stride: 8, atOnce: true }, 1e-10, 300_000, "FCN-8s with all its skips trained at once: rate 1e-10"),
];
