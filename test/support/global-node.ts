import { openAdapter } from "../../src/node.js";

/** Runs once before the tests of Node: says what they run on, and fails in a sentence where there is no adapter. */
export default async function setup(): Promise<void> {
  const { name } = await openAdapter();
  console.log(`Adapter in Node: ${name}`);
}
