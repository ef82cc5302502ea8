import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fileLeases } from "../../src/adapters/leases/files/leases.js";
import { currentOwner, formatOwner } from "../../src/adapters/owner/shared/owner.js";
import type { LeaseRequest } from "../../src/ports/leases.js";
import { temporaryFolder } from "../support/campaign-file.js";

const within = (ms: number, holder = "test"): LeaseRequest => ({
  holder,
  signal: AbortSignal.timeout(ms),
  onLost: (error) => {
    throw error;
  },
});

describe("GPU leases", () => {
  it("gives a GPU to one holder at a time and to the next when it is free", async () => {
    await using folder = await temporaryFolder();
    const leases = fileLeases(folder.path);
    const first = await leases.acquire(["GPU-a", "GPU-b"], within(20000, "first"));

    await expect(leases.acquire(["GPU-b"], within(600, "second"))).rejects.toThrow();
    const waiting = leases.acquire(["GPU-b"], within(20000, "third"));
    await first[Symbol.asyncDispose]();
    await (await waiting)[Symbol.asyncDispose]();
  });

  it("takes all or none", async () => {
    await using folder = await temporaryFolder();
    const leases = fileLeases(folder.path);
    await using _b = await leases.acquire(["GPU-b"], within(20000, "first"));

    await expect(leases.acquire(["GPU-a", "GPU-b"], within(600, "second"))).rejects.toThrow();
    await using _a = await leases.acquire(["GPU-a"], within(600, "third"));
  });

  it("never gives one GPU to two, whoever was there before", async () => {
    await using folder = await temporaryFolder();
    const dead = formatOwner({ ...currentOwner(), pid: 4_000_000, startTime: "1" });
    await writeFile(join(folder.path, "GPU-a"), `${dead}\ncampaign X`);
    let holders = 0;
    let most = 0;
    const hold = async (): Promise<void> => {
      const lease = await fileLeases(folder.path).acquire(["GPU-a"], within(30_000));
      most = Math.max(most, ++holders);
      await new Promise((resolve) => setTimeout(resolve, 300));
      holders--;
      await lease[Symbol.asyncDispose]();
    };
    await Promise.all([hold(), hold(), hold()]);

    expect(most).toBe(1);
  });

  it("breaks the lease of a dead controller soon", async () => {
    await using folder = await temporaryFolder();
    const dead = formatOwner({ ...currentOwner(), pid: 4_000_000, startTime: "1" });
    await mkdir(join(folder.path, "GPU-a.lock"));
    await writeFile(join(folder.path, "GPU-a"), `${dead}\ncampaign X`);

    await using lease = await fileLeases(folder.path).acquire(["GPU-a"], within(6_000, "next"));
    expect(lease).toBeDefined();
  });

  it("needs nothing for no GPU", async () => {
    await using _none = await fileLeases("/nowhere/leases").acquire([], within(20000, "cpu"));
    expect(_none).toBeDefined();
  });
});
