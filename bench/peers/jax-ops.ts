import type { Absent } from "../contender.js";
import type { Inputs, Spec } from "../spec.js";
import type { Jax, JaxArray, JaxFunction } from "./jax-api.js";
import { toNCHW, toNHWC } from "./layout.js";

/** Uploads an input, with its axes in another order where asked, and keeps it. */
export type Take = (name: string, order?: readonly number[]) => JaxArray;

export interface Computation {
  readonly f: JaxFunction;
  readonly args: readonly JaxArray[];
  /** The order of axes that brings a result back to the layout of the house; of several results the first that has as many axes. */
  readonly back?: readonly number[];
  /** For training: the arguments of the next call, out of the results of this one; those that are replaced are disposed of. */
  readonly next?: (results: readonly JaxArray[], args: readonly JaxArray[]) => JaxArray[];
}

/** OHWI → OIHW; transposed [in, kh, kw, out] → [in, out, kh, kw]. */
export const weightOrder = [0, 3, 1, 2] as const;

/** Rows of linear interpolation with pixel centres at half: [size × scale, size]. */
function interpolation(jax: Jax, size: number, scale: number): JaxArray {
  const data = new Float32Array(size * scale * size);
  for (let row = 0; row < size * scale; row++) {
    const at = Math.max(0, (row + 0.5) / scale - 0.5);
    const [low, high] = [Math.floor(at), Math.min(size - 1, Math.floor(at) + 1)];
    data[row * size + low]! += 1 - (at % 1);
    data[row * size + high]! += at % 1;
  }
  return jax.numpy.array(data, { shape: [size * scale, size] });
}

/** [1, C, H, W] → [1, C, H/k, k, W/k, k]. */
export const windows = (x: JaxArray, k: number): JaxArray => {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return x.reshape([n, c, h / k, k, w / k, k]);
};

/**
 * Transposed convolution of kernel k and stride k, weight [in, out, k, k], as a matrix product: jax-js's convTranspose (0.1.25)
 * gives wrong results for images of more than one pixel.
 */
export function upsampled({ numpy }: Jax, x: JaxArray, weight: JaxArray): JaxArray {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [, out, k] = weight.shape as [number, number, number];
  // The matrix stands right: a product with fewer axes on its left (0.1.25) is wrong too.
  const product = numpy.matmul(x.reshape([n, c, h * w]).transpose([0, 2, 1]), weight.reshape([c, out * k * k]));
  return product.reshape([n, h, w, out, k, k]).transpose([0, 3, 1, 4, 2, 5]).reshape([n, out, k * h, k * w]);
}

export const meanCrossEntropy = (jax: Jax, logits: JaxArray, labels: JaxArray, axis: number): JaxArray => {
  const classes = logits.shape.at(axis)!;
  const hot = jax.nn.oneHot(labels, classes);
  return jax.nn.logSoftmax(axis === 1 ? logits.transpose(toNHWC) : logits, -1).mul(hot).sum(-1).mean().neg();
};

/** One step of Adam with bias correction, as ours: (p, g, m, v, t) → (p, m, v); t counts from 1. */
export function adamUpdate({ numpy }: Jax, learningRate: number, p: JaxArray, g: JaxArray, m: JaxArray, v: JaxArray, t: JaxArray): [JaxArray, JaxArray, JaxArray] {
  const [beta1, beta2] = [0.9, 0.999];
  const first = m.mul(beta1).add(g.ref.mul(1 - beta1));
  const second = v.mul(beta2).add(g.ref.mul(g).mul(1 - beta2));
  const corrected = first.ref.div(numpy.power(beta1, t.ref).neg().add(1));
  const root = numpy.sqrt(second.ref.div(numpy.power(beta2, t).neg().add(1))).add(1e-8);
  return [p.sub(corrected.div(root).mul(learningRate)), first, second];
}

/** A gradient without a forward pass, which the compiler drops: nothing of it is asked for. */
function gradientOf(jax: Jax, f: (...xs: JaxArray[]) => JaxArray, count: number, wanted: readonly number[]): JaxFunction {
  return (...xs) => {
    const [out, pull] = jax.vjp(f, xs.slice(0, count));
    out.dispose();
    const gradients = pull(xs[count]!);
    pull.dispose();
    return gradients.filter((gradient, i) => {
      if (!wanted.includes(i)) gradient.dispose();
      return wanted.includes(i);
    });
  };
}

