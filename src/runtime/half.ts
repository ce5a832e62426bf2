/** IEEE 754 half precision: 1 sign bit, 5 of exponent, 10 of fraction. What `data()` returns for f16 tensors, and what they are made of. */

/** The value of a bit pattern, exact. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The bit pattern nearest to a number, ties to even. From 65520 on that is infinity; NaN is 0x7e00. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24); // denormal; rounding up to 1024 gives the first normal number
  const exponent = 17 - Math.clz32(size * 2 ** 14);
  // A fraction that rounds up to 2048 carries into the exponent, as it should.
  return sign | (((exponent + 15) << 10) + roundEven(size * 2 ** (10 - exponent)) - 1024);
}

/**
 * The numbers of half-precision bits: `halfToFloat32(await y.data())` for an f16 tensor y. Exact.
 *
 * @param bits as `data()` returns them
 */
export function halfToFloat32(bits: ArrayLike<number>): Float32Array {
  return Float32Array.from(bits, fromHalf);
}

/**
 * The half-precision bits nearest to numbers (ties to even; from 65520 on infinity): what `tensor(device, bits, shape, { dtype: "f16" })`
 * takes.
 */
export function float32ToHalf(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values, toHalf);
}
