/** What a parameter of the U-Net is, in the order of its state dict. */
export type Role = "conv" | "bias" | "up";

/** Two convolutions per level down, a transposed one and two more per level up, and the head, each with its bias. */
export function unetRoles(levels: number): Role[] {
  const twice: Role[] = ["conv", "bias", "conv", "bias"];
  const down = Array.from({ length: levels }, () => twice).flat();
  const up = Array.from({ length: levels - 1 }, (): Role[] => ["up", "bias", ...twice]).flat();
  return [...down, ...up, "conv", "bias"];
}

/** The operators that the U-Net is made of, in some library's tensors. */
export interface UNetOps<T> {
  /** 3×3 with "same" padding (the head: 1×1), bias, and ReLU if asked. */
  conv(x: T, weight: T, bias: T, relu: boolean): T;
  pool(x: T): T;
  up(x: T, weight: T, bias: T): T;
  concat(a: T, b: T): T;
}

/** Logits of the U-Net of bench/unet-cases.ts. */
export function unet<T>(image: T, parameters: readonly T[], levels: number, { conv, pool, up, concat }: UNetOps<T>): T {
  let next = 0;
  const take = (): T => parameters[next++]!;
  const twice = (x: T): T => {
    const inner = conv(x, take(), take(), true);
    return conv(inner, take(), take(), true);
  };
  const skips: T[] = [];
  let h = twice(image);
  for (let level = 1; level < levels; level++) {
    skips.push(h);
    h = twice(pool(h));
  }
  while (skips.length > 0) {
    const larger = up(h, take(), take());
    h = twice(concat(skips.pop()!, larger));
  }
  return conv(h, take(), take(), false);
}
