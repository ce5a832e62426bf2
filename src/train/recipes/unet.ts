import type { Recipe } from "./recipe.js";

export const unetRecipes: readonly Recipe[] = [
  /**
   * U-Net (Ronneberger, Fischer & Brox 2015): one large tile at a time, momentum 0.99, elastic deformations of deviation 10. The paper gives no
   * rate and no length: 1e-3 and 30,000 updates are ours. Its pixel weights are `borderWeights`, for a loss of one's own that takes them.
   */
  {
    name: "unet", summary: "U-Net without padding as in the paper: one 572×572 tile at a time, momentum 0.99, elastic deformations",
    source: "Ronneberger, Fischer & Brox 2015, sections 3 and 3.1",
    model: { architecture: "unet-original", options: {} },
    normalisation: "dataset",
    size: [572, 572],
    augment: { flipHorizontal: true, flipVertical: true, rotate: 180, elastic: 10, brightness: 0.1 },
    batchSize: 1,
    length: { steps: 30_000 },
    loss: { rule: "ce" },
    optimizer: { rule: "sgd", momentum: 0.99 },
    schedule: { rule: "constant", learningRate: 1e-3 },
  },
  /**
   * The widely used program milesial/Pytorch-UNet (train.py): RMSprop 1e-5 with momentum 0.999 and decay 1e-8, gradients clipped to norm 1,
   * cross-entropy plus Dice, five epochs, images as fractions of 255. It also divides the rate by ten when Dice stalls; here it stays.
   */
  {
    name: "unet-milesial", summary: "U-Net as milesial/Pytorch-UNet trains it: RMSprop 1e-5, momentum 0.999, cross-entropy plus Dice, clipping",
    source: "milesial/Pytorch-UNet, train.py",
    model: { architecture: "unet", options: {} },
    normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
    size: null, augment: {}, batchSize: 1,
    length: { epochs: 5 },
    loss: { rule: "ce+dice" },
    optimizer: { rule: "rmsprop", momentum: 0.999, weightDecay: 1e-8, clipNorm: 1 },
    schedule: { rule: "constant", learningRate: 1e-5 },
  },
];
