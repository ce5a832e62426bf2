// The peers in Node.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openAdapter } from "../../src/node/adapter.js";
import { peerNames, type Contender, type PeerName } from "../contender.js";
import { openPeer } from "./open.js";

const folder = join(process.cwd(), "bench/peers/node_modules");
const packages: Readonly<Record<PeerName, string>> = { tfjs: "@tensorflow/tfjs-backend-webgpu", jax: "@jax-js/jax", ort: "onnxruntime-node" };
const modules: Readonly<Record<PeerName, string>> = { tfjs: ".bundles/tfjs.mjs", jax: "@jax-js/jax/dist/index.js", ort: "onnxruntime-node/dist/index.js" };

/** The peers that `npm run bench:peers` has installed. */
export const installedPeers = (): PeerName[] => peerNames.filter((name) => existsSync(join(folder, modules[name])));

/** What a page loads of ONNX Runtime: bundled already; the module looks for its WebAssembly beside itself. */
export const ortForPages = { module: "onnxruntime-web/dist/ort.webgpu.bundle.min.mjs", wasm: "onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm" };

export const peerFile = (path: string): string => join(folder, path);

/** The version of an installed package. */
export const packageVersion = (name: string): string => (JSON.parse(readFileSync(peerFile(`${name}/package.json`), "utf8")) as { version: string }).version;

/** Something to do with every device that the peers open, before they have it. */
export type OnDevice = (device: GPUDevice) => void;

/** What peers expect of a browser: `navigator.gpu`, here on the Dawn and the adapter of ours, and the constants of WebGPU. */
export async function provideWebGPU(onDevice?: OnDevice): Promise<void> {
  const { globals } = (await import("webgpu" as string)) as { globals: object };
  Object.assign(globalThis, globals);
  const requestAdapter = async (): Promise<GPUAdapter> => {
    const { adapter } = await openAdapter();
    if (!onDevice) return adapter;
    return new Proxy(adapter, {
      get(target, key) {
        if (key === "requestDevice") return async (descriptor?: GPUDeviceDescriptor) => {
          const device = await target.requestDevice(descriptor);
          onDevice(device);
          return device;
        };
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) as unknown : value;
      },
    });
  };
  Object.defineProperty(globalThis, "navigator", { value: { gpu: { requestAdapter, getPreferredCanvasFormat: () => "rgba8unorm" }, userAgent: "Node", platform: process.platform }, configurable: true });
}

/** Opens installed peers on the adapter of ours. */
export async function openPeers(names: readonly PeerName[], onDevice?: OnDevice): Promise<Contender[]> {
  if (names.length > 0) await provideWebGPU(onDevice);
  const opened: Contender[] = [];
  for (const name of names) {
    const module: unknown = await import(pathToFileURL(peerFile(modules[name])).href);
    opened.push(await openPeer(name, { module, version: packageVersion(packages[name]), where: "node" }));
  }
  return opened;
}
