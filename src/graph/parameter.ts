import type { TypedArrayOf } from "../runtime/dtype.js";
import { DeviceError, ShapeError } from "../runtime/errors.js";
import type { Shape } from "../runtime/shape.js";
import type { Storage } from "../runtime/storage.js";
import { zeros, type Init } from "./init.js";
import { Variable } from "./variable.js";

/**
 * A tensor that training changes. Its memory is a part of one flat buffer per model, so that an optimizer updates all in one go.
 * Operators take it as it is; it has a `name`, `shape` and `dtype`, `await parameter.data()` reads it, and `parameter.write(values)`
 * replaces it (in the order of `shape`: a kernel's is OHWI).
 */
export class Parameter extends Variable<"f32"> {
  /** False: frozen; `valueAndGrad` leaves it out. */
  trainable = true;
  /** Where it stands in the flat memory of its model, once that is on a device. */
  slab: { readonly flat: Variable<"f32">; readonly start: number } | undefined;
  readonly init: Init;
  /**
   * Where the whole is larger than the adapter binds at once (the first fully connected layer of FCN): its rows in several
   * parameters, which have the memory and the gradients. Else undefined.
   */
  parts: readonly ParameterPart[] | undefined;

  constructor(shape: Shape, init: Init) {
    super(shape, "f32");
    this.init = init;
  }

  /** What has memory: itself, or its parts. */
  get pieces(): readonly Parameter[] {
    return this.parts ?? [this];
  }

  override memory(what: string): Storage {
    if (this.parts) throw new DeviceError(`${what}: "${this.name}" is larger than this adapter binds at once and lies in ${this.parts.length} parts, which only conv2d without groups and Linear can read.`);
    return super.memory(what);
  }

  override check(what: string): void {
    for (const piece of this.pieces) piece.memory(what);
  }

  override data(): Promise<TypedArrayOf<"f32">> {
    const { parts } = this;
    if (!parts) return super.data();
    const whole = new Float32Array(this.size);
    return Promise.all(parts.map((part) => part.data().then((data) => whole.set(data, part.start)))).then(() => whole);
  }

  override write(data: TypedArrayOf<"f32">): void {
    if (!this.parts) return super.write(data);
    if (data.length !== this.size) throw new ShapeError("write", `"${this.name}" has ${this.size} elements but the data has ${data.length}`, { variable: this.shape });
    for (const part of this.parts) part.write(data.subarray(part.start, part.start + part.size));
  }

  override release(): void {
    super.release();
    this.slab = undefined;
    for (const part of this.parts ?? []) part.release();
    this.parts = undefined;
  }
}

/** Some rows of a parameter: all of `shape` but the first axis is the whole's. */
export class ParameterPart extends Parameter {
  readonly whole: Parameter;
  /** Its first row among those of the whole. */
  readonly row: number;
  /** Its first element among those of the whole. */
  readonly start: number;

  constructor(whole: Parameter, row: number, rows: number) {
    const shape = [rows, ...whole.shape.slice(1)];
    super(shape, whole.init);
    this.whole = whole;
    this.row = row;
    this.start = (row * whole.size) / whole.shape[0]!;
    this.name = `${whole.name}[${row}:${row + rows}]`;
  }
}

/** A tensor that belongs to a module and is saved with it, but has no gradient (running mean, running variance). */
export class Statistic extends Variable<"f32" | "i32"> {
  readonly init: Init;

  constructor(shape: Shape, init: Init = zeros, dtype: "f32" | "i32" = "f32") {
    super(shape, dtype);
    this.init = init;
  }
}
