import { imagenet, imagenetColour, type Recipe } from "./recipe.js";

/**
 * PSPNet (Zhao, Shi, Qi, Wang & Jia 2017; numbers of the authors' hszhao/semseg, config/ade20k and tool/train.py): SGD 1e-2 poly, the auxiliary loss
 * counts 0.4, new layers ×10, scales 0.5 … 2, ±10°, blur, flips, padding with the mean. VOC takes 50 epochs, Cityscapes 200 of 713×713 crops.
 */
const pspnet: Recipe = {
  name: "pspnet", summary: "PSPNet-50: SGD 1e-2 poly, 100 epochs of 473 crops in batches of 16, auxiliary loss 0.4, new layers ×10",
  source: "hszhao/semseg, config/ade20k/ade20k_pspnet50.yaml and tool/train.py",
  model: { architecture: "pspnet", options: { depth: 50 } },
  normalisation: imagenet, padding: imagenetColour,
  size: [473, 473], augment: { flipHorizontal: true, scale: [0.5, 2], rotate: 10, blur: 1.1 }, batchSize: 16,
  length: { epochs: 100 },
  loss: { rule: "ce" },
  auxiliaryWeights: { aux: 0.4 },
  optimizer: { rule: "sgd", momentum: 0.9, weightDecay: 1e-4 },
  schedule: { rule: "poly", learningRate: 1e-2 },
  parameters: [{ part: "head", learningRateScale: 10 }],
};

export const pspnetRecipes: readonly Recipe[] = [
  pspnet,
  {
    ...pspnet, name: "pspnet-cityscapes", summary: "PSPNet-101 on Cityscapes: 200 epochs of 713 crops",
    source: "hszhao/semseg, config/cityscapes/cityscapes_pspnet101.yaml and tool/train.py",
    model: { architecture: "pspnet", options: { depth: 101 } }, size: [713, 713], length: { epochs: 200 },
  },
];
