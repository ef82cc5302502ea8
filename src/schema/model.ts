import { z } from "zod";

/** The model to load: an id for people and hubs, optionally a file or folder on this machine. */
export const Model = z
  .strictObject({
    id: z.string().min(1).describe("Hugging Face id, or any name when `path` is given"),
    path: z.string().min(1).optional().describe("file or folder, relative to the campaign file"),
    revision: z.string().min(1).optional().describe("commit of the model repository; quote it"),
  })
  .describe("the model to load");
export type Model = z.infer<typeof Model>;
