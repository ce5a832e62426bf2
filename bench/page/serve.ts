// `npm run bench:page [-- --port N] [--to FOLDER]`: builds the benchmark as a page and serves it on this machine, or only writes it to a folder.
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { parseArgs } from "node:util";
import { buildPage, installedForPages } from "./build.js";

const types: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".wasm": "application/wasm" };

/** With these headers a page is isolated, and its clock ticks in 5 µs instead of 100. */
const headers = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp", "cache-control": "no-store" };

async function serve(folder: string, port: number): Promise<void> {
  const files = (await readdir(folder, { recursive: true })).map((name) => `/${name.replaceAll("\\", "/")}`).filter((name) => extname(name) in types);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const name = pathname === "/" ? "/index.html" : pathname;
    if (!files.includes(name)) return void response.writeHead(404).end();
    readFile(join(folder, name)).then(
      (bytes) => response.writeHead(200, { ...headers, "content-type": types[extname(name)]! }).end(bytes),
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
const peers = installedForPages();
await buildPage(folder, peers);
console.log(peers.length > 0 ? `With ${peers.join(", ")}.` : "Without other libraries: npm run bench:peers installs them.");
if (values.to === undefined) await serve(folder, Number(values.port));
else console.log(folder);
