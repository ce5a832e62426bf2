import { imagenet, imagenetColour, type Recipe } from "./recipe.js";

/**
 * torchvision's reference training (pytorch/vision, references/segmentation/train.py): the shorter side drawn from 260 … 1040 pixels, 480×480
 * crops, SGD 1e-2 poly, the auxiliary loss counts 0.5 and its head learns at ten times the rate. Crops are padded with the mean.
 */
const reference = (name: string, architecture: string, options: object, auxiliary: boolean): Recipe => ({
  name,
  summary: `${architecture} as torchvision's references train it: SGD 1e-2 poly, 30 epochs of 480 crops in batches of 8${auxiliary ? ", auxiliary loss 0.5" : ""}`,
  source: "pytorch/vision, references/segmentation/train.py and presets.py",
  model: { architecture, options },
  normalisation: imagenet, padding: imagenetColour,
  size: [480, 480], augment: { flipHorizontal: true, shortSide: 520, scale: [0.5, 2] }, batchSize: 8,
  length: { epochs: 30 },
  loss: { rule: "ce" },
  ...(auxiliary ? { auxiliaryWeights: { aux: 0.5 }, parameters: [{ path: "aux_classifier", learningRateScale: 10 }] } : {}),
  optimizer: { rule: "sgd", momentum: 0.9, weightDecay: 1e-4 },
  schedule: { rule: "poly", learningRate: 1e-2 },
});

export const torchvisionRecipes: readonly Recipe[] = [
  reference("torchvision-fcn", "fcn-resnet", { aux: true }, true),
  reference("torchvision-deeplab-v3", "deeplab-v3-torchvision", { aux: true }, true),
  reference("torchvision-lraspp", "lraspp", {}, false),
];
