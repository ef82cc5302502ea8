/** Exit codes of `lem`, equal with and without --json. */
export const exitCodes = {
  ok: 0,
  bug: 1,
  usage: 2,
  gate_failed: 3,
  inconclusive: 4,
  invalid_measurement: 5,
  environment: 6,
  failed_runs: 7,
  refused: 8,
  budget: 9,
  interrupted: 130,
  terminated: 143,
} as const;

/** Every expected failure and the exit code that it ends with when nothing else happened. */
export const errorCodes = {
  CAMPAIGN_NOT_FOUND: exitCodes.usage,
  CAMPAIGN_SYNTAX: exitCodes.usage,
  CAMPAIGN_INVALID: exitCodes.usage,
  CAMPAIGN_EMPTY: exitCodes.usage,
  RESULT_NOT_FOUND: exitCodes.usage,
  MODEL_NOT_FOUND: exitCodes.environment,
  OUTPUT_NOT_WRITABLE: exitCodes.environment,
  DOCKER_UNREACHABLE: exitCodes.environment,
  DOCKER_FAILED: exitCodes.environment,
  IMAGE_MISSING: exitCodes.environment,
  GPU_NOT_FOUND: exitCodes.environment,
  GPU_NOT_AVAILABLE: exitCodes.environment,
  GPU_BUSY: exitCodes.environment,
  LEASES_UNAVAILABLE: exitCodes.environment,
  PREFLIGHT_FAILED: exitCodes.environment,
  METER_FAILED: exitCodes.environment,
  WORKER_DIED: exitCodes.failed_runs,
  WORKER_OUT_OF_MEMORY: exitCodes.failed_runs,
  WORKER_NOT_READY: exitCodes.failed_runs,
  WORKER_ANSWER: exitCodes.failed_runs,
  RUN_FAILED: exitCodes.failed_runs,
  LEFTOVERS: exitCodes.environment,
  PROTOCOL_MISMATCH: exitCodes.refused,
  GPU_MISMATCH: exitCodes.refused,
  INTERRUPTED: exitCodes.interrupted,
  TERMINATED: exitCodes.terminated,
} as const;
export type ErrorCode = keyof typeof errorCodes;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

/** Where in a file the cause of an error stands; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly key?: string;
}

export interface ErrorDetails {
  readonly hint?: string;
  readonly place?: Place;
  readonly cause?: unknown;
  /** Last lines of the log of the program that failed. */
  readonly logTail?: string;
  /** Several problems that were found together. */
  readonly problems?: readonly LemError[];
}

/** A failure that lem expects and can explain; everything else that is thrown is a bug. */
export class LemError extends Error {
  override readonly name = "LemError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly place: Place | undefined;
  readonly logTail: string | undefined;
  readonly problems: readonly LemError[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.place = details.place;
    this.logTail = details.logTail;
    this.problems = details.problems ?? [];
  }

  get exitCode(): number {
    return errorCodes[this.code];
  }
}

/** One error for all problems of a check: the problem itself when there is one, else a summary that carries them. */
export function combine(problems: readonly LemError[], code: ErrorCode, summary: string): LemError {
  const [first] = problems;
  if (problems.length === 1 && first) return first;
  return new LemError(code, `${String(problems.length)} ${summary}`, { problems });
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
