import { StringDecoder } from "node:string_decoder";

/** Keeps the end of a program's output, and when it last said something. */
export class LogTail {
  readonly #limit: number;
  readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  #text = "";
  #lastNs = process.hrtime.bigint();

  /** `limit`: characters that are kept. */
  constructor(limit = 64 * 1024) {
    this.#limit = limit;
  }

  append(stream: "stdout" | "stderr", chunk: Buffer): void {
    this.#text = (this.#text + this.#decoders[stream].write(chunk)).slice(-this.#limit);
    this.#lastNs = process.hrtime.bigint();
  }

  text(): string {
    return this.#text;
  }

  lastNs(): bigint {
    return this.#lastNs;
  }
}
