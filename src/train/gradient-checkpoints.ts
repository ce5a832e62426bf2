import type { Module } from "../layers/module.js";
import { checkpoint } from "../ops/checkpoint.js";
import { OptionError } from "../runtime/errors.js";

/**
 * Runs `body` with the `forward` of some modules as checkpointed blocks (`checkpoint`): for that long each has a `forward` of its own,
 * which calls the one it had.
 *
 * @param paths of modules of the model, "down1" or "backbone.layer1"
 * @throws OptionError when there is no such module, or `body` does not run it
 */
export function withGradientCheckpoints<T>(model: Module, paths: readonly string[], body: () => T): T {
  const modules = new Map(model.modules());
  const waiting = new Set(paths);
  const undo: (() => void)[] = [];
  try {
    for (const path of waiting) {
      const module = modules.get(path);
      const forward: unknown = module && Reflect.get(module, "forward");
      if (!module || typeof forward !== "function") throw new OptionError(noSuchModule(path, model, module !== undefined));
      const own = Object.getOwnPropertyDescriptor(module, "forward");
      const value = (...args: unknown[]): unknown => {
        waiting.delete(path);
        return checkpoint(() => Reflect.apply(forward, module, args) as unknown);
      };
      Object.defineProperty(module, "forward", { value, configurable: true });
      undo.push(() => void (own ? Object.defineProperty(module, "forward", own) : Reflect.deleteProperty(module, "forward")));
    }
    const result = body();
    const [unused] = waiting;
    if (unused !== undefined) throw new OptionError(`Trainer: gradientCheckpoints names "${unused}", whose forward() ${model.constructor.name} does not call in training. Name what is around it, or inside.`);
    return result;
  } finally {
    for (const put of undo.reverse()) put();
  }
}

function noSuchModule(path: string, model: Module, known: boolean): string {
  const names = [...model.children()].map(([name]) => name).join(", ");
  return known
    ? `Trainer: gradientCheckpoints names "${path}", which has no forward(). Name the modules inside it.`
    : `Trainer: gradientCheckpoints names "${path}", but ${model.constructor.name} has no module there. Its parts are ${names}; those inside them have paths like "part.name".`;
}
