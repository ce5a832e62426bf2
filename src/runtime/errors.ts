/**
 * Every error the library throws. The message names the operation, says what is wrong in words,
 * shows the tensors involved with their axis names, and the remedy where there is one.
 */
export class AtrousError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Tensors to show under a message: name → shape, optionally with axis names such as "NHWC". */
export type ShownShapes = Record<string, readonly number[] | readonly [readonly number[], string]>;

function show(shapes: ShownShapes): string {
  const rows = Object.entries(shapes).map(([name, entry]) => {
    const [shape, axes] = Array.isArray(entry[0]) ? (entry as [number[], string]) : [entry as number[], ""];
    return [name, `[${shape.join(", ")}]`, axes] as const;
  });
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  return rows.map(([n, s, a]) => `\n  ${n.padEnd(width(0))}  ${a ? s.padEnd(width(1)) + "  " + a : s}`).join("");
}

/** Shapes that do not fit an operation. `ShapeError("conv2d", "weight expects 64 …", { x: [x.shape, "NHWC"] })`. */
export class ShapeError extends AtrousError {
  constructor(op: string, problem: string, shapes: ShownShapes = {}) {
    super(`${op}: ${problem}${/[.?!]$/.test(problem) ? "" : "."}${show(shapes)}`);
  }
}

/** A tensor of the wrong element type. */
export class DTypeError extends AtrousError {}
/** An option that is unknown, out of range, or does not go with another. */
export class OptionError extends AtrousError {}
/** Use of a tensor, module or device after `dispose()`. */
export class DisposedError extends AtrousError {}
/** The GPU, its driver or the adapter refused something. */
export class DeviceError extends AtrousError {}
/** The GPU was lost or the device destroyed: make a new device and load the last checkpoint. */
export class DeviceLostError extends DeviceError {}
/** The GPU has no memory left for a buffer. */
export class OutOfMemoryError extends DeviceError {}
/** Something that cannot be done while a function is being captured, such as reading a value. */
export class CaptureError extends AtrousError {}
/** A gradient that does not exist. */
export class GradientError extends AtrousError {}
/** Training cannot go on (a loss that is not a number, say); the message names the step. */
export class TrainingError extends AtrousError {}
/** A data set that cannot be used: missing, empty, or with labels outside the classes. */
export class DataError extends AtrousError {}
/** An image or mask that cannot be read. */
export class ImageError extends AtrousError {}
/** A weights file or checkpoint that cannot be read, or is for another model. */
export class CheckpointError extends AtrousError {}
/** A file that cannot be read or written. */
export class FileError extends AtrousError {}

/** The option among `allowed` that `name` most looks like, for "Did you mean …?". */
export function nearest(name: string, allowed: readonly string[]): string | undefined {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++)
        next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
      row = next;
    }
    return row[b.length]!;
  };
  return allowed.map((a) => [distance(name.toLowerCase(), a.toLowerCase()), a] as const)
    .filter(([d, a]) => d <= Math.max(2, a.length / 3)).sort((a, b) => a[0] - b[0])[0]?.[1];
}

/** Throws when `options` holds a key that is not in `allowed`, with the nearest one as a suggestion. */
export function checkOptions(op: string, options: object, allowed: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw new OptionError(`${op}: needs its options as an object. Options: ${allowed.join(", ")}.`);
  for (const key of Object.keys(options)) {
    if (allowed.includes(key)) continue;
    const guess = nearest(key, allowed);
    throw new OptionError(`${op}: unknown option "${key}".${guess ? ` Did you mean "${guess}"?` : ""} Options: ${allowed.join(", ")}.`);
  }
}
