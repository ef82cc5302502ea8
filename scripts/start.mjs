// npm start: from a fresh clone to a comparison, without GPU, Docker or Python.
import { spawnSync } from "node:child_process";
import { build, checkNode, install, models, step } from "./steps.mjs";

checkNode();
step("install", install);
step("build", build);
step("models", models);
const { status } = spawnSync("node", ["bin/run.js", "campaign", "run", "campaigns/quickstart.yaml"], {
  stdio: "inherit",
});
process.exit(status ?? 1);
