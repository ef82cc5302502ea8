import { readFileSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { Command, Errors } from "@oclif/core";
import { LemError, exitCodes } from "../index.js";
import type { ErrorView } from "../report/error-text.js";
import { errorText } from "../report/error-text.js";

/**
 * What all commands share: `--json` with one stable envelope, exit codes that do not depend on it, errors for people
 * instead of stack traces. stdout is data, stderr is talk.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  /** Ends with this exit code after the output was written. */
  protected exitWith(code: number): void {
    process.exitCode = code;
  }

  /** Talk goes to stderr, so that stdout can be piped. */
  protected say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  protected override toSuccessJson(result: unknown): object {
    return {
      schema: "lem/envelope/1",
      ok: process.exitCode === undefined || process.exitCode === 0,
      data: result ?? null,
    };
  }

  protected override toErrorJson(error: unknown): object {
    const { view, exitCode } = explain(error);
    return { schema: "lem/envelope/1", ok: false, error: { ...view, exit_code: exitCode } };
  }

  protected override async catch(error: Error): Promise<void> {
    if (error instanceof Errors.ExitError) throw error;
    const { view, exitCode } = explain(error);
    process.exitCode = exitCode;
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(error));
    else this.say(errorText(view, { source: readSource, shown: shortPath }));
    if (exitCode === exitCodes.bug && process.env["LEM_DEBUG"] !== undefined) this.say(error.stack ?? "");
  }
}

function explain(error: unknown): { view: ErrorView; exitCode: number } {
  if (error instanceof LemError) return { view: viewOf(error), exitCode: error.exitCode };
  if (error instanceof Errors.CLIError) {
    const [message = ""] = error.message.split(/\n+(?:Note:|See more help)/);
    return {
      view: {
        code: "USAGE",
        message: message.replaceAll(/\s*\n\s*/g, " "),
        hint: "--help shows arguments, flags and examples",
      },
      exitCode: exitCodes.usage,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    view: {
      code: "BUG",
      message: `lem failed in a way it did not expect: ${message}`,
      hint: "run again with LEM_DEBUG=1 and report the stack trace",
    },
    exitCode: exitCodes.bug,
  };
}

function viewOf(error: LemError): ErrorView {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.place === undefined ? {} : { place: error.place }),
    ...(error.problems.length === 0 ? {} : { problems: error.problems.map(viewOf) }),
  };
}

/** Files below the current folder by their short names. */
function shortPath(file: string): string {
  const short = relative(process.cwd(), file);
  return isAbsolute(file) && !short.startsWith("..") ? short : file;
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
