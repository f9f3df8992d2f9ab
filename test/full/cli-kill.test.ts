import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { ItemStream } from "../../src/random/index.js";
import { induction, modelFolder, program, readJson, temporaryFolder } from "../support/cli.js";

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));

/** SHA-256 of each file that a run's numbers are in. */
async function contents(dir: string): Promise<Record<string, string>> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true });
  const own = new Set(["manifest.json", "plan.json"]);
  const files = names.filter((entry) => entry.isFile() && !own.has(entry.name));
  const hashes = files.map(async ({ parentPath, name }) => {
    const path = `${parentPath}/${name}`;
    const hash = createHash("sha256").update(await readFile(path));
    return [path.slice(dir.length), hash.digest("hex")] as const;
  });
  return Object.fromEntries((await Promise.all(hashes)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

// The command itself with its engine, so that a kill may meet it anywhere: loading, measuring, writing.
it("`induction run` killed at 20 random moments ends in the bytes of a run left alone", async () => {
  const model = ["--model", await tiny, "--a-id", "30", "--b-id", "31"];
  // What would be calibrated is given: both runs have the same plan.
  const fixed = ["--batch", "64", "--threads", "1", "--block", "4096"];
  const args = ["run", "quick", ...model, ...fixed, "-o", "run"];
  const [killed, alone] = [at("killed"), at("alone")];
  await Promise.all([mkdir(killed), mkdir(alone)]);
  const began = performance.now();
  expect((await induction(args, alone)).code).toBe(0);
  const whole = performance.now() - began;

  const random = new ItemStream([20, 0], [0, 0]);
  for (let moment = 0; moment < 20; moment++) {
    const child = spawn(process.execPath, [program, ...args], { cwd: killed, stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    await new Promise((resolve) => setTimeout(resolve, random.draw(moment, Math.ceil(whole))));
    child.kill("SIGKILL");
    await ended;
  }
  expect((await induction(args, killed)).code).toBe(0);
  expect(await readJson(`${killed}/run/manifest.json`)).toMatchObject({ state: "complete" });
  expect(await contents(`${killed}/run`)).toEqual(await contents(`${alone}/run`));
}, 240_000);
