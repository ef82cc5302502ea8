import type { LlamaContext, LlamaContextSequence } from "node-llama-cpp";

/** The context's sequences, each for one request at a time. */
export class SequencePool {
  readonly #free: LlamaContextSequence[];

  constructor(context: LlamaContext) {
    this.#free = Array.from({ length: context.totalSequences }, () => context.getSequence());
  }

  /** Takes an empty sequence: nothing of earlier requests is left in it, so no prompt token comes from a cache. */
  async take(): Promise<LlamaContextSequence> {
    const sequence = this.#free.shift();
    if (sequence === undefined) throw new Error("more requests at once than the context has sequences");
    await sequence.clearHistory();
    return sequence;
  }

  give(sequence: LlamaContextSequence): void {
    this.#free.push(sequence);
  }
}
