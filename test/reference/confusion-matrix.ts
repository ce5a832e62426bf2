import { add, zeros, type NdArray } from "./ndarray.js";

interface Options {
  classes: number;
  ignoreIndex?: number;
  predictedClasses?: number;
  perImage?: boolean;
}

export function confusionMatrix({ predicted, labels }: { predicted: NdArray; labels: NdArray }, { classes, ignoreIndex, predictedClasses = classes, perImage }: Options): NdArray {
  const images = perImage ? labels.shape[0]! : 1;
  const counts = zeros([...(perImage ? [images] : []), classes, predictedClasses]);
  labels.data.forEach((truth, i) => {
    const guess = predicted.data[i]!;
    const counted = truth !== ignoreIndex && truth >= 0 && truth < classes && guess >= 0 && guess < predictedClasses;
    if (counted) add(counts, 1, ...(perImage ? [Math.floor((i * images) / labels.data.length)] : []), truth, guess);
  });
  return counts;
}
