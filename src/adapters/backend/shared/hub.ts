/** The token of the Hugging Face hub, for the environment of a backend that may fetch a model; never in arguments. */
export function hubToken(): Record<string, string> {
  const token = process.env["HF_TOKEN"];
  return token === undefined || token === "" ? {} : { HF_TOKEN: token };
}
