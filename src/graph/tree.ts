import { OptionError } from "../runtime/errors.js";
import { Tensor } from "./tensor.js";

/** Records whose entries are looked into; instances of classes are left alone. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The tensors inside arguments or results (arrays, maps, and plain objects of them), in a fixed order. */
export function tensorsIn(value: unknown, found: Tensor[] = []): Tensor[] {
  if (value instanceof Tensor) found.push(value);
  else if (Array.isArray(value) || value instanceof Map) value.forEach((v) => tensorsIn(v, found));
  else if (isPlain(value)) Object.values(value).forEach((v) => tensorsIn(v, found));
  return found;
}

/** The same structure with every tensor replaced. */
export function mapTensors(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  if (value instanceof Tensor) return replace(value);
  if (Array.isArray(value)) return value.map((v) => mapTensors(v, replace));
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, mapTensors(v, replace)]));
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mapTensors(v, replace)]));
  return value;
}

/** JSON in which numbers that JSON does not know (NaN, infinities, −0) stay apart: options and constants as part of a key. */
export function plainKey(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === "number" && (!Number.isFinite(v) || Object.is(v, -0)) ? `#${Object.is(v, -0) ? "-0" : v}` : v));
}

/** What of the arguments a plan depends on: structure, shapes, dtypes, and plain values. */
export function treeKey(value: unknown): string {
  if (value instanceof Tensor) return `${value.dtype}[${value.shape.join()}]`;
  if (Array.isArray(value)) return `(${value.map(treeKey).join()})`;
  if (isPlain(value)) return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${treeKey(v)}`).join()}}`;
  const accepted = "tensors, numbers, strings, booleans, and arrays or plain objects of these";
  if (typeof value === "function" || typeof value === "symbol") throw new OptionError(`compile: arguments are ${accepted}; a ${typeof value} cannot be one. Close over it instead.`);
  if (typeof value === "object" && value !== null) throw new OptionError(`compile: an argument is a ${value.constructor.name}, but arguments are ${accepted}. Close over it instead.`);
  return typeof value === "bigint" ? `${value}n` : value === undefined ? "undefined" : plainKey(value);
}
