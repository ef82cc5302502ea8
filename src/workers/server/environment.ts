/** Where to listen and whom to answer. */
export interface ListenSettings {
  readonly host: string;
  /** 0: the operating system chooses; the choice is printed on stdout. */
  readonly port: number;
  readonly token: string;
}

export type EnvironmentResult =
  | { readonly status: "valid"; readonly settings: ListenSettings }
  | { readonly status: "invalid"; readonly message: string };

/** Reads LEM_HOST (default 127.0.0.1), LEM_PORT (default 0) and LEM_TOKEN (required). */
export function readListenSettings(env: NodeJS.ProcessEnv): EnvironmentResult {
  const token = env["LEM_TOKEN"] ?? "";
  if (token === "") return { status: "invalid", message: "LEM_TOKEN is not set; nobody could be let in" };
  const port = env["LEM_PORT"] ?? "0";
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return { status: "invalid", message: `LEM_PORT is not a port: ${port}` };
  }
  return { status: "valid", settings: { host: env["LEM_HOST"] ?? "127.0.0.1", port: Number(port), token } };
}
