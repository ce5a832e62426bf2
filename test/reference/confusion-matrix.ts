import { add, zeros, type NdArray } from "./ndarray.js";

export function confusionMatrix({ predicted, labels }: { predicted: NdArray; labels: NdArray }, { classes, ignoreIndex }: { classes: number; ignoreIndex?: number }): NdArray {
  const counts = zeros([classes, classes]);
  const isClass = (v: number): boolean => v >= 0 && v < classes;
  labels.data.forEach((truth, i) => {
    const guess = predicted.data[i]!;
    if (truth !== ignoreIndex && isClass(truth) && isClass(guess)) add(counts, 1, truth, guess);
  });
  return counts;
}
