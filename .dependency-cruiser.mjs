// The house: imports only go down. Run through scripts/check-architecture.mjs, which refuses an empty cruise.
// ARCHITECTURE.md shows the rooms; each rule here says what breaks when it is broken.

const tests = "[.]test[.]ts$";

/** A room and everything of src/ that it may import. */
const room = (name, from, allowed, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from, pathNot: tests },
  to: { path: "^src/", pathNot: allowed },
});

/** A package and the only place that may import it. */
const confined = (name, packages, allowed, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: "^src/", pathNot: `${tests}|${allowed}` },
  to: { path: `node_modules/(${packages})/` },
});

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-cycle", severity: "error", comment: "a cycle has no bottom", from: {}, to: { circular: true } },
    {
      name: "no-unresolvable",
      severity: "error",
      comment: "an import leads nowhere",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-dev-dependency",
      severity: "error",
      comment: "it is not there once lem is installed",
      from: { path: "^src/", pathNot: tests },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-test-from-src",
      severity: "error",
      comment: "product code does not know its tests",
      from: { path: "^src/", pathNot: tests },
      to: { path: `^test/|${tests}` },
    },
    {
      name: "pure-has-no-node",
      severity: "error",
      comment: "schema, domain, ports and report do no input or output",
      from: { path: "^src/(schema|domain|ports|report)/", pathNot: tests },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "domain-takes-types-only-from-schema",
      severity: "error",
      comment: "domain/ computes; checking is schema's work",
      from: { path: "^src/domain/", pathNot: tests },
      to: { path: "^src/schema/(?!metric|quality)", dependencyTypesNot: ["type-only"] },
    },
    room("schema-is-rock", "^src/schema/", "^src/schema/", "schema/ depends on zod alone"),
    room("domain-is-ground", "^src/domain/", "^src/(domain|schema)/", "domain/ knows nouns and numbers"),
    room("ports-name-needs", "^src/ports/", "^src/(ports|domain|schema)/", "ports/ names domain things only"),
    room("core-asks-through-ports", "^src/core/", "^src/(core|ports|domain|schema)/", "core/ never names an adapter"),
    room(
      "adapters-know-their-port",
      "^src/adapters/",
      "^src/(ports|domain|schema|core/errors[.]ts$|adapters/)",
      "an adapter does not know the core that calls it",
    ),
    room("report-looks-only", "^src/report/", "^src/(report|domain|schema)/", "report/ turns results into text"),
    room("cli-through-the-front-door", "^src/cli/", "^src/(cli/|index[.]ts$|report/)", "the CLI uses the public API"),
    room(
      "programs-stand-alone",
      "^src/(workers|sidecar)/",
      "^src/(workers|sidecar|schema|domain)/",
      "programs beside engine and GPU do not know the controller",
    ),
    room(
      "sidecar-shares-the-server-room",
      "^src/sidecar/",
      "^src/(sidecar|workers/server|schema|domain)/",
      "the sidecar does not know engines",
    ),
    {
      name: "adapters-apart",
      severity: "error",
      comment: "one adapter never imports another; what they share lies in a folder named shared",
      from: { path: "^src/adapters/([^/]+/[^/]+)/", pathNot: tests },
      to: { path: "^src/adapters/", pathNot: "^src/adapters/($1|[^/]+/shared)/" },
    },
    {
      name: "wiring-has-the-keys",
      severity: "error",
      comment: "only wiring.ts names adapters",
      from: { path: "^src/(?!wiring[.]ts$|adapters/)", pathNot: tests },
      to: { path: "^src/adapters/" },
    },
    confined(
      "dockerode-in-docker",
      "dockerode|@types/dockerode",
      "^src/adapters/runtime/docker/",
      "another container engine must stay possible",
    ),
    confined("undici-in-adapters", "undici", "^src/adapters/", "HTTP is the adapters' business"),
    confined("oclif-in-cli", "@oclif", "^src/cli/", "lem is a library first"),
    confined("koffi-in-one-room", "koffi", "^src/workers/server/", "native code has one room"),
    confined(
      "llama-in-its-worker",
      "node-llama-cpp",
      "^src/workers/llamacpp/",
      "an engine never runs in the controller",
    ),
    confined("yaml-in-documents", "js-yaml", "^src/adapters/documents/", "one parser for campaign files"),
    {
      name: "zod-stays-out",
      severity: "error",
      comment: "domain, ports and report get checked data",
      from: { path: "^src/(domain|ports|report)/", pathNot: tests },
      to: { path: "node_modules/zod/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".js"],
    },
    moduleSystems: ["es6"],
  },
};
