import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../domain/closed-loop.js";
import { CompletionReader } from "./completion-reader.js";

const chunk = (text: string, more: object = {}): string =>
  JSON.stringify({ choices: [{ text, finish_reason: null }], ...more });
const last = JSON.stringify({ choices: [{ text: "", finish_reason: "length" }] });
const usage = (tokens: number, details: object = {}): string =>
  JSON.stringify({ choices: [], usage: { prompt_tokens: 7, completion_tokens: tokens, ...details } });

interface Read {
  readonly outcome: Outcome;
  readonly tokens: readonly number[];
}

/** Feeds bytes in pieces; each piece arrives one nanosecond after the one before. */
function read(pieces: readonly Uint8Array[]): Read {
  const tokens: number[] = [];
  const reader = new CompletionReader((n) => tokens.push(n));
  for (const [index, piece] of pieces.entries()) reader.read(piece, BigInt(index + 1));
  return { outcome: reader.outcome(), tokens };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const stream = (events: readonly string[], end = "\n", prefix = "data: "): string =>
  events.map((event) => `${prefix}${event}${end}${end}`).join("");
const done: Outcome = { status: "done", inputTokens: 7, outputTokens: 3 };

describe("framing", () => {
  const events = [chunk("a é"), chunk("  b"), chunk("c\u2028d"), last, usage(3), "[DONE]"];

  it.each([
    ["LF", stream(events)],
    ["CRLF", stream(events, "\r\n")],
    ["no space after data:", stream(events, "\n", "data:")],
    ["keep-alive comments", `: ping\n\n${stream(events).replaceAll("\n\n", "\n\n: ping\n\n")}`],
    ["a byte order mark", `\uFEFF${stream(events)}`],
  ])("%s, cut in two at every byte", (_name, text) => {
    const whole = bytes(text);
    for (let cut = 0; cut <= whole.length; cut++) {
      const { outcome, tokens } = read([whole.slice(0, cut), whole.slice(cut)]);
      expect(outcome, `cut at ${String(cut)}`).toEqual(done);
      expect(tokens, `cut at ${String(cut)}`).toEqual([1, 1, 1]);
    }
  });

  it("byte by byte", () => {
    const whole = bytes(stream(events));
    const { outcome } = read(Array.from(whole, (_, index) => whole.slice(index, index + 1)));

    expect(outcome).toEqual(done);
  });
});

describe("counting", () => {
  it("does not take chunks for tokens: what usage adds comes at the last token's time", () => {
    const { outcome, tokens } = read([bytes(stream([chunk("ab"), chunk("cd"), last, usage(5)]))]);

    expect(tokens).toEqual([1, 1, 3]);
    expect(outcome).toMatchObject({ outputTokens: 5 });
  });

  it("follows the server's own count where it gives one", () => {
    const timed = (text: string, n: number): string => chunk(text, { timings: { predicted_n: n } });
    const { tokens } = read([bytes(stream([timed("a", 1), timed("", 2), timed("bc", 4), last, usage(4)]))]);

    expect(tokens).toEqual([1, 1, 2]);
  });

  it("tells tokens that came from a prefix cache", () => {
    const { outcome } = read([
      bytes(stream([chunk("a"), last, usage(1, { prompt_tokens_details: { cached_tokens: 5 } })])),
    ]);

    expect(outcome).toMatchObject({ cachedTokens: 5 });
  });
});

describe("streams that are not whole", () => {
  it.each([
    ["no finish reason", [chunk("a"), usage(1)], "truncated"],
    ["no usage", [chunk("a"), last], "no_usage"],
    ["an error inside 200", [chunk("a"), JSON.stringify({ error: { message: "slot lost" } })], "server_error"],
    ["not JSON", ["{"], "bad_chunk"],
    ["nothing at all", [], "truncated"],
  ])("%s", (_name, events, code) => {
    expect(read([bytes(stream(events))]).outcome).toMatchObject({ status: "failed", code });
  });
});
