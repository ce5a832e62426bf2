import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The programs that a document shows: its TypeScript blocks, one after the other. */
export interface DocumentPrograms {
  /** Undefined where the document has no block of that kind. */
  readonly node: string | undefined;
  /** Blocks after a line `<!-- browser -->`. */
  readonly browser: string | undefined;
}

/** Joins blocks into one program: later blocks go on where earlier ones left off, and may import again what those did. */
function joined(blocks: readonly string[]): string | undefined {
  if (blocks.length === 0) return undefined;
  const imports = new Map<string, Set<string>>();
  const body = blocks.join("\n").replace(/^import (type )?\{([^}]*)\} from "([^"]+)";.*$/gm, (_, type: string | undefined, names: string, from: string) => {
    if (!type) for (const name of names.split(",")) (imports.get(from) ?? imports.set(from, new Set()).get(from)!).add(name.trim());
    return "";
  });
  const head = [...imports].map(([from, names]) => `import { ${[...names].filter(Boolean).join(", ")} } from "${from}";`);
  return `${head.join("\n")}\n${body}`;
}

export function programsOf(document: string, from = root): DocumentPrograms {
  const blocks = { node: [] as string[], browser: [] as string[] };
  const text = readFileSync(join(from, document), "utf8");
  for (const [, marker, code] of text.matchAll(/(<!-- browser -->\n+)?```ts\n([\s\S]*?)```/g)) blocks[marker ? "browser" : "node"].push(code!);
  return { node: joined(blocks.node), browser: joined(blocks.browser) };
}

/** A new folder from which packages of this repository are found. */
function scratch(): string {
  const parent = join(root, "node_modules/.cache/atrous/documents");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "run-"));
}

/** Bundles a program that imports "atrous" and "atrous/node", with these sources in their place; returns the file. */
export async function bundled(code: string, platform: "node" | "browser", folder = scratch()): Promise<string> {
  const outfile = join(folder, "program.mjs");
  await build({
    stdin: { contents: code, loader: "ts", resolveDir: root },
    outfile, bundle: true, format: "esm", platform, target: "es2022", logLevel: "silent",
    ...(platform === "node" ? { packages: "external" as const } : {}),
    plugins: [{
      name: "atrous",
      setup: (b) => b.onResolve({ filter: /^atrous(\/node)?$/ }, ({ path }) => ({ path: join(root, path === "atrous" ? "src/index.ts" : "src/node.ts") })),
    }],
  });
  return outfile;
}

/** A page that runs a program and leaves `globalThis.result`. */
export function pageOf(folder: string): void {
  writeFileSync(join(folder, "index.html"), `<!doctype html><meta charset="utf-8"><canvas></canvas><script type="module">globalThis.result = import("./program.mjs").then(() => "done");</script>`);
}
