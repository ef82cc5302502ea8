import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { labelled } from "./engine.js";

const run = promisify(execFile);

/** Compose in the flavours that are installed here: the plugin and the older program. */
const flavours = [["docker", "compose"], ["docker-compose"]].filter(
  ([program = "", ...args]) => spawnSync(program, [...args, "version"]).status === 0,
);

async function compose(
  flavour: readonly string[],
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const [program = "", ...words] = flavour;
  const { stdout, stderr } = await run(program, [...words, "-p", "lem-test", ...args], {
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  return stdout + stderr;
}

describe("compose.yaml", () => {
  it("is understood by every compose that is installed, and one is", async () => {
    expect(flavours.length).toBeGreaterThan(0);
    for (const flavour of flavours) {
      const config = await compose(flavour, ["config"]);
      expect(config).toContain("lem/controller:dev");
      expect(config).toContain("campaigns/containers.yaml");
    }
  });

  it("runs the container campaign from the controller's image, with results in its volume", async () => {
    const [flavour = []] = flavours;
    const env = { LEM_SET: "window.steady_s=1 window.idle_s=0.2 repeat.cycles=1" };
    const before = await labelled("lem.owner");
    try {
      const output = await compose(flavour, ["up", "--no-build", "--exit-code-from", "controller"], env);
      expect(output).toMatch(/4\/4 /);
      expect(output).toMatch(/pytorch-c4 +1 .* sim/);
      const inVolume = [
        "run",
        "--rm",
        "-v",
        "lem-test_results:/results:ro",
        "--entrypoint",
        "sh",
        "lem/controller:dev",
      ];
      const { stdout } = await run("docker", [...inVolume, "-c", "find /results -name result.json | wc -l"]);
      expect(stdout.trim()).toBe("4");
    } finally {
      await compose(flavour, ["down", "-v"]);
    }
    expect(await labelled("lem.owner")).toEqual(before);
  });
});
