import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import { tensor, type Tensor } from "../graph/tensor.js";
import { Variable } from "../graph/variable.js";
import { lowerConcat } from "../kernels/concat.js";
import { lowerSquaredNorm, lowerUpdate, type UpdateOptions } from "../kernels/optimizer.js";
import { shared } from "../graph/materialise.js";
import { ParameterPart, type Parameter } from "../graph/parameter.js";
import type { Gradients } from "../ops/value-and-grad.js";
import { add, sqrt } from "../ops/pointwise.js";
import { CheckpointError, OptionError, checkOptions } from "../runtime/errors.js";
import { sizeOf } from "../runtime/shape.js";
import { rateAt, type LearningRate } from "./schedule.js";

/** Parameters with settings of their own. */
export interface ParameterGroup {
  parameters: readonly Parameter[];
  /** Times the optimizer's learning rate (DeepLab's heads: 10). Default 1. */
  learningRateScale?: number;
  /** Instead of the optimizer's. */
  weightDecay?: number;
}

export interface UpdateRule extends Omit<UpdateOptions, "groups" | "corrections"> {
  weightDecay: number;
}

/** Elements of a flat buffer that share one entry of the table (parameters start at multiples of it). */
const BLOCK = 64;
const FROZEN = 0;
/** Each group takes two of the 64 words of the step block, which also holds the moments' corrections and seeds. */
const MAX_GROUPS = 24;

/** Where a parameter's state stands in what is saved: the parts of one are saved as one, so that another adapter can go on. */
function placeOf(p: Parameter): { name: string; size: number; at: number } {
  const whole = p instanceof ParameterPart ? p.whole : p;
  return { name: whole.name, size: whole.size, at: p instanceof ParameterPart ? p.start : 0 };
}

/** The parameters of one flat buffer with their optimizer state. */
interface Slab {
  readonly flat: Variable<"f32">;
  readonly parameters: Parameter[];
  readonly table: Tensor<"u32">;
  readonly first: Variable<"f32">;
  readonly second: Variable<"f32">;
}

/** Gathers gradients into one flat buffer; most are computed there in the first place. */
const packOp = defineOp({
  name: "packGradients",
  shape: (inputs: Record<string, Spec>, { size }: { axis: number; offsets: number[]; size: number }): Spec => ({ shape: [size], dtype: Object.values(inputs)[0]!.dtype }),
  lower: (low, inputs, { out }, { offsets }) => {
    const flat = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, { ...x, shape: [sizeOf(x.shape)] }]));
    lowerConcat(low, flat, { out }, { axis: 0, offsets });
  },
  traits: { concat: true },
});

const squaredNormOp = defineOp({
  name: "squaredNorm",
  shape: (_inputs: { grad: Spec; table: Spec }, _options: object): Spec => ({ shape: [1], dtype: "f32" }),
  lower: lowerSquaredNorm,
});

const updateOp = defineOp({
  name: "update",
  shape: ({ grad }: { grad: Spec; table: Spec; norm: Spec }, { outputs }: UpdateOptions & { outputs: Record<string, Spec> }): Record<string, Spec> => ({ flat: grad, first: grad, second: grad, ...outputs }),
  lower: lowerUpdate as never,
  traits: { effect: true },
});

/**
 * Changes parameters by their gradients, all in one dispatch. Made by `sgd`, `adam`, `adamW` and `rmsprop`. A norm of the
 * gradients that is not finite leaves parameters and state as they were.
 */
export class Optimizer {
  /** Learning rate, or a schedule over `step`. Setting it never recompiles. */
  learningRate: LearningRate;
  /** Updates made so far. */
  step = 0;
  readonly #rule: UpdateRule;
  readonly #groups: readonly ParameterGroup[];
  #slabs: Slab[] | undefined;

