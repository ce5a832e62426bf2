import { existsSync } from "node:fs";
import { join } from "node:path";
import { unpackFromChromium } from "../../src/node/swiftshader.js";

export interface ChromiumLaunch {
  executablePath: string;
  args: string[];
  env?: Record<string, string>;
}

// A CPU adapter is shown to pages only with the first of these.
const args = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--no-sandbox", "--no-zygote", "--disable-dev-shm-usage"];

/**
 * How to start a headless Chromium with WebGPU: the system's (it gets security updates), else the one in the npm
 * package `@sparticuz/chromium`, with the libraries and fonts that it needs on a bare machine. Undefined when there is none.
 */
export function chromiumLaunch(): ChromiumLaunch | undefined {
  const system = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
  if (system) return { executablePath: system, args };
  const folder = unpackFromChromium("chromium", ["chromium.br", "al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"]);
  if (!folder) return undefined;
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const libraries = [join(folder, "lib"), folder, env["LD_LIBRARY_PATH"]].filter(Boolean).join(":");
  return {
    executablePath: join(folder, "chromium"),
    args,
    env: { ...env, LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: existsSync(join(folder, "fonts")) ? join(folder, "fonts") : folder },
  };
}
