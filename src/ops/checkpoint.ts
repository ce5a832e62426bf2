import { capturing } from "../graph/current.js";
import { CaptureError, OptionError } from "../runtime/errors.js";

/** A module, or anything else that has a `forward`. */
interface Runnable<A extends unknown[], R> {
  forward(...args: A): R;
}

/**
 * Runs a block of a network, and lets the backward pass compute what is inside the block again from what the block was given, instead of
 * keeping it from the forward pass: less memory for about one more forward pass of the block (Chen et al. 2016, Training deep nets with
 * sublinear memory cost). Gradients are the same, bit for bit: dropout draws the same numbers again, running statistics move on once.
 * What the block returns, and what it reads from outside, is kept where gradients need it. Blocks may contain blocks. Where nothing is
 * being captured or no gradient is taken, the block simply runs.
 *
 *     const { value, grads } = valueAndGrad(model, () => loss(head.forward(checkpoint(stage, checkpoint(stem, image))), mask));
 *
 * @param block a function, or a module whose `forward` it is; synchronous
 * @param args what the block is called with
 * @returns what the block returns
 * @throws OptionError when `block` is neither, CaptureError when it is async; GradientError when gradients are taken inside it
 * @pytorch torch.utils.checkpoint.checkpoint (use_reentrant=False)
 */
export function checkpoint<A extends unknown[], R>(block: ((...args: A) => R) | Runnable<A, R>, ...args: A): R {
  const run = (): R => {
    if (typeof block === "function") return block(...args);
    if (typeof (block as Partial<Runnable<A, R>> | undefined)?.forward === "function") return block.forward(...args);
    throw new OptionError("checkpoint: the block must be a function, or a module with a forward().");
  };
  const capture = capturing();
  if (!capture) return run();
  const result = capture.inBlocks([...capture.blocks, Symbol("checkpoint")], run);
  if (result instanceof Promise) {
    result.catch(() => undefined); // the error below says why it cannot end well
    throw new CaptureError("checkpoint: the block must not be async: what it records has to be known when it returns. Read values outside.");
  }
  return result;
}
