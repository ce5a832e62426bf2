export { crossEntropy, type CrossEntropyOptions } from "../ops/cross-entropy.js";
export { binaryCrossEntropy, type BinaryCrossEntropyOptions } from "./binary-cross-entropy.js";
export { diceLoss, type DiceLossOptions } from "./dice.js";
export { focalLoss, type FocalLossOptions } from "./focal.js";
export { weightedSum } from "./weighted-sum.js";
