import { guarded } from "../graph/current.js";
import type { Device } from "../runtime/device.js";
import { DisposedError } from "../runtime/errors.js";
import { materialise } from "../graph/materialise.js";
import { Parameter, Statistic } from "../graph/parameter.js";

/** "runningMean" → "running_mean": fields are written as TypeScript has them and saved as PyTorch has them. */
const snake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

/**
 * A part of a network: a plain class whose fields are parameters, statistics, other modules, and arrays of modules,
 * with a `forward` of its own. Constructing one describes it; `to(device)` gives it memory and first values.
 * It begins in training mode, as in PyTorch; call `forward` (a module is not a function).
 *
 *     class Block extends Module { conv = new Conv2d(3, 16, { kernelSize: 3 }); forward(x: Tensor) { return relu(this.conv.forward(x)); } }
 *     const block = new Block().to(device, { seed: 0 });
 */
export abstract class Module {
  #training = true;
  #device: Device | undefined;
  #path = "";

  /** Where it stands in the model that was put on a device ("down1.maxpool_conv"); "" for the model itself. */
  get path(): string {
    return this.#path;
  }

  /** True while training (batch statistics, dropout); see `train()` and `eval()`. */
  get training(): boolean {
    return guarded(() => this.#training);
  }

  /** The device it is on. */
  get device(): Device {
    if (!this.#device) throw new DisposedError(`${this.constructor.name}: the model is not on a device. Call model.to(device) first.`);
    return this.#device;
  }

  get onDevice(): boolean {
    return this.#device !== undefined;
  }

  /** Its own modules by name, one level down. */
  *children(): Generator<[name: string, module: Module]> {
    for (const [field, value] of Object.entries(this)) {
      if (value instanceof Module) yield [snake(field), value];
      else if (Array.isArray(value)) for (const [i, item] of value.entries()) if (item instanceof Module) yield [`${snake(field)}.${i}`, item];
    }
  }

  /** This module and everything below it, with paths ("" for itself). */
  *modules(prefix = ""): Generator<[path: string, module: Module]> {
    yield [prefix, this];
    for (const [name, child] of this.children()) yield* child.modules(prefix ? `${prefix}.${name}` : name);
  }

  /** Parameters and statistics by path, in the order of a PyTorch state dict. */
  *namedVariables(): Generator<[path: string, variable: Parameter | Statistic]> {
    for (const [path, module] of this.modules()) {
      for (const [field, value] of Object.entries(module))
        if (value instanceof Parameter || value instanceof Statistic) yield [path ? `${path}.${snake(field)}` : snake(field), value];
    }
  }

  /** What an entry of a state dict is called here, for files whose names are of an older version. Default: the same. */
  entryName(name: string): string {
    return name;
  }

  /** All parameters, frozen ones included. */
  parameters(): Parameter[] {
    return [...this.namedVariables()].flatMap(([, v]) => (v instanceof Parameter ? [v] : []));
  }

  statistics(): Statistic[] {
    return [...this.namedVariables()].flatMap(([, v]) => (v instanceof Statistic ? [v] : []));
  }

  /**
   * Number of values in all parameters.
   *
   * @param trainable count those only that training changes; default false
   */
  parameterCount({ trainable = false }: { trainable?: boolean } = {}): number {
    return this.parameters().reduce((sum, p) => sum + (trainable && !p.trainable ? 0 : p.size), 0);
  }

  /**
   * Puts the model on a device with its first values.
   *
   * @param seed every parameter draws from the seed and its own path; default 0
   */
  to(device: Device, { seed = 0 }: { seed?: number } = {}): this {
    this.dispose();
    for (const [path, variable] of this.namedVariables()) variable.name = path;
    materialise(device, this.parameters(), this.statistics(), seed);
    for (const [path, module] of this.modules()) {
      module.#device = device;
      module.#path = path;
    }
    return this;
  }

  /** Training mode for it and everything below. */
  train(on = true): this {
    for (const [, module] of this.modules()) module.#training = on;
    return this;
  }

  /** Evaluation mode: running statistics, no dropout. */
  eval(): this {
    return this.train(false);
  }

  /** Keeps the parameters as they are and the batch norms on their running statistics. */
  freeze(): this {
    for (const parameter of this.parameters()) parameter.trainable = false;
    return this.eval();
  }

  unfreeze(): this {
    for (const parameter of this.parameters()) parameter.trainable = true;
    return this.train();
  }

  /** Frees the memory of parameters and statistics. Safe to call twice. */
  dispose(): void {
    for (const [, variable] of this.namedVariables()) variable.release();
    for (const [, module] of this.modules()) module.#device = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
