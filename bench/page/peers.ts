// The peers in the page: which the build has put beside it, the choice among them, and opening what is chosen.
import { peerNames, type Contender, type PeerName } from "../contender.js";
import { titleOf } from "../html-report-svg.js";
import { openPeer } from "../peers/open.js";

/** Versions of the peers that were installed when the page was built. */
declare const PEERS: Readonly<Partial<Record<PeerName, string>>>;

const isInstalled = (name: PeerName): boolean => PEERS[name] !== undefined;
const HOW = "npm run bench:peers installs them; then start npm run bench:page again.";

/** What `?peers=` chooses, as the command's --peers: names with commas between them, or none; without it, all that are installed. */
function asked(query: string | null): readonly string[] {
  if (query === null) return peerNames.filter(isInstalled);
  const names = query === "none" ? [] : query.split(",").filter(Boolean);
  for (const name of names) {
    if (!peerNames.some((known) => known === name)) throw new Error(`peers must be some of ${peerNames.join(", ")}, or none, but has "${name}".`);
    if (!isInstalled(name as PeerName)) throw new Error(`${titleOf(name)} is not installed: ${HOW}`);
  }
  return names;
}

/** Fills `box` with a checkbox for each peer and says in `note` which are missing; the returned function tells what is ticked. */
export function peerChoice(box: HTMLElement, note: HTMLElement, query: string | null): () => PeerName[] {
  const missing = peerNames.filter((name) => !isInstalled(name));
  if (missing.length > 0) note.prepend(`Not installed: ${missing.map(titleOf).join(", ")}. ${HOW} `);
  const chosen = asked(query);
  const ticks = peerNames.map((name) => {
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", value: name, checked: chosen.includes(name), disabled: !isInstalled(name) });
    const label = document.createElement("label");
    label.append(tick, `${titleOf(name)} ${PEERS[name] ?? "(not installed)"}`);
    box.append(label);
    return { name, tick };
  });
  return () => ticks.filter(({ tick }) => tick.checked).map(({ name }) => name);
}

/** Whatever adapter a peer would ask for, it gets the one that ours runs on. */
export function shareAdapter(): void {
  const { gpu } = navigator;
  const request = gpu.requestAdapter.bind(gpu);
  Object.defineProperty(gpu, "requestAdapter", { value: () => request({ powerPreference: "high-performance" }) });
}

const opened = new Map<PeerName, Contender>();

async function open(name: PeerName): Promise<Contender> {
  const version = PEERS[name]!;
  try {
    // Not a constant: the build would pull the module into this file.
    const address = new URL(`peers/${name}.mjs`, import.meta.url).href;
    const contender = await openPeer(name, { module: await import(address), version, where: "page" });
    opened.set(name, contender);
    return contender;
  } catch (error) {
    const absent = `it could not be opened: ${error instanceof Error ? error.message : String(error)}`;
    return { name, version, notes: [absent], prepare: () => Promise.resolve({ absent }) };
  }
}

/** Opens peers, once; one that does not open is absent from every row, and the others are not held up. */
export async function openPeers(names: readonly PeerName[], progress: (what: string) => void): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const name of names) {
    progress(`opening ${titleOf(name)}`);
    contenders.push(opened.get(name) ?? await open(name));
  }
  return contenders;
}
