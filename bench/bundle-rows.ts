import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import type { PeerName } from "./contender.js";
import { ortForPages, peerFile } from "./peers/load.js";
import type { Figures, Row } from "./results-file.js";

/** Bytes of a module that exports what a program needs, bundled for a browser, minified and compressed. */
async function bytesOf(contents: string, resolveDir = process.cwd()): Promise<number> {
  // Loaded when asked for: a remote bundle has no esbuild.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, sourcefile: "bundle.js" },
    bundle: true, write: false, minify: true, format: "esm", platform: "browser", target: "es2022", logLevel: "silent", treeShaking: true,
    external: ["util", "node:*", "crypto", "node-fetch", "string_decoder"],
  });
  return compressed(outputFiles[0]!.contents);
}

const compressed = (contents: Uint8Array): number => brotliCompressSync(contents).length;

const ours = {
  inference: 'export { createDevice, UNet } from "./src/index.ts";',
  training: 'export { createDevice, UNet, compile, valueAndGrad, crossEntropy, adamW } from "./src/index.ts";',
};
const tfjs = {
  inference: 'import "@tensorflow/tfjs-backend-webgpu"; export { tensor, fused, maxPool, conv2dTranspose, add, concat, setBackend } from "@tensorflow/tfjs-core";',
  training: 'import "@tensorflow/tfjs-backend-webgpu"; import "@tensorflow/tfjs-core/dist/register_all_gradients"; export { tensor, variable, fused, maxPool, conv2dTranspose, add, concat, setBackend, train, losses, oneHot } from "@tensorflow/tfjs-core";',
};
const jax = {
  inference: 'export { jit, init, lax, nn, numpy } from "@jax-js/jax";',
  training: 'export { jit, init, lax, nn, numpy, valueAndGrad } from "@jax-js/jax";',
};

/** What a page downloads to run a U-Net, and to train one; networks and weights aside, but ours has the U-Net. */
export async function bundleRows(peers: readonly PeerName[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const what of ["inference", "training"] as const) {
    const bytes = await bytesOf(ours[what]);
    const figures = (theirs: number): Figures => {
      const ratio = theirs / bytes;
      return { bytes: theirs, ratio: { median: ratio, low: ratio, high: ratio } };
    };
    const of = async (contents: string): Promise<Figures> => figures(await bytesOf(contents, peerFile("..")));
    const ort = (): Row["contenders"][string] => (what === "training" ? { absent: "ONNX Runtime's WebGPU backend does not train" } : figures(Object.values(ortForPages).reduce((sum, file) => sum + compressed(readFileSync(peerFile(file))), 0)));
    rows.push({
      group: "bundle", name: `bundle for ${what}, minified and brotli-compressed`, flops: 0, flopsCount: "", bytes,
      contenders: {
        atrous: { bytes },
        ...(peers.includes("tfjs") && { tfjs: await of(tfjs[what]) }),
        ...(peers.includes("jax") && { jax: await of(jax[what]) }),
        ...(peers.includes("ort") && { ort: ort() }),
      },
    });
  }
  return rows;
}
