// unit: pure functions, beside the source; programs: real child processes and files; cli: the built `lem`; docker: a
// real Docker Engine. Suites that start processes or measure run one file at a time: two cores are shared by everything.
import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], sequential: boolean) => ({
  extends: true as const,
  test: {
    name,
    include,
    ...(sequential ? { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 } : {}),
  },
});

export default defineConfig({
  test: {
    mockReset: true,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      project("unit", ["src/**/*.test.ts", "test/unit/**/*.test.ts"], false),
      project("programs", ["test/contract/**/*.test.ts", "test/programs/**/*.test.ts"], true),
      project("cli", ["test/cli/**/*.test.ts"], true),
      project("docker", ["test/docker/**/*.test.ts"], true),
    ],
  },
});
