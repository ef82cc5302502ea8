import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own for one test, removed afterwards. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "lem-test-"));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

/** A campaign file in a folder of its own. */
export async function campaignFile(
  text: string,
): Promise<AsyncDisposable & { readonly path: string; readonly folder: string }> {
  const folder = await temporaryFolder();
  const path = join(folder.path, "grid.yaml");
  await writeFile(path, text);
  return { path, folder: folder.path, [Symbol.asyncDispose]: async () => folder[Symbol.asyncDispose]() };
}

/** A campaign of one quick case on the simulated engine; `more` is added as it is. */
export function simulatedCampaign(more = ""): string {
  return [
    "schema: lem/campaign/1",
    "name: test",
    "backend: simulated",
    "runtime: process",
    "model: { id: none }",
    "workload: { input_tokens: 16, output_tokens: 8 }",
    "window: { warmup_requests: 1, steady_s: 5, requests: 6, idle_s: 0.1 }",
    "simulated: { decode_tokens_per_s: 500 }",
    "repeat: { cycles: 1 }",
    more,
    "",
  ].join("\n");
}
