import { caffeBiases, raw, type Recipe } from "./recipe.js";

/**
 * Class weights that were published with SegNet (segnet_basic_train.prototxt of alexgkendall/SegNet-Tutorial), in the order of its CamVid classes:
 * sky, building, pole, road, pavement, tree, sign symbol, fence, car, pedestrian, bicyclist. They are said to be median frequencies, but
 * those of the published labels are others: see `medianFrequencyWeights`.
 */
export const segnetClassWeights: readonly number[] = [0.2595, 0.1826, 4.564, 0.1417, 0.9051, 0.3826, 9.6446, 1.8418, 0.6823, 6.2478, 7.3614];

/** What both have in common: whole 360×480 images of 0 … 255, batches of 4, losses weighed by class, statistics computed anew at the end. */
const common = {
  source: "alexgkendall/SegNet-Tutorial, Models/*_solver.prototxt and *_train.prototxt; compute_bn_statistics.py",
  normalisation: raw, size: null, augment: {}, batchSize: 4,
  optimizer: { rule: "sgd", momentum: 0.9, weightDecay: 5e-4 },
  parameters: [caffeBiases],
  recalibrate: "epoch",
} as const satisfies Partial<Recipe>;

/**
 * SegNet and SegNet-Basic on CamVid (Badrinarayanan, Kendall & Cipolla 2017; numbers of their release, SegNet-Tutorial). The paper says
 * batches of 12 where the release has 4.
 */
export const segnetRecipes: readonly Recipe[] = [
  {
    ...common, name: "segnet-camvid", summary: "SegNet-Basic on CamVid, the 11 published class weights: SGD 0.1, 10,000 updates of 4 images, batch norms recalibrated",
    model: { architecture: "segnet-basic", options: {} },
    length: { steps: 10_000 },
    loss: { rule: "ce", reduction: "pixels", classWeights: segnetClassWeights },
    schedule: { rule: "constant", learningRate: 0.1 },
  },
  {
    ...common, name: "segnet-basic", summary: "SegNet-Basic on other data: as segnet-camvid, with class weights by median frequency of the data",
    model: { architecture: "segnet-basic", options: {} },
    length: { steps: 10_000 },
    loss: { rule: "ce", reduction: "pixels", classWeights: "median-frequency" },
    schedule: { rule: "constant", learningRate: 0.1 },
  },
  {
    ...common, name: "segnet", summary: "SegNet: SGD 1e-3, 40,000 updates of 4 images, class weights by median frequency of the data, batch norms recalibrated",
    model: { architecture: "segnet", options: {} },
    length: { steps: 40_000 },
    loss: { rule: "ce", reduction: "pixels", classWeights: "median-frequency" },
    schedule: { rule: "constant", learningRate: 1e-3 },
  },
];
