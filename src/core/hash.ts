import { createHash, randomBytes } from "node:crypto";
import { canonicalJson } from "../domain/canonical-json.js";

/** SHA-256 of text, in hexadecimal. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** SHA-256 of a value's canonical JSON (RFC 8785). */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** A secret for one launch. */
export function makeToken(): string {
  return randomBytes(24).toString("hex");
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A ULID (github.com/ulid/spec): 48 bits of time, 80 random bits; sorts by time, safe as a file name. */
export function makeUlid(time: Date): string {
  let bits = (BigInt(time.getTime()) << 80n) | BigInt(`0x${randomBytes(10).toString("hex")}`);
  let text = "";
  for (let position = 0; position < 26; position++) {
    text = (crockford[Number(bits & 31n)] ?? "") + text;
    bits >>= 5n;
  }
  return text;
}
