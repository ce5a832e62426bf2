import { bytesPerElement } from "../../runtime/dtype.js";
import { sizeOf } from "../../runtime/shape.js";
import { inputsOf, type Graph, type Node, type Value } from "../node.js";
import { countUses } from "./rewrite.js";

/** Memory of a value, as far as it is known before kernels are chosen. */
export interface Lifetime {
  readonly value: Value;
  readonly bytes: number;
  /** The place of the node that computes it; −1: an argument. */
  readonly first: number;
  last: number;
  /** Places of the nodes that read it: those that depend on a gradient, and others. */
  readonly forward: number[];
  readonly backward: number[];
  /** It and its views (`alias`). */
  readonly views: Value[];
  /** A concatenation in whose memory it is computed: the lifetime is part of that one's. */
  inside: Lifetime | undefined;
}

/** Memory that is taken from one place to another, or (negative) given back. */
export interface Change {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

const bytesOf = ({ shape, dtype }: Value): number => sizeOf(shape) * bytesPerElement(dtype);

/** When each value of a graph is alive, in the order of its nodes, and how many bytes that is at each. */
export class Lifetimes {
  readonly #of = new Map<Value, Lifetime>();
  readonly #load: Float64Array;

  constructor(graph: Graph, backward: ReadonlySet<Node>) {
    const { nodes } = graph;
    for (const value of graph.capture.inputs) this.#add(value, -1);
    nodes.forEach((node, i) => {
      for (const value of inputsOf(node)) {
        const lifetime = this.of(value);
        if (!lifetime) continue;
        lifetime.last = i;
        if (!node.op.traits.alias) (backward.has(node) ? lifetime.backward : lifetime.forward).push(i);
      }
      for (const value of Object.values(node.outputs)) {
        const seen = node.op.traits.alias ? this.of(inputsOf(node)[0]!) : undefined;
        if (seen) this.#of.set(value, seen);
        seen?.views.push(value);
        if (!node.op.traits.alias && !value.home) this.#add(value, i);
      }
    });
    for (const value of graph.outputs) {
      const lifetime = this.of(value);
      if (lifetime) lifetime.last = nodes.length;
      lifetime?.forward.push(nodes.length);
    }
    this.#joinParts(graph);
    this.#load = new Float64Array(nodes.length + 2);
    for (const { first, last, bytes, inside } of this.all) if (!inside) this.apply([{ from: first, to: last, bytes }]);
  }

  get all(): Iterable<Lifetime> {
    return new Set(this.#of.values());
  }

  /** None for variables and tensors from outside, which are there anyway. */
  of(value: Value): Lifetime | undefined {
    return this.#of.get(value);
  }

  /** The most bytes alive at once, if some changes were made. */
  peak(changes: readonly Change[] = []): number {
    this.apply(changes);
    const most = this.#load.reduce((a, b) => Math.max(a, b), 0);
    this.apply(changes, -1);
    return most;
  }

  apply(changes: readonly Change[], sign = 1): void {
    for (const { from, to, bytes } of changes) for (let i = from + 1; i <= to + 1; i++) this.#load[i]! += sign * bytes;
  }

  #add(value: Value, first: number): void {
    this.#of.set(value, { value, bytes: bytesOf(value), first, last: first, forward: [], backward: [], views: [value], inside: undefined });
  }

  /** Values that their producers can write straight into a concatenation have no memory of their own. */
  #joinParts(graph: Graph): void {
    const uses = countUses(graph);
    for (const node of graph.nodes) {
      const whole = node.op.traits.concat ? this.of(node.outputs["out"]!) : undefined;
      if (!whole) continue;
      for (const value of inputsOf(node)) {
        const part = this.of(value);
        if (!part || part.inside || part.value !== value || uses.get(value) !== 1 || !value.from?.node.op.traits.sliceOutput) continue;
        part.inside = whole;
        (whole as { first: number }).first = Math.min(whole.first, part.first);
      }
    }
  }
}
