import { OptionError } from "../runtime/errors.js";
import { Tensor } from "./tensor.js";

/** The tensors inside arguments or results (arrays and plain objects of them), in a fixed order. */
export function tensorsIn(value: unknown, found: Tensor[] = []): Tensor[] {
  if (value instanceof Tensor) found.push(value);
  else if (value instanceof Map) value.forEach((v) => tensorsIn(v, found));
  else if (typeof value === "object" && value !== null) Object.values(value).forEach((v) => tensorsIn(v, found));
  return found;
}

/** The same structure with every tensor replaced. */
export function mapTensors(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  if (value instanceof Tensor) return replace(value);
  if (Array.isArray(value)) return value.map((v) => mapTensors(v, replace));
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, mapTensors(v, replace)]));
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapTensors(v, replace)]));
  return value;
}

/** What of the arguments a plan depends on: structure, shapes, dtypes, and plain values. */
export function treeKey(value: unknown): string {
  if (value instanceof Tensor) return `${value.dtype}[${value.shape.join()}]`;
  if (Array.isArray(value)) return `(${value.map(treeKey).join()})`;
  if (typeof value === "function" || typeof value === "symbol") throw new OptionError("compile: arguments are tensors, numbers, strings, booleans, and arrays or plain objects of these; a function cannot be one. Close over it instead.");
  if (typeof value === "object" && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) throw new OptionError(`compile: an argument is a ${value.constructor.name}. Pass tensors, plain values, and arrays or plain objects of them; close over anything else.`);
    return `{${Object.entries(value).map(([k, v]) => `${k}:${treeKey(v)}`).join()}}`;
  }
  return JSON.stringify(value) ?? String(value);
}
