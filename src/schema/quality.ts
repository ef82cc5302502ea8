import { z } from "zod";

const codes = ["E101", "E104", "E106", "E301", "E302", "E303", "W103", "W104", "W107", "W304", "W306", "W307"] as const;
export type QualityCode = (typeof codes)[number];

/** Findings about a run. `E` invalidates the run for verdicts, `W` warns. */
export const qualityFlags: Readonly<Record<QualityCode, string>> = {
  E101: "no energy: a GPU was asked for and the meter gave nothing usable",
  E104: "counter and integrated power differ by more than 20 %",
  E106: "simulated engine or GPU: the numbers are not measurements",
  E301: "more than 1 % of the requests failed",
  E302: "output lengths differ from what was asked",
  E303: "no request ended well",
  W103: "gap of more than 5 periods between samples in the steady window",
  W104: "counter and integrated power differ by more than 3 %",
  W107: "samples were lost before they were read",
  W304: "steady window shorter than 30 s",
  W306: "prompt tokens came from a prefix cache",
  W307: "input lengths counted by the engine differ from what was sent",
};

export const QualityFlag = z.strictObject({
  code: z.enum(codes),
  severity: z.enum(["invalidates", "warns"]),
  message: z.string(),
  value: z.number().optional().describe("what was found"),
  limit: z.number().optional().describe("what would have been accepted"),
});
export type QualityFlag = z.infer<typeof QualityFlag>;
