import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright";
import { chromiumLaunch } from "./chromium.js";

const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".map": "application/json", ".png": "image/png", ".wasm": "application/wasm" };

export interface PageRun {
  /** What `globalThis.result`, a promise that the page's program leaves, came to. */
  readonly result: unknown;
  /** What the page shows in the end. */
  readonly text: string;
  /** Lines of the console, and errors nobody caught. */
  readonly lines: readonly string[];
}

/**
 * Opens a page of `folder` in headless Chromium, over http on this machine, and waits for its `globalThis.result`.
 * Undefined where there is no Chromium.
 */
export async function runPage(folder: string, path: string, { screenshot, timeout = 120_000 }: { screenshot?: string; timeout?: number } = {}): Promise<PageRun | undefined> {
  const launch = chromiumLaunch();
  if (!launch) return undefined;
  const server = createServer((request, response) => {
    const name = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    readFile(join(folder, name)).then(
      (bytes) => response.writeHead(200, { "content-type": types[extname(name)] ?? "application/octet-stream" }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ ...launch, headless: true });
  try {
    const page = await browser.newPage({ viewport: { width: 800, height: 760 } });
    const lines: string[] = [];
    page.on("console", (message) => lines.push(message.text()));
    page.on("pageerror", (error) => lines.push(`uncaught: ${error.message}`));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
    page.setDefaultTimeout(timeout);
    await page.waitForFunction(() => "result" in globalThis);
    const result: unknown = await page.evaluate(() => (globalThis as unknown as { result: unknown }).result);
    if (screenshot) await page.screenshot({ path: screenshot, fullPage: true });
    return { result, text: await page.innerText("body"), lines };
  } finally {
    await browser.close();
    server.close();
  }
}
