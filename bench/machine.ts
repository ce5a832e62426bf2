import { cpus, loadavg } from "node:os";

/** What one measurement has to be read with: how busy other programs kept this machine meanwhile. */
export interface Load {
  /** Share of all cores that other programs took, 0 … 1. */
  readonly others: number;
}

/** Above this share a time says more about the neighbours than about the program. */
export const BUSY = 0.08;

interface Snapshot {
  readonly busy: number;
  readonly total: number;
  readonly own: number;
}

/** Milliseconds of CPU time since some moment: of everybody, of everybody and idle, of this process (drivers on the CPU run in it). */
function snapshot(): Snapshot {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq;
    busy += sum;
    total += sum + times.idle;
  }
  const { user, system } = process.cpuUsage();
  return { busy, total, own: (user + system) / 1000 };
}

/** Starts watching; the returned function says what others took since. */
export function watchLoad(): () => Load {
  const start = snapshot();
  return () => {
    const end = snapshot();
    const total = end.total - start.total;
    return { others: total > 0 ? Math.max(0, (end.busy - start.busy - (end.own - start.own)) / total) : 0 };
  };
}

/** One line about the machine as it is now. */
export function describeMachine(): string {
  const cores = cpus();
  return `${cores[0]?.model.trim() ?? "unknown CPU"}, ${cores.length} cores, load ${loadavg().map((l) => l.toFixed(1)).join(" ")}`;
}
