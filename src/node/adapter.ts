import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { laneKernels } from "../kernels/lane-kernels.js";
import { useLanes } from "../kernels/lanes.js";
import { DeviceError, OptionError } from "../runtime/errors.js";
import { loadVulkan, useDriver, useSwiftShader } from "./swiftshader.js";

useLanes(laneKernels);

const choices = ["gpu", "lavapipe", "swiftshader"] as const;

/** Which adapter to open: a real GPU, Mesa's CPU driver, or the CPU driver that npm's Chromium brings. */
export type AdapterChoice = (typeof choices)[number];

export interface AdapterOptions {
  /** Default: `ATROUS_ADAPTER`, else the system's best, else SwiftShader where `@sparticuz/chromium` is installed. */
  adapter?: AdapterChoice;
  /**
   * Dawn toggles to switch on, for instance `allow_unsafe_apis` (timestamps without rounding, experimental features).
   * Default: `ATROUS_TOGGLES`, names with commas between them, else none.
   * `vulkan_enable_f16_on_nvidia` is always on under Linux: without it Dawn hides `shader-f16` of NVIDIA GPUs there.
   */
  toggles?: readonly string[];
}

export interface OpenedAdapter {
  adapter: GPUAdapter;
  /** What programs print, such as `lavapipe (llvmpipe: Mesa 25.0.7 …)`. */
  name: string;
  /** A CPU pretending to be a GPU. */
  software: boolean;
}

/**
 * Dawn's GPU objects, by driver and toggles, kept for the life of the process: Dawn crashes when one is collected
 * while its devices live. On `globalThis`, because test runners load this module more than once.
 */
const kept = ((globalThis as { [key: symbol]: unknown })[Symbol.for("atrous.dawn")] ??= new Map<string, GPU>()) as Map<string, GPU>;

/** The cast keeps the package's own types (and with them @webgpu/types) out of our declarations. */
async function dawnPackage(): Promise<{ create(options: string[]): GPU }> {
  return (await import("webgpu" as string).catch((error: unknown) => {
    throw new DeviceError('WebGPU in Node needs the package "webgpu": run `npm install webgpu`.', { cause: error });
  })) as { create(options: string[]): GPU };
}

async function dawn(driver: string, toggles: readonly string[]): Promise<GPU> {
  const all = [...new Set([...(process.platform === "linux" ? ["vulkan_enable_f16_on_nvidia"] : []), ...toggles])];
  const key = [driver, ...all].join();
  let gpu = kept.get(key);
  if (!gpu) {
    const { create } = await dawnPackage();
    gpu = create(all.length ? [`enable-dawn-features=${all.join()}`] : []);
    kept.set(key, gpu);
  }
  return gpu;
}

function describe(adapter: GPUAdapter): OpenedAdapter {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const text = [vendor, architecture, device, description].filter(Boolean).join(" ");
  const cpu = /swiftshader/i.test(text) ? "SwiftShader" : /llvmpipe|lavapipe/i.test(text) ? "lavapipe" : undefined;
  const detail = (description || device || text).trim();
  return { adapter, name: cpu ? `${cpu} (${detail})` : detail || "unnamed adapter", software: isFallbackAdapter || cpu !== undefined };
}

async function request(driver: string, toggles: readonly string[]): Promise<OpenedAdapter | undefined> {
  const gpu = await dawn(driver, toggles);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  return adapter ? describe(adapter) : undefined;
}

/** The description file of Mesa's lavapipe driver. */
function lavapipeDriver(): string | undefined {
  return ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).filter((file) => /^lvp_icd.*\.json$/.test(file)).map((file) => join(folder, file)))[0];
}

function chosen(option: string | undefined): AdapterChoice | undefined {
  const source = option === undefined ? "ATROUS_ADAPTER" : "createDevice";
  const value = option ?? (process.env["ATROUS_ADAPTER"] || undefined);
  if (value === undefined || choices.includes(value as AdapterChoice)) return value as AdapterChoice | undefined;
  throw new OptionError(`${source}: there is no adapter "${value}". Choose one of ${choices.join(", ")}, or leave it out.`);
}

const namesIn = (list: string | undefined): string[] => (list ?? "").split(",").map((name) => name.trim()).filter(Boolean);

const remedies = "install a Vulkan driver (Debian and Ubuntu: `npm run setup:gpu`, or `apt install libvulkan1 mesa-vulkan-drivers`, Mesa 24 or newer), "
  + "or a software one with `npm install --save-dev @sparticuz/chromium` (Linux on x64)";

/**
 * Opens a WebGPU adapter: the machine's own GPU or Vulkan driver when Dawn accepts it, and otherwise SwiftShader
 * out of the npm package `@sparticuz/chromium`, in this process, without root and without environment variables.
 *
 * @throws OptionError for an unknown `adapter` or `ATROUS_ADAPTER`; DeviceError, naming the remedies, when there is no adapter.
 */
export async function openAdapter({ adapter: option, toggles = namesIn(process.env["ATROUS_TOGGLES"]) }: AdapterOptions = {}): Promise<OpenedAdapter> {
  const choice = chosen(option);
  await dawnPackage(); // its absence is the first thing to hear of
  if (choice === "swiftshader") {
    const opened = useSwiftShader() ? await request("swiftshader", toggles) : undefined;
    if (opened) return opened;
    throw new DeviceError("SwiftShader is not here: run `npm install --save-dev @sparticuz/chromium` (Linux on x64 only).");
  }
  if (choice === "lavapipe") {
    const driver = lavapipeDriver();
    if (driver) useDriver(driver);
    const opened = driver && loadVulkan("libvulkan.so.1") ? await request("lavapipe", toggles) : undefined;
    if (opened) return opened;
    throw new DeviceError("Mesa's lavapipe is not here, or older than Mesa 24: run `npm run setup:gpu` (Debian and Ubuntu, as root).");
  }
  // Asking Dawn without a Vulkan loader would print its complaint on stderr.
  const system = loadVulkan("libvulkan.so.1") ? await request("system", toggles) : undefined;
  if (choice === "gpu") {
    if (system && !system.software) return system;
    throw new DeviceError(`No GPU was found${system ? `, only ${system.name}` : ""}: install the Vulkan driver of your GPU, or leave ATROUS_ADAPTER empty to run on the CPU.`);
  }
  const opened = system ?? (useSwiftShader() ? await request("swiftshader", toggles) : undefined);
  if (!opened) throw new DeviceError(`No WebGPU adapter was found: ${remedies}.`);
  return opened;
}
