import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect } from "vitest";
import { ItemStream } from "../../src/random/index.js";
import { version } from "../../src/version.js";
import { contentOf, contentOfRunLeftAlone, runAndCount } from "./fake.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A program of its own, bundled from the sources. */
export async function bundleChild(): Promise<{ readonly file: string; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), "induction-child-"));
  // The sources read the version from the package's file, one folder up.
  await writeFile(join(root, "package.json"), JSON.stringify({ version }));
  await build({
    logLevel: "error",
    configFile: false,
    ssr: { noExternal: true, target: "node" },
    build: {
      ssr: fileURLToPath(new URL("kill-child.ts", import.meta.url)),
      outDir: join(root, "dist"),
      rollupOptions: { output: { entryFileNames: "child.mjs" } },
    },
  });
  return {
    file: join(root, "dist/child.mjs"),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** Starts a run and kills it after so many ms; `null` lets it end. Resolves to how long it ran, in ms. */
async function runChild(
  file: string,
  dir: string,
  killAfter: number | null,
): Promise<{ readonly ran: number; readonly killed: boolean }> {
  const child = spawn(process.execPath, [file, dir], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = new Promise<boolean>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") resolve(signal === "SIGKILL");
      else reject(new Error(`child: exit ${code ?? String(signal)}`));
    });
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const started = performance.now();
  if (killAfter !== null) setTimeout(() => child.kill("SIGKILL"), killAfter);
  const killed = await exit;
  return { ran: performance.now() - started, killed };
}

/**
 * Kills a run at so many random moments, each time in a new folder and then once more in the same, and
 * checks that it ends as one left alone.
 */
export async function killSeries(file: string, moments: number): Promise<void> {
  const alone = await contentOfRunLeftAlone();
  const { ran } = await runChild(file, await temporaryFolder(), null);
  const stream = new ItemStream([0, 0], [0, 0]);
  let killed = 0;
  for (let moment = 0; moment < moments; moment++) {
    const dir = await temporaryFolder();
    for (const half of [0, 1]) {
      const share = stream.draw(2 * moment + half, 1000) / 1000;
      const child = await runChild(file, dir, share * ran * (half === 0 ? 0.9 : 0.4));
      if (child.killed) killed++;
    }
    const { notes } = await runAndCount(dir);
    // Nothing is damaged by a kill; at most a part was written whose record was not.
    for (const note of notes) expect(note).toMatch(/written, but not recorded|measured elsewhere/);
    expect(await contentOf(dir)).toEqual(alone);
  }
  expect(killed).toBeGreaterThanOrEqual(moments);
}
