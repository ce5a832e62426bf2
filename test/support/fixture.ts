import conventions from "../fixtures/pytorch-conventions.json" with { type: "json" };
import { array, type NdArray } from "../reference/ndarray.js";

export interface PyTorchCase {
  op: string;
  name: string;
  options: Record<string, unknown>;
  inputs: Record<string, NdArray>;
  outputs: Record<string, NdArray>;
  /** What the gradients of sum(out · cotangent) were taken with. */
  cotangent: NdArray;
  grads: Record<string, NdArray>;
}

interface Plain {
  shape: number[];
  data: number[];
}

const arrays = (record: Record<string, Plain>): Record<string, NdArray> => Object.fromEntries(Object.entries(record).map(([k, { shape, data }]) => [k, array(shape, data)]));

/** What PyTorch computed (scripts/reference/conventions.py), in this library's layouts. */
export const pytorchCases: PyTorchCase[] = (conventions.cases as unknown as (Omit<PyTorchCase, "inputs" | "outputs" | "cotangent" | "grads"> & { inputs: Record<string, Plain>; outputs: Record<string, Plain>; cotangent: Plain; grads: Record<string, Plain> })[]).map(
  ({ inputs, outputs, cotangent, grads, ...rest }) => ({ ...rest, inputs: arrays(inputs), outputs: arrays(outputs), cotangent: array(cotangent.shape, cotangent.data), grads: arrays(grads) }),
);

/** The bytes of a base64 text, in Node and in browsers. */
export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
