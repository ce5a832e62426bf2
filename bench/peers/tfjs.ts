import type { ComparableRunner, Contender } from "../contender.js";
import { STEPS, type Inputs, type UNetSpec } from "../spec.js";
import { permute, permuted } from "./layout.js";
import type { Tf, TfTensor } from "./tfjs-api.js";
import { meanCrossEntropy, operatorOf, uniqueVariable, weightOrders, type Computation, type Take } from "./tfjs-ops.js";
import { unet, unetRoles, type UNetOps } from "./unet.js";

function network(tf: Tf, { levels, what, learningRate }: UNetSpec, take: Take): Computation {
  const ops: UNetOps<TfTensor> = {
    conv: (x, filter, bias, relu) => tf.fused.conv2d({ x, filter, strides: 1, pad: "same", bias, activation: relu ? "relu" : "linear" }),
    pool: (x) => tf.maxPool(x, 2, 2, "valid"),
    up: (x, filter, bias) => tf.add(tf.conv2dTranspose(x, filter, [x.shape[0]!, 2 * x.shape[1]!, 2 * x.shape[2]!, filter.shape[2]!], 2, "valid"), bias),
    concat: (a, b) => tf.concat([a, b], -1),
  };
  const image = take("image");
  const weights = unetRoles(levels).map((role, i) => take(`w${i}`, role === "bias" ? undefined : weightOrders[role]));
  if (what === "logits") return { run: () => unet(image, weights, levels, ops) };
  const labels = take("labels");
  const variables = weights.map((weight) => uniqueVariable(tf, weight));
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  const run = (): TfTensor => optimizer.minimize(() => meanCrossEntropy(tf, unet(image, variables, levels, ops), labels), true, variables);
  return {
    run,
    result: async () => {
      const losses = new Float32Array(STEPS);
      for (let step = 0; step < STEPS; step++) {
        const loss = run();
        losses.set(await loss.data(), step);
        loss.dispose();
      }
      return [losses];
    },
    dispose: () => {
      optimizer.dispose();
      tf.dispose(variables);
    },
  };
}

/** TensorFlow.js with its WebGPU backend, on the adapter behind `navigator.gpu`. */
export async function openTfjs(tf: Tf, version: string): Promise<Contender> {
  await tf.setBackend("webgpu");
  await tf.ready();
  const backend = tf.backend();
  const idle = async (): Promise<void> => {
    backend.endComputePassEncoder();
    if (backend.commandEncoder) backend.submitQueue();
    await backend.device.queue.onSubmittedWorkDone();
  };
  return {
    name: "tfjs", version, device: backend.device,
    notes: ["inputs and results stay on the GPU", "gradients of convolutions are its backward kernels called directly"],
    prepare: async (spec, inputs: Inputs) => {
      const tensors: TfTensor[] = [];
      const take: Take = (name, order) => {
        const { shape, data } = inputs[name]!;
        const moved = order ? permute(data, shape, order) : data;
        const tensor = tf.tensor(data instanceof Uint32Array ? Int32Array.from(moved) : moved, order ? permuted(shape, order) : shape, data instanceof Uint32Array ? "int32" : "float32");
        tensors.push(tensor);
        return tensor;
      };
      const computation = spec.kind === "unet" ? network(tf, spec, take) : operatorOf(tf, spec, inputs, take);
      if ("absent" in computation) return computation;
      const { back } = computation;
      const run = (): TfTensor | readonly TfTensor[] => tf.tidy(() => computation.run());
      const runner: ComparableRunner = {
        run: () => tf.dispose(run()),
        idle,
        result: async () => {
          if (computation.result) return computation.result();
          const out = [run()].flat();
          const parts = await Promise.all(out.map(async (tensor) => {
            const data = await tensor.data();
            return back ? permute(data, tensor.shape, back) : data;
          }));
          tf.dispose(out);
          return parts;
        },
        dispose: async () => {
          computation.dispose?.();
          tf.dispose(tensors);
          await idle();
        },
      };
      return runner;
    },
  };
}
