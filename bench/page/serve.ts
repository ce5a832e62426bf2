// `npm run bench:page [-- --port N] [--to FOLDER]`: builds the benchmark as a page and serves it on this machine, or only writes it to a folder.
import { readFileSync } from "node:fs";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const files: Record<string, string> = { "/": "text/html", "/page.js": "text/javascript" };

async function buildPage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const shim = "./bench/page/node-in-a-page.ts";
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  await build({
    entryPoints: ["bench/page/page.ts"], outfile: join(folder, "page.js"),
    bundle: true, format: "esm", platform: "browser", target: "es2022", sourcemap: "inline", logLevel: "warning",
    alias: Object.fromEntries(["node:os", "node:fs", "node:fs/promises", "node:path"].map((name) => [name, shim])),
    inject: [shim], define: { VERSION: JSON.stringify(version) },
  });
  await copyFile("bench/page/index.html", join(folder, "index.html"));
}

/** With these headers a page is isolated, and its clock ticks in 5 µs instead of 100. */
const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp", "cache-control": "no-store" };

function serve(folder: string, port: number): void {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const type = files[pathname];
    if (!type) return void response.writeHead(404).end();
    readFile(join(folder, pathname === "/" ? "index.html" : pathname)).then(
      (bytes) => response.writeHead(200, { ...headers, "content-type": `${type}; charset=utf-8` }).end(bytes),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(port, "127.0.0.1", () => {
    const address = server.address();
    console.log(`http://localhost:${typeof address === "object" && address ? address.port : port}/`);
  });
}

const { values } = parseArgs({ options: { port: { type: "string", default: "8080" }, to: { type: "string" } } });
const folder = values.to ?? "out/bench-page";
await buildPage(folder);
if (values.to === undefined) serve(folder, Number(values.port));
else console.log(folder);