/** The operators of the benchmark in jax-js, in its layout NCHW; networks are elsewhere. */
export function operatorOf(jax: Jax, spec: Exclude<Spec, { kind: "unet" }>, inputs: Inputs, take: Take): Computation | Absent {
  const { lax, nn, numpy } = jax;
  switch (spec.kind) {
    case "matmul": return { f: (a, b) => numpy.matmul(a!, b!), args: [take("a"), take("b")] };
    case "conv2d": {
      const { stride, padding, dilation, groups, direction } = spec;
      const conv = (x: JaxArray, weight: JaxArray): JaxArray => lax.convGeneralDilated(x, weight, [stride, stride], [[padding, padding], [padding, padding]], { rhsDilation: [dilation, dilation], featureGroupCount: groups });
      const args = [take("x", toNCHW), take("weight", weightOrder)];
      if (direction === "forward") return { f: (x, weight) => conv(x!, weight!), args, back: toNHWC };
      const gradient = gradientOf(jax, conv as (...xs: JaxArray[]) => JaxArray, 2, [direction === "input gradient" ? 0 : 1]);
      return { f: gradient, args: [...args, take("grad", toNCHW)], back: toNHWC };
    }
    case "convTranspose2d": return { f: (x, weight) => upsampled(jax, x!, weight!), args: [take("x", toNCHW), take("weight", weightOrder)], back: toNHWC };
    case "maxPool2d": return { f: (x) => windows(x!, spec.kernel).max([3, 5]), args: [take("x", toNCHW)], back: toNHWC };
    case "avgPool2d": return { f: (x) => windows(x!, spec.kernel).mean([3, 5]), args: [take("x", toNCHW)], back: toNHWC };
    case "maxUnpool2d": return {
      f: (x) => {
        const { shape } = x!;
        const parts = windows(x!, spec.kernel);
        const most = parts.ref.max([3, 5], { keepdims: true });
        return numpy.where(parts.ref.equal(most), parts, 0).reshape(shape);
      },
      args: [take("x", toNCHW)], back: toNHWC,
    };
    case "pyramidPool2d": return { f: (x) => {
      const maps = spec.bins.map((bins) => windows(x!.ref, x!.shape[2]! / bins).mean([3, 5]));
      x!.dispose();
      return maps;
    }, args: [take("x", toNCHW)], back: toNHWC };
    case "batchNorm2d": {
      const forward = (x: JaxArray, gamma: JaxArray, beta: JaxArray): JaxArray => {
        const c = x.shape[1]!;
        const centred = x.ref.sub(x.mean([0, 2, 3], { keepdims: true }));
        const variance = centred.ref.mul(centred.ref).mean([0, 2, 3], { keepdims: true });
        return centred.div(numpy.sqrt(variance.add(1e-5))).mul(gamma.reshape([1, c, 1, 1])).add(beta.reshape([1, c, 1, 1]));
      };
      const args = [take("x", toNCHW), take("gamma"), take("beta")];
      if (spec.direction === "forward") return { f: (x, gamma, beta) => forward(x!, gamma!, beta!), args, back: toNHWC };
      return { f: gradientOf(jax, forward as (...xs: JaxArray[]) => JaxArray, 3, [0, 1, 2]), args: [...args, take("grad", toNCHW)], back: toNHWC };
    }
    case "resize": {
      const [, h, w] = inputs["x"]!.shape as [number, number, number, number];
      const [rows, columns] = [interpolation(jax, h, spec.scale), interpolation(jax, w, spec.scale)];
      // Linear: its gradient is the same with both matrices the other way round.
      const [x, transposed] = spec.direction === "forward" ? [take("x", toNCHW), false] : [take("grad", toNCHW), true];
      // As many axes left as right: see `upsampled`.
      const left = (matrix: JaxArray): JaxArray => (transposed ? matrix.transpose() : matrix).reshape([1, 1, ...(transposed ? [h, h * spec.scale] : [h * spec.scale, h])]);
      const f: JaxFunction = (input, a, b) => numpy.matmul(left(a!), numpy.matmul(input!, transposed ? b! : b!.transpose()));
      return { f, args: [x, rows, columns], back: toNHWC };
    }
    case "softmax": return { f: (x) => nn.softmax(x!, -1), args: [take("x")] };
    case "crossEntropy": {
      const loss = jax.valueAndGrad((x, labels) => meanCrossEntropy(jax, x!, labels!, -1), { argnums: [0] });
      return { f: (x, labels) => {
        const [value, [gradient]] = loss(x!, labels!);
        return [value, gradient!];
      }, args: [take("logits"), take("labels")] };
    }
    case "concat": return { f: (a, b) => numpy.concatenate([a!, b!], 1), args: [take("a", toNCHW), take("b", toNCHW)], back: toNHWC };
    case "addRelu": return { f: (a, b) => nn.relu(a!.add(b!)), args: [take("a"), take("b")] };
    case "adam": {
      const names = Object.keys(inputs).filter((name) => name.startsWith("p"));
      const n = names.length;
      const zeros = (name: string): JaxArray => numpy.array(new Float32Array(inputs[name]!.data.length), { shape: inputs[name]!.shape });
      return {
        args: [...names.map((name) => take(name)), ...names.map(zeros), ...names.map(zeros), numpy.array(1), ...names.map((name) => take(name.replace("p", "g")))],
        f: (...xs) => {
          const t = xs[3 * n]!;
          const updates = names.map((_, i) => adamUpdate(jax, spec.learningRate, xs[i]!, xs[3 * n + 1 + i]!, xs[n + i]!, xs[2 * n + i]!, t.ref));
          return [...[0, 1, 2].flatMap((k) => updates.map((update) => update[k]!)), t.add(1)];
        },
        next: (results, args) => [...results, ...args.slice(3 * n + 1)],
      };
    }
  }
}
