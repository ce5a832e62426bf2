// Writes the page of `npm run bench:page` to a folder that needs nothing else: the benchmark, and of the installed peers what a browser loads.
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { peerNames, type PeerName } from "../contender.js";
import { ortForPages, packageVersion, peerFile } from "../peers/load.js";

const packages: Readonly<Record<PeerName, string>> = { tfjs: "@tensorflow/tfjs-backend-webgpu", jax: "@jax-js/jax", ort: "onnxruntime-web" };

const browser = { bundle: true, format: "esm", platform: "browser", target: "es2022", logLevel: "warning" } as const;

async function putPeers(names: readonly PeerName[], folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const entries: Partial<Record<PeerName, string>> = { tfjs: "bench/peers/tfjs-entry.mjs", jax: peerFile("@jax-js/jax/dist/index.js") };
  const entryPoints = names.flatMap((name) => (entries[name] ? [{ in: entries[name], out: name }] : []));
  if (entryPoints.length > 0) await build({ ...browser, entryPoints, outdir: folder, outExtension: { ".js": ".mjs" }, minify: true });
  if (!names.includes("ort")) return;
  await mkdir(folder, { recursive: true });
  await copyFile(peerFile(ortForPages.module), join(folder, "ort.mjs"));
  await copyFile(peerFile(ortForPages.wasm), join(folder, basename(ortForPages.wasm)));
}

/** The peers that `npm run bench:peers` has installed, as far as pages are concerned. */
export const installedForPages = (): PeerName[] => peerNames.filter((name) => existsSync(peerFile(`${packages[name]}/package.json`)));

/** Builds the page with some installed peers. */
export async function buildPage(folder: string, peers: readonly PeerName[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const shim = "./bench/page/node-in-a-page.ts";
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const versions = Object.fromEntries(peers.map((name) => [name, packageVersion(packages[name])]));
  await build({
    ...browser, entryPoints: ["bench/page/page.ts"], outfile: join(folder, "page.js"), sourcemap: "inline",
    alias: Object.fromEntries(["node:os", "node:fs", "node:fs/promises", "node:path"].map((name) => [name, shim])),
    inject: [shim], define: { VERSION: JSON.stringify(version), PEERS: JSON.stringify(versions) },
  });
  await copyFile("bench/page/index.html", join(folder, "index.html"));
  await putPeers(peers, join(folder, "peers"));
}
