import { LemError } from "../../../core/errors.js";
import { wireProtocol } from "../../../schema/wire.js";

/** Refuses a program that speaks another version: half understood messages would become wrong numbers. */
export function refuseOtherProtocol(protocol: string, who: string): void {
  if (protocol === wireProtocol) return;
  throw new LemError("PROTOCOL_MISMATCH", `the ${who} speaks ${protocol}, this lem speaks ${wireProtocol}`, {
    hint: "build its image from the same version of lem: npm run images",
  });
}
