import { compile } from "../src/graph/compile.js";
import { tensor, type Tensor } from "../src/graph/tensor.js";
import { Random, hashText } from "../src/data/random.js";
import { AtrousError } from "../src/runtime/errors.js";
import { sizeOf, type Shape } from "../src/runtime/shape.js";
import type { Case } from "./harness.js";

/** An array with its shape, as references read it. */
export interface Plain {
  readonly shape: Shape;
  readonly data: Float32Array;
}

export interface OperatorCase extends Pick<Case, "name" | "flops" | "count"> {
  /** Shapes of the inputs; they are filled with numbers in −1 … 1. */
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly run: (inputs: Record<string, Tensor<"f32">>) => Tensor;
  /** One element of the result at `at` (one coordinate per axis), in double precision. */
  readonly reference: (inputs: Record<string, Plain>, at: readonly number[]) => number;
}

/** Elements of a result that are compared, besides the first and the last. */
const SAMPLES = 48;
/** Largest error allowed, relative to the largest magnitude among the samples. */
const TOLERANCE = 2e-5;

const randomData = (name: string, shape: Shape): Float32Array => {
  const random = new Random(hashText(name));
  return Float32Array.from({ length: sizeOf(shape) }, () => random.bits() / 2 ** 31 - 1);
};

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

/** A case out of one operator: its inputs are arguments of a plan, so packing weights and copying in and out are in its time. */
export function operatorCase({ name, flops, count, inputs, run, reference }: OperatorCase): Case {
  const names = Object.keys(inputs);
  return {
    name, group: "operators", flops, count,
    prepare: async (device) => {
      const data = Object.fromEntries(names.map((input) => [input, { shape: inputs[input]!, data: randomData(input, inputs[input]!) }]));
      const tensors = names.map((input) => tensor(device, data[input]!.data, inputs[input]));
      const operator = compile((...args: Tensor<"f32">[]) => run(Object.fromEntries(names.map((input, i) => [input, args[i]!]))));
      const plan = await operator.prepare(...tensors);
      return {
        plan,
        run: () => operator(...tensors).dispose(),
        check: async () => {
          const out = operator(...tensors);
          const got = await out.data();
          out.dispose();
          const random = new Random(hashText(name));
          const indices = [0, out.size - 1, ...Array.from({ length: SAMPLES }, () => random.bits() % out.size)];
          return compare(name, indices.map((index) => ({ got: got[index]!, want: reference(data, coordinates(index, out.shape)) })));
        },
        dispose: () => {
          operator.dispose();
          for (const input of tensors) input.dispose();
        },
      };
    },
  };
}
