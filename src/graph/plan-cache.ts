import type { Device } from "../runtime/device.js";
import type { Plan } from "./plan.js";

/** The plans of one device, least recently used first. */
export class PlanCache {
  /** Plans that are kept, and the bytes that belong to them alone; the least recently used go first. */
  maxPlans = 512;
  maxBytes = 512 * 2 ** 20;
  readonly #plans = new Map<Plan, () => void>();

  static of(device: Device): PlanCache {
    let cache = device.attachments.get(PlanCache) as PlanCache | undefined;
    if (!cache) {
      device.attachments.set(PlanCache, (cache = new PlanCache()));
      device.onDestroy(() => cache!.clear());
    }
    return cache;
  }

  get size(): number {
    return this.#plans.size;
  }

  /** Notes a use; `dropped` is called when the plan has to go. */
  use(plan: Plan, dropped: () => void): void {
    const isNew = !this.#plans.delete(plan);
    this.#plans.set(plan, dropped);
    if (isNew) this.#trim();
  }

  #trim(): void {
    let bytes = 0;
    for (const plan of this.#plans.keys()) bytes += plan.bytes;
    for (const plan of [...this.#plans.keys()].slice(0, -1)) {
      if (this.#plans.size <= this.maxPlans && bytes <= this.maxBytes) return;
      bytes -= plan.bytes;
      this.drop(plan);
    }
  }

  drop(plan: Plan): void {
    this.#plans.get(plan)?.();
    this.#plans.delete(plan);
    plan.dispose();
    if (this.#plans.size === 0) plan.device.slabs.clear();
  }

  clear(): void {
    for (const plan of [...this.#plans.keys()]) this.drop(plan);
  }
}
