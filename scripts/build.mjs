// Compiles src to dist where dist is missing or older than what it is made of. Prints on stderr only,
// so that a command that builds first keeps its stdout clean. `--force` builds in any case.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const stamp = join(dist, ".built");

/** When the youngest file of a folder (or a file) was changed, in ms. */
function changed(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  // The folder's own time counts too: it changes when a file in it is removed.
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => changed(join(path, name))));
}

export function build({ force = false } = {}) {
  const sources = ["src", "tsconfig.json", "package.json"].map((name) => join(root, name));
  const upToDate = existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(...sources.map(changed));
  if (upToDate && !force) return;
  const compiler = join(root, "node_modules/typescript/lib/tsc.js");
  if (!existsSync(compiler)) {
    process.stderr.write("build: expected the compiler in node_modules, found none: run npm ci\n");
    process.exit(1);
  }
  process.stderr.write("building induction-lab …\n");
  // Beside dist and then in its place: programs that run meanwhile find the old build or the new one.
  const fresh = join(root, `dist-${process.pid}`);
  const { status, stdout } = spawnSync(
    process.execPath,
    [compiler, "-p", "tsconfig.json", "--outDir", fresh],
    { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    process.stderr.write(stdout);
    process.exit(1);
  }
  chmodSync(join(fresh, "cli/main.js"), 0o755);
  writeFileSync(join(fresh, ".built"), "");
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  build({ force: process.argv.includes("--force") });
}
