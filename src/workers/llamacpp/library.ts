import type * as library from "node-llama-cpp";

export type LlamaLibrary = typeof library;

/** Loads the optional package; rejects with one clear line where it is not installed. */
export async function importLibrary(): Promise<LlamaLibrary> {
  try {
    return await import("node-llama-cpp");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!missing) throw error;
    throw new Error(
      "the optional package node-llama-cpp is not installed; install it beside lem: npm install node-llama-cpp",
      {
        cause: error,
      },
    );
  }
}

/** llama.cpp, started, and what it said about flash attention: it tells that in its log only. */
export interface StartedLlama {
  readonly llama: library.Llama;
  readonly flashAttentionUsed: () => boolean | "unknown";
}

/**
 * Starts llama.cpp from a prebuilt binary. Never builds or downloads: a measurement must not depend on what a compiler
 * or a network did just now.
 */
export async function startLlama({ getLlama, LlamaLogLevel }: LlamaLibrary, useGpu: boolean): Promise<StartedLlama> {
  let flashAttention: boolean | "unknown" = "unknown";
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
      if (wrong.has(level)) process.stderr.write(`llama.cpp: ${message.trimEnd()}\n`);
    },
  });
  return { llama, flashAttentionUsed: () => flashAttention };
}
