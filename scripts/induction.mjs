// The command line from the repository: builds when stale, then runs what the package would run.
import { build } from "./build.mjs";

build();
await import("../dist/cli/main.js");
