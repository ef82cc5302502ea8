import type * as library from "node-llama-cpp";

export type LlamaLibrary = typeof library;

/** Loads the optional package; rejects with one clear line where it is not installed. */
export async function importLibrary(): Promise<LlamaLibrary> {
  try {
    return await import("node-llama-cpp");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!missing) throw error;
    const hint = "install it beside lem: npm install node-llama-cpp";
    throw new Error(`the optional package node-llama-cpp is not installed; ${hint}`, { cause: error });
  }
}

/** llama.cpp, started, and what it tells in its log only. */
export interface StartedLlama {
  readonly llama: library.Llama;
  /** Passes the result on, or the failure with llama.cpp's own reason in its message. */
  readonly explain: <T>(work: Promise<T>, prefix?: string) => Promise<T>;
  readonly flashAttentionUsed: () => boolean | "unknown";
}

/**
 * Starts llama.cpp from a prebuilt binary. Never builds or downloads: a measurement must not depend on what a compiler
 * or a network did just now.
 */
export async function startLlama({ getLlama, LlamaLogLevel }: LlamaLibrary, useGpu: boolean): Promise<StartedLlama> {
  let flashAttention: boolean | "unknown" = "unknown";
  let complaint: string | undefined;
  const wrong = new Set([LlamaLogLevel.fatal, LlamaLogLevel.error, LlamaLogLevel.warn]);
  const llama = await getLlama({
    gpu: useGpu ? "auto" : false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: 0, // no limit, so that a context has exactly the threads it asks for
    logLevel: LlamaLogLevel.info,
    logger: (level, message) => {
      const said = /flash.att(?:entio)?n\b.*\b(enabled|disabled)/i.exec(message)?.[1];
      if (said !== undefined) flashAttention = said.toLowerCase() === "enabled";
      if (!wrong.has(level)) return;
      complaint = message.trim();
      process.stderr.write(`llama.cpp: ${complaint}\n`);
    },
  });
  return {
    llama,
    flashAttentionUsed: () => flashAttention,
    explain: async (work, prefix = "") => {
      complaint = undefined;
      return work.catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(prefix + (complaint === undefined ? reason : `${reason} (${complaint})`), { cause: error });
      });
    },
  };
}
