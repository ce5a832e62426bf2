import { fromFunction, get, type NdArray } from "./ndarray.js";

export function oneHot({ labels }: { labels: NdArray }, { classes }: { classes: number }): NdArray {
  return fromFunction([...labels.shape, classes], (index) => (get(labels, ...index.slice(0, -1)) === index.at(-1) ? 1 : 0));
}
