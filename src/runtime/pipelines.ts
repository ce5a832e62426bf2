import { AtrousError, DeviceError } from "./errors.js";
import type { Failures } from "./failures.js";
import { ShaderStage } from "./gpu.js";
import type { Shader } from "./kernel.js";
import { specialise, type Specialisation } from "./specialise.js";

/** A compute pipeline that may still be compiling. */
export interface Pipeline {
  readonly layout: GPUBindGroupLayout;
  /** Settles when `gpu` is set, or rejects with the compiler's message. */
  readonly ready: Promise<void>;
  gpu: GPUComputePipeline | undefined;
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
    const { code, overrides } = specialise(shader, specialisation);
    const key = JSON.stringify([entry, Object.entries(overrides).sort(), code]);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#create(shader, entry, code, overrides);
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

  #create(shader: Shader, entry: string, code: string, overrides: Readonly<Record<string, number>>): Pipeline {
    const label = `${shader.name}.${entry}`;
    const layout = this.#layout(shader, entry);
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

  #layout(shader: Shader, entry: string): GPUBindGroupLayout {
    const entries = Object.values(shader.entries[entry]!).map(([binding, access]): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: ShaderStage.COMPUTE,
      buffer: { type: access === "uniform" ? "uniform" : access === "read" ? "read-only-storage" : "storage" },
    }));
    const key = JSON.stringify(entries);
    let layout = this.#layouts.get(key);
    if (!layout) this.#layouts.set(key, (layout = this.#gpu.createBindGroupLayout({ entries })));
    return layout;
  }
}
