import { imagenet, imagenetColour, type Recipe } from "./recipe.js";

/**
 * ICNet (Zhao, Qi, Shen, Shi & Jia 2018, sections 3.3 and 5): SGD 1e-2 poly, 30,000 updates of 16, cascade label guidance: losses at 1/16, 1/8 and 1/4 of
 * the image count 0.16, 0.4 and 1. GluonCV takes 0.4, 0.4 and 1. Crops of 720 are ours; the paper names none.
 */
const icnet: Recipe = {
  name: "icnet", summary: "ICNet: SGD 1e-2 poly, 30,000 updates of 16, cascade label guidance 0.16, 0.4, 1",
  source: "Zhao et al. 2018, sections 3.3 and 5",
  model: { architecture: "icnet", options: {} },
  normalisation: imagenet, padding: imagenetColour,
  size: [720, 720], augment: { flipHorizontal: true, scale: [0.5, 2] }, batchSize: 16,
  length: { steps: 30_000 },
  loss: { rule: "ce" },
  auxiliaryWeights: { sub4: 0.16, sub24: 0.4 },
  optimizer: { rule: "sgd", momentum: 0.9, weightDecay: 1e-4 },
  schedule: { rule: "poly", learningRate: 1e-2 },
};

export const icnetRecipes: readonly Recipe[] = [
  icnet,
  {
    ...icnet, name: "icnet-gluoncv", summary: "ICNet with GluonCV's weights of the losses: 0.4, 0.4, 1", source: "dmlc/gluon-cv, gluoncv/model_zoo/icnet.py (ICNetLoss)",
    auxiliaryWeights: { sub4: 0.4, sub24: 0.4 },
  },
];
