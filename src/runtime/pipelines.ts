import { AtrousError, DeviceError } from "./errors.js";
import type { Failures } from "./failures.js";
import { ShaderStage } from "./gpu.js";
import type { KernelCall, Shader } from "./kernel.js";
import { specialisationOf, specialise, type Specialisation, type Specialised } from "./specialise.js";

/** A compute pipeline that may still be compiling. */
export interface Pipeline {
  readonly layout: GPUBindGroupLayout;
  /** Settles when `gpu` is set, or rejects with the compiler's message. */
  readonly ready: Promise<void>;
  gpu: GPUComputePipeline | undefined;
}

/** What two calls must have in common to share a pipeline: the specialised text, the entry point and the constants. */
function keyOf(entry: string, specialised: Specialised): string {
  const known = keys.get(specialised) ?? keys.set(specialised, new Map()).get(specialised)!;
  let key = known.get(entry);
  if (key === undefined) known.set(entry, (key = JSON.stringify([entry, Object.entries(specialised.overrides).sort(), specialised.code])));
  return key;
}

/** Keys are as long as shaders: each is put together once. */
const keys = new WeakMap<Specialised, Map<string, string>>();

/** The keys of the pipelines that these dispatches need, each once. Compiles nothing. */
export function pipelineKeys(calls: readonly KernelCall[]): Set<string> {
  return new Set(calls.map((call) => keyOf(call.entry, specialise(call.shader, specialisationOf(call)))));
}

/** Pipelines by what specialises them: the shader's text (f16 bindings included), the entry point, and the constants. Compiled concurrently. */
export class PipelineCache {
  readonly #gpu: GPUDevice;
  readonly #failures: Failures;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Pipeline>();

  constructor(gpu: GPUDevice, failures: Failures) {
    this.#gpu = gpu;
    this.#failures = failures;
  }

  get size(): number {
    return this.#pipelines.size;
  }

  get(shader: Shader, entry: string, specialisation: Specialisation): Pipeline {
    const specialised = specialise(shader, specialisation);
    const { code, overrides } = specialised;
    const key = keyOf(entry, specialised);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#create(shader, entry, code, overrides, specialisation.writable);
      this.#pipelines.set(key, pipeline);
      // What failed is tried afresh the next time: the reason may have passed (memory).
      pipeline.ready.catch(() => {
        this.#pipelines.delete(key);
        this.#modules.delete(code);
        this.#layouts.clear();
      });
    }
    return pipeline;
  }

  #create(shader: Shader, entry: string, code: string, overrides: Readonly<Record<string, number>>, writable: readonly string[] = []): Pipeline {
    const label = `${shader.name}.${entry}`;
    const layout = this.#layout(shader, entry, writable);
    const compiled = this.#failures.guard(label, () => {
      let module = this.#modules.get(code);
      if (!module) this.#modules.set(code, (module = this.#gpu.createShaderModule({ code, label: shader.name })));
      return this.#gpu.createComputePipelineAsync({
        label,
        layout: this.#gpu.createPipelineLayout({ bindGroupLayouts: [layout], label }),
        compute: { module, entryPoint: entry, constants: { ...overrides } },
      });
    });
    const pipeline: Pipeline = {
      layout,
      gpu: undefined,
      ready: this.#failures.untilLost(compiled).then(
        (gpu) => void (pipeline.gpu = gpu),
        (reason: unknown) => {
          if (reason instanceof AtrousError) throw reason;
          throw new DeviceError(`${label}: the kernel could not be compiled. ${reason instanceof Error ? reason.message : String(reason)}`, { cause: reason });
        },
      ),
    };
    return pipeline;
  }

  #layout(shader: Shader, entry: string, writable: readonly string[]): GPUBindGroupLayout {
    const entries = Object.entries(shader.entries[entry]!).map(([name, [binding, access]]): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: ShaderStage.COMPUTE,
      buffer: { type: access === "uniform" ? "uniform" : access === "read" && !writable.includes(name) ? "read-only-storage" : "storage" },
    }));
    const key = JSON.stringify(entries);
    let layout = this.#layouts.get(key);
    if (!layout) this.#layouts.set(key, (layout = this.#gpu.createBindGroupLayout({ entries })));
    return layout;
  }
}
