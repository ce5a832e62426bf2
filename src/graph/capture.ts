import type { Device } from "../runtime/device.js";
import { CaptureError, DeviceError } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";
import type { DType } from "../runtime/dtype.js";
import type { Storage } from "../runtime/storage.js";
import { STEP_BLOCK_BYTES } from "../runtime/program.js";
import { recordingInto } from "./current.js";
import type { Graph, Node, Value } from "./node.js";
import type { AnyOp, TensorSpec } from "./op.js";
import { Tensor, type TensorLike } from "./tensor.js";
import { Variable } from "./variable.js";

/** A value that is worked out on the host for every call and stands in the step block. */
export interface StepValue {
  readonly kind: "f32" | "u32";
  readonly get: () => number;
}

/** A fact that was read while capturing (a module's mode, say); the plan holds while it stays the same. */
interface Guard {
  readonly get: () => unknown;
  readonly value: unknown;
}

/** Records operator calls: the nodes, the values they read, and the variables they assign. */
export class Capture {
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly stepValues: StepValue[] = [];
  readonly guards: Guard[] = [];
  /** True when something drew random numbers: the device's step counter advances with every call. */
  random = false;
  /** Tensors closed over. */
  readonly #held = new Map<Storage, Value>();
  readonly #variables = new Map<Variable, Value>();
  readonly #assigned = new Set<Variable>();
  /** Records shapes alone: variables need no memory, and nothing can be run. */
  readonly shapesOnly: boolean;
  /** An eager call: tensors closed over become inputs, so that the plan serves other tensors of their shapes. */
  readonly eager: boolean;
  #ids = 0;
  #blocks: readonly symbol[] = [];
  /** Gradients that backward passes began with. */
  readonly #seeds = new Set<Value>();
  #done = false;
  #device: Device | undefined;

  constructor({ shapesOnly = false, eager = false }: { shapesOnly?: boolean; eager?: boolean } = {}) {
    this.shapesOnly = shapesOnly;
    this.eager = eager;
  }

  /** Runs `body` with operators recorded here. */
  run<T>(body: () => T): T {
    try {
      const result = recordingInto(this, body);
      if (result instanceof Promise) {
        result.catch(() => undefined); // the error below says why it cannot end well
        throw new CaptureError("compile: the function must not be async: what it records has to be known when it returns. Read values outside.");
      }
      return result;
    } finally {
      this.#done = true;
    }
  }

  /** Goes on recording (a pass that adds nodes). */
  resume<T>(body: () => T): T {
    this.#done = false;
    return this.run(body);
  }

  get device(): Device | undefined {
    return this.#device;
  }

  get assigned(): ReadonlySet<Variable> {
    return this.#assigned;
  }

  get heldStorages(): ReadonlyMap<Storage, Value> {
    return this.#held;
  }

  /** What an eager call closed over, in the order of the inputs; the plan, which outlives the call, forgets it. */
  takeArguments(): Tensor[] {
    const tensors = [...this.#held].map(([storage, { shape, dtype }]) => new Tensor(shape, dtype, { storage }));
    this.#held.clear();
    return tensors;
  }

  useDevice(device: Device): void {
    if (this.#device && this.#device !== device) throw new DeviceError("The tensors and parameters of one operation must be on one device, but they are on two. Copy with data() and tensor(device, …).");
    this.#device = device;
  }

  input(shape: Shape, dtype: DType): Tensor {
    const value = this.#value(shape, dtype, { source: { input: this.inputs.length } });
    this.inputs.push(value);
    return new Tensor(shape, dtype, { value });
  }

  /** The graph value of whatever an operator was given. */
  read(argument: TensorLike, what: string): Value {
    if (argument instanceof Variable) return this.readVariable(argument, what);
    if (!(argument instanceof Tensor)) throw new CaptureError(`${what}: expected a tensor but got ${typeof argument === "object" ? "another object" : typeof argument}. Make one with tensor(device, data, shape).`);
    if (argument.value) {
      if (argument.value.capture !== this || this.#done)
        throw new CaptureError(`${what}: this tensor belongs to a function that has been captured already. Return it from that function and use the result.`);
      return argument.value;
    }
    const storage = argument.storage!;
    storage.check(what);
    this.useDevice(storage.device);
    let value = this.#held.get(storage);
    if (!value) {
      // One storage can be seen under several shapes only through reshape, which makes a value of its own.
      value = this.eager ? this.input(argument.shape, argument.dtype).value! : this.#value(argument.shape, argument.dtype, { source: { held: storage } });
      this.#held.set(storage, value);
    }
    return value;
  }

  readVariable(variable: Variable, what = "read"): Value {
    let value = this.#variables.get(variable);
    if (!value) {
      if (!this.shapesOnly) this.useDevice(variable.memory(what).device);
      value = this.#value(variable.shape, variable.dtype, { source: { variable }, home: variable });
      this.#variables.set(variable, value);
    }
    return value;
  }

  /** Records a node. Outputs with a `home` are new versions of that variable, computed in its memory. */
  record(op: AnyOp, inputs: Node["inputs"], options: object, specs: Record<string, TensorSpec>, single: boolean, homes: Record<string, Variable> = {}): Node {
    const backward = Object.values(inputs).some((value) => value && (value.from?.node.backward || this.#seeds.has(value)));
    const node: Node = { id: this.#ids++, op, inputs, options, outputs: {}, single, blocks: this.#blocks, backward };
    for (const [output, { shape, dtype }] of Object.entries(specs)) {
      const home = homes[output];
      node.outputs[output] = this.#value(shape, dtype, { from: { node, output }, home });
      if (home) {
        this.#variables.set(home, node.outputs[output]);
        this.#assigned.add(home);
      }
    }
    this.nodes.push(node);
    return node;
  }

  /** The checkpointed blocks that are being recorded, outermost first. */
  get blocks(): readonly symbol[] {
    return this.#blocks;
  }

  /** Runs `body` with nodes recorded as parts of these blocks. */
  inBlocks<T>(blocks: readonly symbol[], body: () => T): T {
    const outer = this.#blocks;
    this.#blocks = blocks;
    try {
      return body();
    } finally {
      this.#blocks = outer;
    }
  }

  /** Notes that a backward pass begins with this gradient. */
  seed(value: Value): void {
    this.#seeds.add(value);
  }

  /** Reserves a place in the step block and returns its index, in 32-bit words. */
  stepValue(kind: StepValue["kind"], get: () => number): number {
    if (this.stepValues.length * 4 >= STEP_BLOCK_BYTES) throw new CaptureError(`A step can have at most ${STEP_BLOCK_BYTES / 4} values that change with every call (learning rates, seeds).`);
    return this.stepValues.push({ kind, get }) - 1;
  }

  /** Reads a host value that the captured program depends on; another value later means another plan. */
  guard<T>(get: () => T): T {
    const value = get();
    this.guards.push({ get, value });
    return value;
  }

  graph(outputs: readonly Value[]): Graph {
    return { capture: this, nodes: this.nodes, outputs: [...outputs] };
  }

  #value(shape: Shape, dtype: DType, rest: Partial<Pick<Value, "from" | "source" | "home">>): Value {
    return { id: this.#ids++, capture: this, shape, dtype, from: undefined, home: undefined, ...rest };
  }
}
