import type { DType } from "../runtime/dtype.js";
import type { Storage } from "../runtime/storage.js";
import type { Shape } from "../runtime/shape.js";
import type { Capture } from "./capture.js";
import type { AnyOp } from "./op.js";
import type { Variable } from "./variable.js";

/** One tensor of a graph: an output of a node, or a source that has no node. */
export interface Value {
  readonly id: number;
  readonly capture: Capture;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The node that computes it and the name of the output; undefined for sources. */
  readonly from: { readonly node: Node; readonly output: string } | undefined;
  /** Sources: an argument of the captured function, a variable as it was found, or a tensor closed over. */
  readonly source?: { readonly input: number } | { readonly variable: Variable } | { readonly held: Storage };
  /** The variable whose memory this value is (one of its versions). */
  readonly home: Variable | undefined;
}

/** One recorded operator call. */
export interface Node {
  readonly id: number;
  readonly op: AnyOp;
  readonly inputs: Readonly<Record<string, Value | undefined>>;
  readonly options: object;
  readonly outputs: Record<string, Value>;
  /** The op has one output (called `out`) rather than a record of them. */
  readonly single: boolean;
  /** The checkpointed blocks that it is in, outermost first; a node that gradients added is in those of the node it is for. */
  readonly blocks: readonly symbol[];
  /** Depends on the gradient that a backward pass began with. */
  readonly backward: boolean;
}

/** What passes rewrite: nodes in program order, and what the function returned. */
export interface Graph {
  readonly capture: Capture;
  nodes: Node[];
  outputs: Value[];
}

export const inputsOf = (node: Node): Value[] => Object.values(node.inputs).filter((value) => value !== undefined);
