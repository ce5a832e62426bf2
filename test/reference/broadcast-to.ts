import { broadcastTo as stretch, type NdArray } from "./ndarray.js";

export const broadcastTo = ({ x }: { x: NdArray }, { shape }: { shape: readonly number[] }): NdArray => stretch(x, shape);
