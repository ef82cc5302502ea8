import type { EngineInfo, LaunchNeeds } from "../../../ports/backend.js";
import type { Unit } from "../../../ports/runtime.js";

type Gpus = EngineInfo["gpus"];

const answers = new WeakMap<Unit, Promise<Gpus>>();

/**
 * GPUs that an image without lem's worker sees, read with the nvidia-smi that the container toolkit puts into every
 * container with GPUs. Without GPUs there is none, and then nothing is seen. Asked once per unit: whoever asks while the
 * engine loads has the answer when it is ready.
 */
export async function gpusInside(unit: Unit, needs: LaunchNeeds, signal: AbortSignal): Promise<Gpus> {
  const answer = answers.get(unit) ?? askInside(unit, needs, signal);
  answers.set(unit, answer);
  return answer;
}

async function askInside(unit: Unit, needs: LaunchNeeds, signal: AbortSignal): Promise<Gpus> {
  if (needs.gpus.length === 0) return [];
  const { code, stdout } = await unit.exec(["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"], signal);
  if (code !== 0) return [];
  const uuids = stdout
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return uuids.map((uuid) => ({ uuid, name: "" }));
}
