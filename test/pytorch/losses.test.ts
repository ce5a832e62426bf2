import { binaryCrossEntropy, boundaryLoss, crossEntropy, diceLoss, focalLoss, focalTverskyLoss, generalizedDiceLoss, hardPixelCrossEntropy, hausdorffLoss, jaccardLoss, lovaszHingeLoss, lovaszSoftmaxLoss, mccLoss, ohemCrossEntropy, sigmoidFocalLoss, tverskyLoss, upsampledCrossEntropy } from "../../src/losses/index.js";
import { distanceTransform } from "../../src/ops/distance-transform.js";
import { pytorchFamily } from "../support/pytorch.js";

await pytorchFamily("losses", {
  crossEntropy: ({ logits, labels, pixelWeight }, o) => crossEntropy(logits, labels, { ...o, pixelWeight }),
  upsampledCrossEntropy: ({ logits, labels }, o) => upsampledCrossEntropy(logits, labels, o),
  hardPixelCrossEntropy: ({ logits, labels }, o) => hardPixelCrossEntropy(logits, labels, o),
  ohemCrossEntropy: ({ logits, labels }, o) => ohemCrossEntropy(logits, labels, o),
  binaryCrossEntropy: ({ logits, labels }, o) => binaryCrossEntropy(logits, labels, o),
  focalLoss: ({ logits, labels }, o) => focalLoss(logits, labels, o),
  // A null among the options is not written: `noAlpha` stands for it.
  sigmoidFocalLoss: ({ logits, labels }, { noAlpha, ...o }) => sigmoidFocalLoss(logits, labels, noAlpha ? { ...o, alpha: null } : o),
  diceLoss: ({ logits, labels, pixelWeight }, o) => diceLoss(logits, labels, { ...o, pixelWeight }),
  jaccardLoss: ({ logits, labels }, o) => jaccardLoss(logits, labels, o),
  tverskyLoss: ({ logits, labels }, o) => tverskyLoss(logits, labels, o),
  focalTverskyLoss: ({ logits, labels }, o) => focalTverskyLoss(logits, labels, o),
  generalizedDiceLoss: ({ logits, labels }, o) => generalizedDiceLoss(logits, labels, o),
  mccLoss: ({ logits, labels }, o) => mccLoss(logits, labels, o),
  lovaszSoftmaxLoss: ({ logits, labels }, o) => lovaszSoftmaxLoss(logits, labels, o),
  lovaszHingeLoss: ({ logits, labels }, o) => lovaszHingeLoss(logits, labels, o),
  boundaryLoss: ({ logits, labels }, o) => boundaryLoss(logits, labels, o),
  hausdorffLoss: ({ logits, labels }, o) => hausdorffLoss(logits, labels, o),
  distanceTransform: ({ mask }) => distanceTransform(mask),
});
