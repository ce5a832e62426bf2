import { caffe, caffeBiases, caffeColour, imagenet, imagenetColour, signed, type ParameterRule, type Recipe } from "./recipe.js";

/** New layers on top learn at ten times the rate of the pretrained ones (with `caffeBiases`, their biases at twenty times). */
const head: ParameterRule = { part: "head", learningRateScale: 10 };

/** TensorFlow's slim, in which v3 and v3+ were trained, lets kernels alone decay. */
const noDecay: readonly ParameterRule[] = [{ kind: ["bias", "normWeight", "normBias"], weightDecay: 0 }];

/**
 * DeepLab v1 (Chen, Papandreou, Kokkinos, Murphy & Yuille 2015) and v2 (2018): VGG-16 or ResNet-101 with atrous convolutions from ImageNet weights,
 * 321×321 crops, ten times the rate on the classifier. v1 drops the rate to a tenth every 2,000 of 6,000 updates; v2 lets it fall as
 * (1 − step/steps)^0.9 over 20,000. Logits are compared with every eighth label.
 */
const vgg: Recipe = {
  name: "deeplab-v1", summary: "DeepLab v1 LargeFOV: SGD 1e-3, a tenth every 2,000 of 6,000 updates, batches of 20, classifier ×10",
  source: "Chen et al. 2015, section 5; Caffe prototxts of the release",
  model: { architecture: "deeplab-v1", options: {} },
  normalisation: caffe, padding: caffeColour,
  size: [321, 321], augment: { flipHorizontal: true }, batchSize: 20,
  length: { steps: 6000 },
  loss: { rule: "ce" },
  optimizer: { rule: "sgd", momentum: 0.9, weightDecay: 5e-4 },
  schedule: { rule: "step", learningRate: 1e-3, every: 2000 },
  parameters: [caffeBiases, head],
};

const resnet: Recipe = {
  ...vgg, name: "deeplab-v2", summary: "DeepLab v2 ResNet-101: SGD 2.5e-4 poly, 20,000 updates of 10, head ×10 (biases ×20), scales 0.5 … 1.5, frozen batch norms",
  source: "Chen et al. 2018, section 4.1; Caffe prototxts of the release",
  model: { architecture: "deeplab-v2", options: { backbone: "resnet101" } },
  augment: { flipHorizontal: true, scale: [0.5, 1.5] }, batchSize: 10,
  length: { steps: 20_000 },
  schedule: { rule: "poly", learningRate: 2.5e-4 },
  batchNorm: "frozen",
};

/**
 * DeepLab v3 (Chen, Papandreou, Schroff & Adam 2017, section 4): 513×513 crops, batches of 16, 7e-3 poly over 30,000 updates at output stride 16; then
 * 30,000 at stride 8 with frozen batch norms and 1e-3 ("deeplab-v3-os8", from the weights of the first).
 */
const v3: Recipe = {
  name: "deeplab-v3", summary: "DeepLab v3, output stride 16: SGD 7e-3 poly, 30,000 updates of 16 crops of 513, scales 0.5 … 2",
  source: "Chen et al. 2017, section 4",
  model: { architecture: "deeplab-v3", options: { outputStride: 16 } },
  normalisation: imagenet, padding: imagenetColour,
  size: [513, 513], augment: { flipHorizontal: true, scale: [0.5, 2] }, batchSize: 16,
  length: { steps: 30_000 },
  loss: { rule: "ce" },
  optimizer: { rule: "sgd", momentum: 0.9, weightDecay: 1e-4 },
  schedule: { rule: "poly", learningRate: 7e-3 },
  parameters: noDecay,
};

export const deeplabRecipes: readonly Recipe[] = [
  vgg,
  {
    ...vgg, name: "deeplab-v2-vgg", summary: "DeepLab v2 on VGG-16 (ASPP-L): SGD 1e-3 poly, 20,000 updates of 10, classifier ×10", source: resnet.source,
    model: { architecture: "deeplab-v2", options: { backbone: "vgg16" } }, augment: resnet.augment, batchSize: 10, length: resnet.length,
    schedule: { rule: "poly", learningRate: 1e-3 },
  },
  resnet,
  {
    ...resnet, name: "deeplab-v2-msc", summary: "DeepLab v2 ResNet-101 on the image in sizes 0.5, 0.75 and 1, fused by their maxima, a loss for each",
    model: { architecture: "multi-scale", options: { base: resnet.model } },
  },
  v3,
  {
    ...v3, name: "deeplab-v3-os8", summary: "DeepLab v3, second stage: output stride 8, SGD 1e-3 poly, frozen batch norms",
    model: { architecture: "deeplab-v3", options: { outputStride: 8 } }, schedule: { rule: "poly", learningRate: 1e-3 }, batchNorm: "frozen",
  },
  /** DeepLab v3+ (Chen, Zhu, Papandreou, Schroff & Adam 2018; weight decay and inputs of the TensorFlow release): as v3, depthwise kernels do not decay. */
  {
    ...v3, name: "deeplab-v3plus", summary: "DeepLab v3+ with Xception-65: SGD 7e-3 poly, 30,000 updates of 16 crops of 513, depthwise kernels without decay",
    source: "Chen et al. 2018 (ECCV), section 4; tensorflow/models, research/deeplab",
    model: { architecture: "deeplab-v3plus", options: {} },
    normalisation: signed, padding: [127.5, 127.5, 127.5],
    optimizer: { rule: "sgd", momentum: 0.9, weightDecay: 4e-5 },
    parameters: [...noDecay, { path: "depthwise", kind: ["weight"], weightDecay: 0 }],
  },
];
