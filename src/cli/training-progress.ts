import type { TrainingEvent } from "../train/events.js";
import { bar, duration, plural, type Terminal } from "./terminal.js";

/** Shows what a trainer tells. */
export function trainingProgress(terminal: Terminal): (event: TrainingEvent) => void {
  let iou = "";
  let shown = 0;
  let last = "";
  const rate = (n: number): string => (n >= 100 ? n.toFixed(0) : n.toFixed(1));
  return (event) => {
    switch (event.type) {
      case "start":
        shown = event.step;
        if (event.step > 0) terminal.line(`Going on after step ${event.step} of ${event.steps}.`);
        else terminal.progress("Compiling the training step …");
        break;
      case "compiled":
        terminal.line(`Compiled the training step in ${event.seconds.toFixed(1)} s.`);
        break;
      case "step": {
        const { step, steps, loss, imagesPerSecond, secondsLeft } = event;
        const milestone = step === steps || step - shown >= steps / 20;
        if (milestone) shown = step;
        last = `step ${String(step).padStart(String(steps).length)}/${steps} ${bar(step / steps)} loss ${loss.toFixed(3)}${iou}  ${rate(imagesPerSecond)} images/s  ${duration(secondsLeft)} left`;
        terminal.progress(last, milestone);
        break;
      }
      case "validating":
        terminal.progress(`${last.replace(/ {2}\S+ images\/s.*/, "")}  validating ${event.done}/${event.total}`);
        break;
      case "validation":
        iou = `  val IoU ${event.scores.mean.iou.toFixed(3)}`;
        terminal.line(`Validation after ${plural(event.step, "step")}: mean IoU ${event.scores.mean.iou.toFixed(4)}, loss ${event.loss.toFixed(4)}${event.best ? " (the best so far)" : ""}`);
        break;
      case "checkpoint":
        break;
      case "recalibrated":
        terminal.line(`Batch norms recalibrated over ${plural(event.batches, "batch", "batches")}${event.scores ? `: mean IoU ${event.scores.mean.iou.toFixed(4)}` : ""}.`);
        break;
      case "end":
        terminal.line({
          finished: `Trained ${plural(event.step, "step")}.`,
          patience: `Stopped after ${plural(event.step, "step")}: the score no longer rises.`,
          stopped: `Stopped after ${plural(event.step, "step")}.`,
        }[event.reason]);
    }
  };
}
