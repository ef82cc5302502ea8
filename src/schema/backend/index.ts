import { z } from "zod";
import { LlamacppParams } from "./llamacpp.js";
import { PytorchParams } from "./pytorch.js";
import { SimulatedParams } from "./simulated.js";

/** Every backend's parameter block, under the backend's name in the campaign file. */
export const backendParams = {
  llamacpp: LlamacppParams,
  pytorch: PytorchParams,
  simulated: SimulatedParams,
} as const;

export const BackendName = z.enum(["llamacpp", "pytorch", "simulated"]).describe("the inference engine family");
export type BackendName = z.infer<typeof BackendName>;
