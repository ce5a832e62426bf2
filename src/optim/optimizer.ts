import { capturing } from "../graph/current.js";
import { runEagerly } from "../graph/eager.js";
import { defineOp, type Spec } from "../graph/op.js";
import { tensor, type Tensor } from "../graph/tensor.js";
import { Variable } from "../graph/variable.js";
import { lowerConcat } from "../kernels/concat.js";
import { lowerExchange, lowerSquaredNorm, lowerUpdate, type UpdateOptions } from "../kernels/optimizer.js";
import { shared } from "../graph/materialise.js";
import { ParameterPart, type Parameter } from "../graph/parameter.js";
import type { Gradients } from "../ops/value-and-grad.js";
import { add, sqrt } from "../ops/pointwise.js";
import { CaptureError, CheckpointError, OptionError, checkOptions } from "../runtime/errors.js";
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

export interface UpdateRule extends Omit<UpdateOptions, "groups" | "corrections" | "averaging"> {
  weightDecay: number;
  /** Decay of the average of the parameters; 0: none is kept. */
  ema: number;
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
  /** The parameters' averages, where they are kept. */
  readonly average: Variable<"f32"> | undefined;
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

const exchangeOp = defineOp({
  name: "exchange",
  shape: (_inputs: { table: Spec }, { outputs }: { outputs: Record<string, Spec> }): Record<string, Spec> => outputs,
  lower: lowerExchange as never,
  traits: { effect: true },
});

const specOf = ({ shape, dtype }: Variable): Spec => ({ shape, dtype });

/** The parameters of a slab as outputs of an op, and as what it writes to. */
function parameterOutputs({ parameters }: Slab): { outputs: Record<string, Spec>; homes: Record<string, Variable> } {
  return { outputs: Object.fromEntries(parameters.map((p, k) => [`p${k}`, specOf(p)])), homes: Object.fromEntries(parameters.map((p, k) => [`p${k}`, p])) };
}

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
  /** Whether there is an average: from the first update on. */
  #averaged = false;
  /** Whether parameters and averages have changed places. */
  #exchanged = false;

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

  /** Decay of the average of the parameters that it keeps; 0: none. */
  get ema(): number {
    return this.#rule.ema;
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
      const rate = capture.stepValue("f32", () => rateAt(this.learningRate, i === 0 ? this.#advance() : this.step - 1) * (group.learningRateScale ?? 1));
      capture.stepValue("f32", () => group.weightDecay ?? this.#rule.weightDecay);
      return rate;
    });
    const corrections = capture.stepValue("f32", () => 1 / (1 - this.#rule.beta1 ** this.step));
    capture.stepValue("f32", () => 1 / (1 - this.#rule.beta2 ** this.step));
    const averaging = this.#rule.ema > 0 ? capture.stepValue("f32", () => this.#averageDecay()) : undefined;
    const packed = slabs.map((slab) => {
      const present = slab.parameters.filter((p) => grads.has(p));
      const inputs = Object.fromEntries(present.map((p, i) => [`x${i}`, grads.get(p)!]));
      return present.length === slab.parameters.length ? packOp(inputs, { axis: 0, offsets: present.map((p) => p.slab!.start), size: slab.flat.size }) : undefined;
    });
    if (packed.includes(undefined)) throw new OptionError("update: some of the optimizer's parameters have no gradient. Give it the trainable parameters only, or make a new optimizer after freezing.");
    const norms = slabs.map((slab, i) => squaredNormOp({ grad: packed[i]!, table: slab.table }, {}));
    const norm = norms.reduce((a, b) => add(a, b));
    slabs.forEach((slab, i) => {
      const { outputs, homes } = parameterOutputs(slab);
      const { flat, first, second, average } = slab;
      const more = average && { average: specOf(average) };
      updateOp.update({ grad: packed[i]!, table: slab.table, norm }, { ...this.#rule, groups: rates[0]!, corrections, averaging, outputs: { ...outputs, ...more } }, { flat, first, second, ...homes, ...(average && { average }) });
    });
    return { gradientNorm: sqrt(norm) };
  }

  /**
   * Exchanges parameters and averages, so that the model computes with averaged weights; called again, it exchanges them back. In between
   * there can be no update and no `state`. For optimizers that were given `ema`. Running statistics of batch norms are not averaged
   * (PyTorch's default): `recalibrate` computes them for averaged weights.
   *
   * @throws OptionError when no average is kept, or before the first update
   */
  swapAverage(): void {
    const { rule, ema } = this.#rule;
    if (ema === 0) throw new OptionError(`swapAverage: this optimizer keeps no average. Make it with ${rule}(parameters, { …, ema: 0.999 }).`);
    if (!this.#averaged) throw new OptionError("swapAverage: there is no average before the first update.");
    if (capturing()) throw new CaptureError("swapAverage: cannot be part of a plan. Call it outside compile().");
    for (const slab of this.#prepare()) {
      const { flat, average, table } = slab;
      const { outputs, homes } = parameterOutputs(slab);
      exchangeOp.update({ table }, { outputs: { flat: specOf(flat), average: specOf(average!), ...outputs } }, { flat, average: average!, ...homes });
    }
    this.#exchanged = !this.#exchanged;
  }

  /**
   * What `use` returns, with the averages as the model's parameters meanwhile.
   *
   *     const { matrix } = await optimizer.withAverage(() => evaluate(model, validation));
   *
   * @throws OptionError as `swapAverage` does, and inside another `withAverage`
   */
  async withAverage<T>(use: () => T | Promise<T>): Promise<T> {
    this.#requireOwn("withAverage");
    this.swapAverage();
    try {
      return await use();
    } finally {
      this.swapAverage();
    }
  }

  /** What must be saved to go on exactly: the state of every parameter by name, and the step. */
  async state(): Promise<{ step: number; tensors: Map<string, Float32Array> }> {
    this.#requireOwn("state");
    const tensors = new Map<string, Float32Array>();
    for (const { parameters, first, second, average } of this.#prepare()) {
      const [a, b, c] = await Promise.all([first.data(), this.#rule.rule === "sgd" ? undefined : second.data(), average?.data()]);
      for (const p of parameters) {
        const { start } = p.slab!;
        const { name, size, at } = placeOf(p);
        for (const [which, data] of [["first", a], ["second", b], ["average", c]] as const) {
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
    this.#requireOwn("loadState");
    for (const { parameters, flat, first, second, average } of this.#prepare()) {
      for (const [which, variable] of [["first", first], ["second", second], ["average", average]] as const) {
        if (!variable || (which === "second" && this.#rule.rule === "sgd")) continue;
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
    this.#averaged = step > 0;
  }

  /** Frees the optimizer's state. */
  dispose(): void {
    for (const { table, first, second, average } of this.#slabs ?? []) {
      table.dispose();
      for (const variable of [first, second, average]) variable?.storage?.release();
    }
    this.#slabs = undefined;
    this.#averaged = this.#exchanged = false;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Throws while parameters and averages have changed places. */
  #requireOwn(what: string): void {
    if (this.#exchanged) throw new OptionError(`${what}: the parameters are exchanged with their averages. Call swapAverage() first, which exchanges them back.`);
  }

  /** The number of the next update. */
  #advance(): number {
    this.#requireOwn("update");
    return this.step++;
  }

  /** Decay of the average in this update: the first one makes it. */
  #averageDecay(): number {
    const decay = this.#averaged ? this.#rule.ema : 0;
    this.#averaged = true;
    return decay;
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
      return { flat, parameters, table: tensor(device, entries), first: state("first moment"), second: state("second moment"), average: this.#rule.ema > 0 ? state("average") : undefined };
    }));
  }
}
