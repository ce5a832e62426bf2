import { DeviceError } from "./errors.js";

/** Facts about the adapter behind a device. */
export interface Adapter {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly software: boolean;
  /** What it says of itself, the driver included where the browser tells. */
  readonly identity: string;
  readonly features: ReadonlySet<string>;
  readonly limits: GPUSupportedLimits;
  /** Lanes of every subgroup; 0 where they differ or there are none. */
  readonly subgroupSize: number;
  variant: string | undefined;
  /** Measured choices of kernels, as other layers hold them. */
  tuning: { choice(key: string, candidates: () => readonly string[]): string | undefined; readonly filling: number | undefined } | undefined;
}

const features: GPUFeatureName[] = ["shader-f16", "timestamp-query", "subgroups" as GPUFeatureName];

const limits = [
  "maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage", "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX", "maxComputeWorkgroupSizeY", "maxComputeWorkgroupSizeZ",
] as const;

/** A WebGPU device with all that the adapter offers and we know how to use. */
export function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  return adapter.requestDevice({
    label: "atrous",
    requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]])),
  }).catch((reason: unknown) => {
    throw new DeviceError(`The adapter refused to open a device. ${reason instanceof Error ? reason.message : String(reason)}`, { cause: reason });
  });
}

/** Newer than the types of some environments. */
function commonSize(info: GPUAdapterInfo): number {
  const { subgroupMinSize: least, subgroupMaxSize: most } = info as GPUAdapterInfo & { subgroupMinSize?: number; subgroupMaxSize?: number };
  return least !== undefined && least === most ? least : 0;
}

/** What is known of the adapter; `name` and `software` override what it says of itself. */
export function describe(gpu: GPUDevice, info: GPUAdapterInfo, options: { name?: string; software?: boolean }): Adapter {
  const text = [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(" ");
  return {
    name: options.name ?? (text || "unnamed adapter"),
    identity: text || "unnamed adapter",
    vendor: info.vendor,
    architecture: info.architecture,
    software: options.software ?? (info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|\bwarp\b/i.test(text)),
    features: new Set(gpu.features),
    limits: gpu.limits,
    subgroupSize: gpu.features.has("subgroups") ? commonSize(info) : 0,
    variant: undefined,
    tuning: undefined,
  };
}
