import type { Module } from "../layers/module.js";

/** What one run of a module's `forward` returned. */
export interface Seen {
  readonly path: string;
  readonly output: unknown;
}

/**
 * Runs `body` and takes note of what the modules' `forward` returns meanwhile, in the order in which they finish. For that long
 * each module has a `forward` of its own, which calls the one it had; a module that is reached by several paths keeps the first.
 */
export function watching<T>(modules: Iterable<readonly [path: string, module: Module]>, body: () => T): { result: T; seen: readonly Seen[] } {
  const seen: Seen[] = [];
  const undo: (() => void)[] = [];
  const watched = new Set<Module>();
  for (const [path, module] of modules) {
    const forward: unknown = Reflect.get(module, "forward");
    if (watched.has(module) || typeof forward !== "function") continue;
    watched.add(module);
    const own = Object.getOwnPropertyDescriptor(module, "forward");
    const value = (...args: unknown[]): unknown => {
      const output: unknown = Reflect.apply(forward, module, args);
      seen.push({ path, output });
      return output;
    };
    Object.defineProperty(module, "forward", { value, configurable: true });
    undo.push(() => void (own ? Object.defineProperty(module, "forward", own) : Reflect.deleteProperty(module, "forward")));
  }
  try {
    return { result: body(), seen };
  } finally {
    for (const put of undo) put();
  }
}
