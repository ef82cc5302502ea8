import { z } from "zod";

/** Parameters of the Transformers worker. */
export const PytorchParams = z
  .strictObject({
    device: z
      .enum(["auto", "cpu", "cuda"])
      .default("auto")
      .describe("`auto` takes CUDA when the container sees a CUDA device"),
    attention: z.enum(["eager", "sdpa", "flash_attention_2"]).default("sdpa").describe("attn_implementation"),
    threads: z.int().min(1).optional().describe("torch CPU threads; default one less than the cores"),
    compile: z
      .boolean()
      .default(false)
      .describe("torch.compile of the forward pass; needs a C++ compiler in the image"),
  })
  .describe("PyTorch with Transformers");
export type PytorchParams = z.infer<typeof PytorchParams>;
