import { Variable } from "./variable.js";
import type { Device } from "../runtime/device.js";
import { DeviceError } from "../runtime/errors.js";
import { alignUp, BINDING_ALIGNMENT, mebibytes } from "../runtime/gpu.js";
import { Storage } from "../runtime/storage.js";
import { draw } from "./init.js";
import { ParameterPart, type Parameter, type Statistic } from "./parameter.js";

/**
 * Gives parameters and statistics memory on a device and their first values. Parameters share flat buffers (each at
 * its own aligned offset), so that an optimizer updates all of them in one dispatch; statistics have one each,
 * because a dispatch may read some while it writes others. A parameter that is too large for one binding gets parts.
 */
export function materialise(device: Device, whole: readonly Parameter[], statistics: readonly Statistic[], seed: number): void {
  const limit = Math.min(device.adapter.limits.maxStorageBufferBindingSize, device.adapter.limits.maxBufferSize);
  for (const parameter of whole) parameter.parts = partsOf(parameter, limit);
  const parameters = whole.flatMap(({ pieces }) => pieces);
  const drawn = drawnOnce(seed);
  for (let from = 0; from < parameters.length; ) {
    let bytes = 0;
    let to = from;
    while (to < parameters.length && (to === from || bytes + parameters[to]!.bytes <= limit)) bytes = alignUp(bytes + parameters[to++]!.bytes, BINDING_ALIGNMENT);
    layOut(device, parameters.slice(from, to), bytes, drawn);
    from = to;
  }
  for (const statistic of statistics) {
    statistic.storage = shared(device, statistic.bytes, statistic.name);
    const values = draw(statistic.init, statistic.shape, seed, statistic.name);
    statistic.write(statistic.dtype === "i32" ? Int32Array.from(values) : values);
  }
}

/** As few parts of whole rows as can be bound, of about one size; undefined where the parameter itself can be. */
function partsOf(parameter: Parameter, limit: number): ParameterPart[] | undefined {
  const { name, shape, bytes } = parameter;
  if (bytes <= limit) return undefined;
  const rows = shape[0]!;
  // Convolutions pack four rows together, with a bias for each.
  const most = Math.floor(limit / (bytes / rows + 4) / 4) * 4;
  if (most < 4) throw new DeviceError(`${name}: four rows of a parameter of shape [${shape.join(", ")}] need ${mebibytes((4 * bytes) / rows)}, more than this adapter binds at once (${mebibytes(limit)}).`);
  const each = Math.ceil(rows / Math.ceil(rows / most) / 4) * 4;
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => new ParameterPart(parameter, i * each, Math.min(each, rows - i * each)));
}

/** First values of parameters; the parts of one are drawn together, so that no adapter's limit changes the numbers. */
function drawnOnce(seed: number): (parameter: Parameter) => Float32Array {
  let last: { whole: Parameter; values: Float32Array } | undefined;
  return (parameter) => {
    if (!(parameter instanceof ParameterPart)) return draw(parameter.init, parameter.shape, seed, parameter.name);
    const { whole, start, size } = parameter;
    if (last?.whole !== whole) last = { whole, values: draw(whole.init, whole.shape, seed, whole.name) };
    return last.values.subarray(start, start + size);
  };
}

function layOut(device: Device, parameters: readonly Parameter[], bytes: number, drawn: (parameter: Parameter) => Float32Array): void {
  const flat = new Variable([bytes / 4], "f32");
  flat.name = "parameters";
  flat.storage = shared(device, bytes, "parameters");
  const values = new Float32Array(bytes / 4);
  let users = parameters.length;
  let start = 0;
  for (const parameter of parameters) {
    values.set(drawn(parameter), start);
    parameter.slab = { flat, start };
    parameter.storage = new Storage(device, flat.storage.buffer, start * 4, parameter.bytes, () => {
      if (--users === 0) flat.storage!.release();
    });
    parameter.version++;
    start += alignUp(parameter.bytes, BINDING_ALIGNMENT) / 4;
  }
  flat.write(values);
  for (const { storage } of parameters) storage!.epoch = flat.storage.epoch;
}

/** Memory outside the pool, with zeros in it. */
export function shared(device: Device, bytes: number, label: string): Storage {
  const buffer = device.allocateShared(Math.max(16, bytes), label);
  const storage = new Storage(device, buffer, 0, bytes, () => device.releaseShared(buffer));
  storage.epoch = device.failures.epoch;
  return storage;
}
