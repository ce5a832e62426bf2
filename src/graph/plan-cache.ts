import type { Device } from "../runtime/device.js";
import type { Plan } from "./plan.js";

/** Plans kept per device; the least recently used go first. */
const MAX_PLANS = 512;
const MAX_BYTES = 512 * 2 ** 20;

/** The plans of one device, least recently used first. */
export class PlanCache {
  readonly #plans = new Map<Plan, () => void>();

  static of(device: Device): PlanCache {
    let cache = device.attachments.get(PlanCache) as PlanCache | undefined;
    if (!cache) {
      device.attachments.set(PlanCache, (cache = new PlanCache()));
      device.onDestroy(() => cache!.clear());
    }
    return cache;
  }

  /** Notes a use; a new plan comes with what to do when it is dropped. */
  use(plan: Plan, onDrop?: () => void): void {
    const drop = onDrop ?? this.#plans.get(plan);
    this.#plans.delete(plan);
    this.#plans.set(plan, drop ?? (() => undefined));
    if (onDrop) this.#trim();
  }

  #trim(): void {
    let bytes = 0;
    for (const plan of this.#plans.keys()) bytes += plan.bytes;
    for (const plan of [...this.#plans.keys()].slice(0, -1)) {
      if (this.#plans.size <= MAX_PLANS && bytes <= MAX_BYTES) return;
      bytes -= plan.bytes;
      this.drop(plan);
    }
  }

  drop(plan: Plan): void {
    this.#plans.get(plan)?.();
    this.#plans.delete(plan);
    plan.dispose();
  }

  clear(): void {
    for (const plan of [...this.#plans.keys()]) this.drop(plan);
  }
}
