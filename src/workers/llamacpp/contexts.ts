import type { LlamaContext } from "node-llama-cpp";
import { SequencePool } from "./sequences.js";

/** The context that computes now. It is made anew after a run that was aborted. */
export class Contexts {
  readonly #create: () => Promise<LlamaContext>;
  #context: LlamaContext;
  #pool: Promise<SequencePool>;

  constructor(first: LlamaContext, create: () => Promise<LlamaContext>) {
    this.#create = create;
    this.#context = first;
    this.#pool = Promise.resolve(new SequencePool(first));
  }

  /** Sequences to compute with; waits for what is left of an aborted run. */
  async pool(): Promise<SequencePool> {
    return this.#pool;
  }

  /**
   * Drops all work that is queued. Prompts that wait for their turn cannot be taken back one by one and would take many
   * seconds; a disposed context refuses them all. The batch that is being computed now is finished nevertheless.
   */
  renew(): void {
    const old = this.#context;
    this.#pool = old.dispose().then(async () => {
      this.#context = await this.#create();
      return new SequencePool(this.#context);
    });
    this.#pool.catch(() => {}); // the next run reports it
  }
}