  constructor(parameters: readonly Parameter[] | readonly ParameterGroup[], learningRate: LearningRate, rule: UpdateRule) {
    this.#groups = parameters.length > 0 && "parameters" in parameters[0]! ? (parameters as readonly ParameterGroup[]) : [{ parameters: parameters as readonly Parameter[] }];
    for (const { parameters: _, ...settings } of this.#groups) {
      checkOptions(`${rule.rule} parameter group`, settings, ["learningRateScale", "weightDecay"]);
      for (const [key, value] of Object.entries(settings)) if (value !== undefined && !(value >= 0 && value < Infinity)) throw new OptionError(`${rule.rule}: ${key} of a parameter group must be a number of at least 0, not ${value}.`);
    }
    const all = this.#groups.flatMap((g) => g.parameters);
    if (all.length === 0) throw new OptionError(`${rule.rule}: there are no parameters to optimise.`);
    if (new Set(all).size !== all.length) throw new OptionError(`${rule.rule}: a parameter is given twice.`);
    if (this.#groups.length > MAX_GROUPS) throw new OptionError(`${rule.rule}: at most ${MAX_GROUPS} parameter groups, not ${this.#groups.length}.`);
    this.learningRate = learningRate;
    this.#rule = rule;
  }

  /**
   * Updates the parameters that have a gradient in `grads`. Inside `compile` it becomes part of the plan.
   *
   * @returns the norm of all gradients together, before clipping
   */
  update(grads: Gradients): { gradientNorm: Tensor } {
    const capture = capturing();
    if (!capture) return runEagerly(() => this.update(grads));
    const slabs = this.#prepare();
    // The first value asked for on each call of the plan advances the step.
    const rates = this.#groups.map((group, i) => {
      const rate = capture.stepValue("f32", () => rateAt(this.learningRate, i === 0 ? this.step++ : this.step - 1) * (group.learningRateScale ?? 1));
      capture.stepValue("f32", () => group.weightDecay ?? this.#rule.weightDecay);
      return rate;
    });
    const corrections = capture.stepValue("f32", () => 1 / (1 - this.#rule.beta1 ** this.step));
    capture.stepValue("f32", () => 1 / (1 - this.#rule.beta2 ** this.step));
    const packed = slabs.map((slab) => {
      const present = slab.parameters.filter((p) => grads.has(p));
      const inputs = Object.fromEntries(present.map((p, i) => [`x${i}`, grads.get(p)!]));
      return present.length === slab.parameters.length ? packOp(inputs, { axis: 0, offsets: present.map((p) => p.slab!.start), size: slab.flat.size }) : undefined;
    });
    if (packed.includes(undefined)) throw new OptionError("update: some of the optimizer's parameters have no gradient. Give it the trainable parameters only, or make a new optimizer after freezing.");
    const norms = slabs.map((slab, i) => squaredNormOp({ grad: packed[i]!, table: slab.table }, {}));
    const norm = norms.reduce((a, b) => add(a, b));
    slabs.forEach((slab, i) => {
      const outputs = Object.fromEntries(slab.parameters.map((p, k) => [`p${k}`, { shape: p.shape, dtype: p.dtype }]));
      const homes = Object.fromEntries(slab.parameters.map((p, k) => [`p${k}`, p]));
      updateOp.update({ grad: packed[i]!, table: slab.table, norm }, { ...this.#rule, groups: rates[0]!, corrections, outputs }, { flat: slab.flat, first: slab.first, second: slab.second, ...homes });
    });
    return { gradientNorm: sqrt(norm) };
  }

  /** What must be saved to go on exactly: the state of every parameter by name, and the step. */
  async state(): Promise<{ step: number; tensors: Map<string, Float32Array> }> {
    const tensors = new Map<string, Float32Array>();
    for (const { parameters, first, second } of this.#prepare()) {
      const [a, b] = [await first.data(), this.#rule.rule === "sgd" ? undefined : await second.data()];
      for (const p of parameters) {
        const { start } = p.slab!;
        const { name, size, at } = placeOf(p);
        for (const [which, data] of [["first", a], ["second", b]] as const) {
          if (!data) continue;
          const saved = tensors.get(`${name}.${which}`) ?? new Float32Array(size);
          saved.set(data.subarray(start, start + p.size), at);
          tensors.set(`${name}.${which}`, saved);
        }
      }
    }
    return { step: this.step, tensors };
  }

  /** Takes up a saved state. */
  loadState({ step, tensors }: { step: number; tensors: ReadonlyMap<string, Float32Array> }): void {
    for (const { parameters, flat, first, second } of this.#prepare()) {
      for (const [which, variable] of [["first", first], ["second", second]] as const) {
        if (which === "second" && this.#rule.rule === "sgd") continue;
        const data = new Float32Array(flat.size);
        for (const p of parameters) {
          const { name, size, at } = placeOf(p);
          const saved = tensors.get(`${name}.${which}`);
          if (saved?.length !== size) throw new CheckpointError(`The optimizer state has no entry of ${size} values for "${name}.${which}": it was saved by another optimizer or model.`);
          data.set(saved.subarray(at, at + p.size), p.slab!.start);
        }
        variable.write(data);
      }
    }
    this.step = step;
  }

  /** Frees the optimizer's state. */
  dispose(): void {
    for (const { table, first, second } of this.#slabs ?? []) {
      table.dispose();
      first.storage?.release();
      second.storage?.release();
    }
    this.#slabs = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #prepare(): Slab[] {
    if (this.#slabs?.every(({ flat, parameters }) => parameters.every((p) => p.slab?.flat === flat))) return this.#slabs;
    this.dispose();
    const byFlat = new Map<Variable<"f32">, Parameter[]>();
    const groupOf = new Map<Parameter, number>();
    this.#groups.forEach((group, g) => group.parameters.flatMap(({ pieces }) => pieces).forEach((p) => {
      p.memory(this.#rule.rule);
      groupOf.set(p, g);
      const { flat } = p.slab!;
      byFlat.set(flat, [...(byFlat.get(flat) ?? []), p]);
    }));
    return (this.#slabs = [...byFlat].map(([flat, parameters]) => {
      const { device } = flat;
      const entries = new Uint32Array(flat.size / BLOCK).fill(FROZEN);
      for (const p of parameters)
        for (let at = 0; at < p.size; at += BLOCK) entries[(p.slab!.start + at) / BLOCK] = groupOf.get(p)! | (Math.min(BLOCK, p.size - at) << 8);
      const state = (name: string): Variable<"f32"> => {
        const variable = new Variable(flat.shape, "f32");
        variable.name = name;
        variable.storage = shared(device, flat.bytes, `optimizer ${name}`);
        return variable;
      };
      return { flat, parameters, table: tensor(device, entries), first: state("first moment"), second: state("second moment") };
    }));
  }
}
