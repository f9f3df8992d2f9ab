// All tests, the slow ones of test/full too. Further arguments go to vitest.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)],
  { cwd: root, env: { ...process.env, LAB_FULL: "1" }, stdio: "inherit" },
);
process.exitCode = status ?? 1;
