import type { Contender, PeerName } from "../contender.js";
import type { Jax } from "./jax-api.js";
import type { OrtModule } from "./ort.js";
import type { Tf } from "./tfjs-api.js";

/** A peer's module, which Node and pages load in ways of their own. */
export interface Loaded {
  readonly module: unknown;
  readonly version: string;
  readonly where: "node" | "page";
}

/** Makes a contender of a peer's module, on the adapter behind `navigator.gpu`. Of the benchmark's parts only that peer's is loaded. */
export async function openPeer(name: PeerName, { module, version, where }: Loaded): Promise<Contender> {
  if (name === "tfjs") return (await import("./tfjs.js")).openTfjs(module as Tf, version);
  if (name === "jax") return (await import("./jax.js")).openJax(module as Jax, version);
  return (await import("./ort.js")).openOrt(module as OrtModule, version, where);
}
