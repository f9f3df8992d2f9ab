/** Peak memory of a Node program: runs it as a child process that reports its peak when it ends. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

const preload = new URL("./report-peak.mjs", import.meta.url).href;

/**
 * Runs `node …args` to its end. `peakBytes` is the largest resident set that it had.
 *
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string, peakBytes: number }>}
 * @throws Error if the child ended without a report, as when it was killed.
 */
export async function runMeasured(args) {
  const child = spawn(process.execPath, ["--import", preload, ...args], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const [, out, err, report] = /** @type {import("node:stream").Readable[]} */ (child.stdio);
  const exit = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const [stdout, stderr, peak] = await Promise.all(
    [out, err, report].map((stream) =>
      text(/** @type {import("node:stream").Readable} */ (stream)),
    ),
  );
  const code = /** @type {number | null} */ (await exit);
  if (!/^\d+$/.test(peak ?? "")) {
    throw new Error(`peak memory: expected a report, got none (exit code ${code}): ${stderr}`);
  }
  return { code, stdout: stdout ?? "", stderr: stderr ?? "", peakBytes: Number(peak) };
}
