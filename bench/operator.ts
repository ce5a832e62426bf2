import { compile } from "../src/graph/compile.js";
import { tensor, type Tensor } from "../src/graph/tensor.js";
import { Random, hashText } from "../src/data/random.js";
import { AtrousError } from "../src/runtime/errors.js";
import { sizeOf, type Shape } from "../src/runtime/shape.js";
import type { Case } from "./harness.js";
import type { Inputs, Plain, Spec } from "./spec.js";

export type { Plain } from "./spec.js";

/** Whole numbers 0 … below − 1: class labels. */
export interface Labels {
  readonly shape: Shape;
  readonly below: number;
}

export interface OperatorCase extends Pick<Case, "name" | "flops" | "count" | "bytes"> {
  /** Shapes of the inputs; they are filled with numbers in −1 … 1. */
  readonly inputs: Readonly<Record<string, Shape | Labels>>;
  readonly run: (inputs: Record<string, Tensor<"f32">>) => Tensor | readonly Tensor[];
  /** One element of the result (of several: the one of that number) at `at`, one coordinate per axis, in double precision. */
  readonly reference: (inputs: Record<string, Plain>, at: readonly number[], output: number) => number;
  /** What it computes, so that peers can do the same. */
  readonly spec?: Spec;
}

/** Elements of a result that are compared, besides the first and the last. */
const SAMPLES = 48;
/** Largest error allowed, relative to the largest magnitude among the samples. */
const TOLERANCE = 2e-5;

export function randomInputs(inputs: OperatorCase["inputs"]): Record<string, Plain> {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]): [string, Plain] => {
    const random = new Random(hashText(name));
    if ("below" in input) return [name, { shape: input.shape, data: Uint32Array.from({ length: sizeOf(input.shape) }, () => random.bits() % input.below) }];
    return [name, { shape: input, data: Float32Array.from({ length: sizeOf(input) }, () => random.bits() / 2 ** 31 - 1) }];
  }));
}

const coordinates = (index: number, shape: Shape): number[] => {
  const at: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at.unshift(index % shape[axis]!);
    index = Math.floor(index / shape[axis]!);
  }
  return at;
};

/** Largest error of some values relative to their largest magnitude; throws when it is above the tolerance. */
export function compare(name: string, pairs: readonly { got: number; want: number }[], tolerance = TOLERANCE): number {
  const largest = pairs.reduce((most, { want }) => Math.max(most, Math.abs(want)), 1e-30);
  let worst = 0;
  for (const { got, want } of pairs) {
    const error = Math.abs(got - want) / largest;
    if (!(error <= tolerance)) throw new AtrousError(`${name}: wrong result, ${got} where the reference has ${want}.`);
    worst = Math.max(worst, error);
  }
  return worst;
}

const listed = (results: Tensor | readonly Tensor[]): readonly Tensor[] => ("shape" in results ? [results] : results);

/** A case out of one operator: its inputs are arguments of a plan, so packing weights and copying in and out are in its time. */
export function operatorCase({ inputs, run, reference, spec, ...about }: OperatorCase): Case {
  const names = Object.keys(inputs);
  const { name } = about;
  return {
    ...about, group: "operators", ...(spec && { spec }),
    shapes: Object.fromEntries(Object.entries(inputs).map(([input, shape]) => [input, "below" in shape ? shape.shape : shape])),
    prepare: async (device) => {
      const data = randomInputs(inputs);
      const tensors = names.map((input) => tensor(device, data[input]!.data as Float32Array, data[input]!.shape));
      const operator = compile((...args: Tensor<"f32">[]) => listed(run(Object.fromEntries(names.map((input, i) => [input, args[i]!])))));
      const plan = await operator.prepare(...tensors);
      const once = async <R>(use: (out: readonly Tensor[]) => R): Promise<Awaited<R>> => {
        const out = operator(...tensors);
        const result = await use(out);
        for (const one of out) one.dispose();
        return result;
      };
      return {
        plan,
        inputs: data satisfies Inputs,
        run: () => operator(...tensors).forEach((out) => out.dispose()),
        result: () => once((outs) => Promise.all(outs.map(async (out) => await out.data() as Float32Array))),
        check: () => once(async (outs) => {
          const errors: number[] = [];
          for (const [output, out] of outs.entries()) {
            const got = await out.data();
            const random = new Random(hashText(name));
            const indices = [0, out.size - 1, ...Array.from({ length: SAMPLES }, () => random.bits() % out.size)];
            errors.push(compare(name, indices.map((index) => ({ got: got[index] as number, want: reference(data, coordinates(index, out.shape), output) }))));
          }
          return Math.max(...errors);
        }),
        dispose: () => {
          operator.dispose();
          for (const input of tensors) input.dispose();
        },
      };
    },
  };
}
