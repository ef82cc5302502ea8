import type { Backend } from "../../src/ports/backend.js";
import { repository } from "../support/program.js";

/** Tests run the TypeScript sources, but a child process needs compiled ones. */
export function compiled(backend: Backend): Backend {
  return {
    ...backend,
    unit: (needs) => {
      const spec = backend.unit(needs);
      return { ...spec, command: spec.command.map((word) => word.replace(/^.*\/src\//, `${repository}/dist/`)) };
    },
  };
}
