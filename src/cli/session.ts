import { createDevice } from "../node.js";
import type { Device } from "../runtime/device.js";
import type { Terminal } from "./terminal.js";

/** Exit code of a program that was ended with Ctrl-C. */
const INTERRUPTED = 130;
/** npm passes a Ctrl-C on that the terminal has sent to the whole group already: two that come within this time are one. */
const ECHO_MILLISECONDS = 2000;

/**
 * Opens a device for a command, says which adapter it is, and frees everything afterwards, GPU work in flight waited for.
 * Ctrl-C aborts the signal that `body` is given, so that it can save and return; a second Ctrl-C ends the program at once.
 */
export async function withDevice<T>(terminal: Terminal, body: (device: Device, signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let interruptedAt: number | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (interruptedAt !== undefined) {
      if (performance.now() - interruptedAt < ECHO_MILLISECONDS) return;
      release();
      process.kill(process.pid, signal);
      return;
    }
    interruptedAt = performance.now();
    terminal.warn("Stopping … (Ctrl-C again ends at once)");
    process.exitCode = INTERRUPTED;
    abort.abort(new DOMException("Interrupted.", "AbortError"));
  };
  const release = (): void => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    const device = await createDevice();
    try {
      terminal.line(`Adapter: ${device.adapter.name}`);
      return await body(device, abort.signal);
    } finally {
      terminal.clear();
      await device.destroy();
    }
  } catch (error) {
    // What was interrupted has said so already.
    if (abort.signal.aborted && error === abort.signal.reason) return undefined as T;
    throw error;
  } finally {
    // The handlers stay, and hear out the echo: it must not kill a program that is about to end well.
    if (interruptedAt !== undefined) await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
