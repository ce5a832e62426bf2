/** Where a trainer keeps its files: a folder (`trainingFolder` of `atrous/node`), memory, or whatever an app has. */
export interface TrainingStorage {
  /** What the user calls this place; shown in messages. */
  readonly name: string;
  /** Replaces the file as a whole: at every moment it holds the old content or the new one. */
  write(file: string, content: Uint8Array | string): Promise<void>;
  /** The content, or undefined when there is no such file. */
  read(file: string): Promise<Uint8Array | undefined>;
  /** Adds text at the end of the file. */
  append(file: string, text: string): Promise<void>;
}

/** The files that a trainer writes. */
export const trainingFiles = {
  /** The network, ready for use: the best by validation so far, or the last where there is no validation. */
  weights: "weights.safetensors",
  /** Everything that is needed to go on exactly. */
  checkpoint: "checkpoint.safetensors",
  /** One JSON object per line: see `LogLine`. */
  log: "log.jsonl",
} as const;

/** A storage that forgets when the program ends; for pages, and for tests. */
export function memoryStorage(name = "memory"): TrainingStorage & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  const bytes = (content: Uint8Array | string): Uint8Array => (typeof content === "string" ? new TextEncoder().encode(content) : content.slice());
  return {
    name,
    files,
    write: async (file, content) => void files.set(file, bytes(content)),
    read: async (file) => files.get(file),
    append: async (file, text) => {
      const [old, more] = [files.get(file) ?? new Uint8Array(), bytes(text)];
      const joined = new Uint8Array(old.length + more.length);
      joined.set(old);
      joined.set(more, old.length);
      files.set(file, joined);
    },
  };
}
