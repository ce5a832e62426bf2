import type { ComparableRunner, Contender } from "../contender.js";
import { STEPS, type Spec, type UNetSpec } from "../spec.js";
import type { Jax, JaxArray } from "./jax-api.js";
import { adamUpdate, meanCrossEntropy, operatorOf, upsampled, weightOrder, windows, type Computation, type Take } from "./jax-ops.js";
import { permute, permuted, toNCHW, toNHWC } from "./layout.js";
import { unet, unetRoles, type UNetOps } from "./unet.js";

function network(jax: Jax, { levels, what, learningRate }: UNetSpec, take: Take): Computation {
  const bias = (b: JaxArray): JaxArray => b.reshape([1, b.shape[0]!, 1, 1]);
  const ops: UNetOps<JaxArray> = {
    conv: (x, weight, b, relu) => {
      const pad = (weight.shape[2]! - 1) / 2;
      const out = jax.lax.convGeneralDilated(x, weight, [1, 1], [[pad, pad], [pad, pad]], { rhsDilation: [1, 1], featureGroupCount: 1 }).add(bias(b));
      return relu ? jax.nn.relu(out) : out;
    },
    // The skip connection uses it once more.
    pool: (x) => windows(x.ref, 2).max([3, 5]),
    up: (x, weight, b) => upsampled(jax, x, weight).add(bias(b)),
    concat: (a, b) => jax.numpy.concatenate([a, b], 1),
  };
  const roles = unetRoles(levels);
  const weights = roles.map((role, i) => take(`w${i}`, role === "bias" ? undefined : weightOrder));
  const image = take("image", toNCHW);
  if (what === "logits") return { f: (x, ...ws) => unet(x!, ws, levels, ops), args: [image, ...weights], back: toNHWC };
  const n = roles.length;
  const zeros = weights.map(({ shape }) => shape).map((shape) => [0, 1].map(() => jax.numpy.array(new Float32Array(shape.reduce((a, b) => a * b)), { shape })));
  const loss = (...xs: JaxArray[]): JaxArray => meanCrossEntropy(jax, unet(xs[n]!, xs.slice(0, n), levels, ops), xs[n + 1]!, 1);
  const lossAndGrad = jax.valueAndGrad(loss, { argnums: roles.map((_, i) => i) });
  return {
    // Weights, first moments, second moments, step, image, labels → loss, and the first four anew.
    args: [...weights, ...zeros.map(([m]) => m!), ...zeros.map(([, v]) => v!), jax.numpy.array(1), image, take("labels")],
    f: (...xs) => {
      const t = xs[3 * n]!;
      const [value, gradients] = lossAndGrad(...xs.slice(0, n).map((w) => w.ref), xs[3 * n + 1]!, xs[3 * n + 2]!);
      const updates = roles.map((_, i) => adamUpdate(jax, learningRate, xs[i]!, gradients[i]!, xs[n + i]!, xs[2 * n + i]!, t.ref));
      return [value, ...[0, 1, 2].flatMap((k) => updates.map((update) => update[k]!)), t.add(1)];
    },
    next: ([value, ...state], args) => {
      value!.dispose();
      return [...state, ...args.slice(3 * n + 1)];
    },
  };
}

/** A compiled computation with its arguments, which training replaces. */
function runnerOf(jax: Jax, spec: Spec, computation: Computation): ComparableRunner {
  const { back, next } = computation;
  const compiled = jax.jit(computation.f);
  let args = [...computation.args];
  const idle = async (): Promise<void> => {
    await jax.getWebGPUDevice().queue.onSubmittedWorkDone();
  };
  /** Queues everything: jax-js computes nothing before somebody asks for a result, here for its buffer. */
  const call = async (): Promise<JaxArray[]> => {
    const results = [compiled(...args.map((arg) => arg.ref))].flat();
    await Promise.all(results.map((result) => result.ref.gpuBuffer()));
    return results;
  };
  const finish = (results: JaxArray[]): void => {
    if (!next) return results.forEach((result) => result.dispose());
    const replaced = next(results, args);
    for (const arg of args) if (!replaced.includes(arg)) arg.dispose();
    args = replaced;
  };
  const read = async (result: JaxArray): Promise<Float32Array> => {
    const { shape } = result;
    const data = await result.ref.data();
    return back && shape.length === back.length ? permute(data, shape, back) : data;
  };
  return {
    run: async () => finish(await call()),
    idle,
    result: async () => {
      if (spec.kind === "unet" && spec.what === "step") {
        const losses = new Float32Array(STEPS);
        for (let step = 0; step < STEPS; step++) {
          const results = await call();
          losses.set(await read(results[0]!), step);
          finish(results);
        }
        return [losses];
      }
      const results = await call();
      const parts: Float32Array[] = [];
      // Of Adam the parameters, which stand before both moments and the step.
      for (const result of next ? results.slice(0, (results.length - 1) / 3) : results) parts.push(await read(result));
      finish(results);
      return parts;
    },
    dispose: async () => {
      for (const arg of args) arg.dispose();
      compiled.dispose();
      await idle();
    },
  };
}

/** jax-js on the adapter behind `navigator.gpu`. */
export async function openJax(jax: Jax, version: string): Promise<Contender> {
  await jax.init("webgpu");
  jax.defaultDevice("webgpu");
  return {
    name: "jax", version, device: jax.getWebGPUDevice(),
    notes: ["compiled with jit, layout NCHW, inputs and results stay on the GPU", "no resize operator (two matmuls) and no pooling operator with a gradient (reshape and max)", "transposed convolutions as matrix products, its own being wrong"],
    prepare: async (spec, inputs) => {
      const take: Take = (name, order) => {
        const { shape, data } = inputs[name]!;
        const moved = order ? permute(data, shape, order) : data;
        const integers = data instanceof Uint32Array;
        return jax.numpy.array(integers ? Int32Array.from(moved) : moved as Float32Array, { shape: order ? permuted(shape, order) : shape, dtype: integers ? "int32" : "float32" });
      };
      const computation = spec.kind === "unet" ? network(jax, spec, take) : operatorOf(jax, spec, inputs, take);
      return "absent" in computation ? computation : runnerOf(jax, spec, computation);
    },
  };
}
