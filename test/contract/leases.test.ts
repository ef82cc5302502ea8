import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fileLeases } from "../../src/adapters/leases/files/leases.js";
import { currentOwner, formatOwner } from "../../src/adapters/owner/shared/owner.js";
import { temporaryFolder } from "../support/campaign-file.js";

const signal = AbortSignal.timeout(60_000);
const within = (ms: number): AbortSignal => AbortSignal.timeout(ms);

describe("GPU leases", () => {
  it("gives a GPU to one holder at a time and to the next when it is free", async () => {
    await using folder = await temporaryFolder();
    const leases = fileLeases(folder.path);
    const first = await leases.acquire(["GPU-a", "GPU-b"], "first", signal);

    await expect(leases.acquire(["GPU-b"], "second", within(600))).rejects.toThrow();
    const waiting = leases.acquire(["GPU-b"], "third", signal);
    await first[Symbol.asyncDispose]();
    await (await waiting)[Symbol.asyncDispose]();
  });

  it("takes all or none", async () => {
    await using folder = await temporaryFolder();
    const leases = fileLeases(folder.path);
    await using _b = await leases.acquire(["GPU-b"], "first", signal);

    await expect(leases.acquire(["GPU-a", "GPU-b"], "second", within(600))).rejects.toThrow();
    await using _a = await leases.acquire(["GPU-a"], "third", within(600));
  });

  it("breaks the lease of a dead controller at once", async () => {
    await using folder = await temporaryFolder();
    const dead = formatOwner({ ...currentOwner(), pid: 4_000_000, startTime: "1" });
    await mkdir(join(folder.path, "GPU-a.lock"));
    await writeFile(join(folder.path, "GPU-a"), `${dead}\ncampaign X`);

    await using lease = await fileLeases(folder.path).acquire(["GPU-a"], "next", within(2_000));
    expect(lease).toBeDefined();
  });

  it("needs nothing for no GPU", async () => {
    await using _none = await fileLeases("/nowhere/leases").acquire([], "cpu", signal);
    expect(_none).toBeDefined();
  });
});
