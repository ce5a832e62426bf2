// What the benchmark asks of Node, as far as a page can answer: esbuild puts this in the place of node:os and, since pages have no files, of node:fs and node:path.

interface Core {
  readonly model: string;
  readonly times: { readonly user: number; readonly nice: number; readonly sys: number; readonly idle: number; readonly irq: number };
}

/** As many cores as the browser tells; whether they are busy it does not tell, so nothing is taken to be. */
export const cpus = (): Core[] => Array.from({ length: navigator.hardwareConcurrency }, () => ({ model: "", times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }));
export const loadavg = (): number[] => [];

/** CPU time of the process, which a page cannot see. */
export const process = { cpuUsage: () => ({ user: 0, system: 0 }), env: {}, argv: [] as string[] };

const noFiles = (): never => {
  throw new Error("A page has no files.");
};
export { noFiles as existsSync, noFiles as mkdirSync, noFiles as readFileSync, noFiles as writeFile, noFiles as dirname };
