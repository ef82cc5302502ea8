/** lem as a library. Every command of the CLI is a thin call of one of these functions. */
export { demoCampaign, planFile, runFile } from "./campaigns.js";
export type { CampaignFileOptions, RunFileOptions } from "./campaigns.js";
export { listResults, showResult } from "./results.js";
export { wire } from "./wiring.js";
export type { WiringOptions } from "./wiring.js";
export { didYouMean } from "./domain/did-you-mean.js";
export { LemError, errorCodes, exitCodes } from "./core/errors.js";
export type { ErrorCode, Place } from "./core/errors.js";
export type { CampaignOutcome } from "./core/campaign.js";
export type { Plan, PlannedCase } from "./core/plan.js";
export type { Ports } from "./ports/index.js";
export type { Progress, OnProgress } from "./ports/progress.js";
export type { StoredResult } from "./ports/store.js";
export type { Campaign } from "./schema/campaign.js";
export type { CaseConfig } from "./schema/case.js";
export type { Result } from "./schema/result.js";
