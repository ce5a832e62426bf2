import type { Recipe } from "./recipe.js";

/**
 * FC-DenseNet on CamVid (Jégou, Drozdzal, Vazquez, Romero & Bengio 2017; SimJeg/FC-DenseNet, config/FC-DenseNet103.py): RMSprop 1e-3, a factor of 0.995
 * after every epoch, decay 1e-4, 224×224 crops and flips, at most 750 epochs, ended by 150 without a better validation. Batches of 3 (the paper's; the
 * program has 5). The paper then goes on with whole images and 1e-4. Lasagne's RMSprop, which they used, decays its mean by 0.9 and has ε = 1e-6 under
 * the root.
 */
const densenet = (depth: number): Recipe => ({
  name: `fc-densenet${depth}`, summary: `FC-DenseNet-${depth} on CamVid from scratch: RMSprop 1e-3 falling by 0.5 % an epoch, 224 crops in batches of 3`,
  source: "Jégou et al. 2017, section 4.1; SimJeg/FC-DenseNet, config/FC-DenseNet103.py",
  model: { architecture: "fc-densenet", options: { depth } },
  normalisation: "dataset",
  size: [224, 224], augment: { flipHorizontal: true }, batchSize: 3,
  length: { epochs: 750 },
  loss: { rule: "ce" },
  optimizer: { rule: "rmsprop", alpha: 0.9, epsilon: 1e-3, weightDecay: 1e-4 },
  schedule: { rule: "epoch", learningRate: 1e-3, gamma: 0.995 },
  patience: 150,
});

export const fcDensenetRecipes: readonly Recipe[] = [densenet(56), densenet(67), densenet(103)];
