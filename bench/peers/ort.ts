import type { ComparableRunner, Contender } from "../contender.js";
import { permute } from "./layout.js";
import { onnxModel } from "./onnx.js";
import { ortGraph } from "./ort-graph.js";

/** The part of ONNX Runtime's API that the benchmarks use. */
interface OrtTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
  dispose(): void;
}

interface OrtSession {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

interface Ort {
  Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OrtTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
}

export interface OrtModule {
  readonly default: Ort;
}

/** What falls back to the CPU would be another contender: such models are refused. Errors only (3), not every warning, are printed. */
const options = (location: "gpu-buffer" | "cpu"): object => ({
  executionProviders: ["webgpu"], preferredOutputLocation: location, logSeverityLevel: 3, extra: { session: { disable_cpu_ep_fallback: "1" } },
});

/** What its builds compute on. The native one brings its own Dawn: it shares the driver with ours and no more. */
const builds = {
  node: "its own Dawn, without robustness (bounds checks) and lazy clearing",
  page: "its WebAssembly build for browsers, on the browser's WebGPU like everybody here",
} as const;

/** ONNX Runtime with its WebGPU backend. */
export async function openOrt({ default: { Tensor, InferenceSession } }: OrtModule, version: string, where: keyof typeof builds): Promise<Contender> {
  const identity = onnxModel({ nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }], constants: [], inputs: [{ name: "x" }], outputs: ["y"] });
  const [upload, download] = [await InferenceSession.create(identity, options("gpu-buffer")), await InferenceSession.create(identity, options("cpu"))];
  const onGpu = async (data: Float32Array, shape: readonly number[]): Promise<OrtTensor> => (await upload.run({ x: new Tensor("float32", data, shape) }))["y"]!;
  const one = await onGpu(Float32Array.of(1), [1]);
  /** Runs return once they are queued; reading one number waits for all of them. */
  const idle = async (): Promise<void> => void await download.run({ x: one });
  return {
    name: "ort", version,
    notes: [builds[where], "inputs and results stay on the GPU, weights are constants of the model", "inference only"],
    prepare: async (spec, inputs) => {
      const graph = ortGraph(spec, inputs);
      if ("absent" in graph) return graph;
      const session = await InferenceSession.create(onnxModel(graph), options("gpu-buffer"));
      const feeds: Record<string, OrtTensor> = {};
      for (const [name, { data, shape }] of Object.entries(graph.feeds)) feeds[name] = await onGpu(data, shape);
      const runner: ComparableRunner = {
        run: async () => {
          for (const output of Object.values(await session.run(feeds))) output.dispose();
        },
        idle,
        result: async () => {
          const outputs = await session.run(feeds);
          const parts: Float32Array[] = [];
          for (const name of graph.outputs) {
            const { data, dims } = (await download.run({ x: outputs[name]! }))["y"]!;
            parts.push(graph.back ? permute(data, dims, graph.back) : data);
            outputs[name]!.dispose();
          }
          return parts;
        },
        dispose: async () => {
          for (const feed of Object.values(feeds)) feed.dispose();
          await session.release();
        },
      };
      return runner;
    },
  };
}
