import { Variable } from "./variable.js";
import type { Shape } from "../runtime/shape.js";
import { zeros, type Init } from "./init.js";

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

  constructor(shape: Shape, init: Init) {
    super(shape, "f32");
    this.init = init;
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
