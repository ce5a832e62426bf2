/** Where the pixels of a resized axis fall among those it is made from: at `d · step + start`. */
export interface AxisPlacement {
  readonly step: number;
  readonly start: number;
}

/** An axis of `n` pixels resized to `o`, as the numbers of `struct Axis` in shaders/lib/position.wgsl. */
export function axisParams(n: number, o: number, { step, start }: AxisPlacement) {
  const [units, startUnits] = [Math.round(step * 1024), Math.round(start * 1024)];
  return { n, o, units, rest: step - units / 1024, startUnits, startRest: start - startUnits / 1024, inverse: step === 0 ? 0 : 1 / step };
}

/** The same for copied pixels, which read `floor((d + start) · step)`, computed in f32. */
export function copiedAxisParams(n: number, o: number, { step, start }: AxisPlacement) {
  return { n, o, units: 0, rest: Math.fround(step), startUnits: 0, startRest: start, inverse: 1 / step };
}
