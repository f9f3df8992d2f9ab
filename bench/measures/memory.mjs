/** Peak memory of the command line on a model: a sweep of some tokens. */
import { fileURLToPath } from "node:url";
import { runMeasured } from "../peak-memory.mjs";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Runs the command line; its peak in bytes and its wall time in seconds. @param {readonly string[]} args */
export async function runCli(args) {
  const before = performance.now();
  const { code, stderr, peakBytes } = await runMeasured([main, ...args]);
  if (code !== 0) throw new Error(`${args[0]}: expected exit code 0, got ${code}: ${stderr}`);
  return { peakBytes, seconds: (performance.now() - before) / 1e3 };
}

/** Bytes at the peak of `induction powers`. @param {string} folder of the model @param {number} tokens */
export async function measureMemory(folder, tokens) {
  const range = `4:${3 + tokens}`;
  const args = ["powers", "--model", folder, "--range", range, "-n", "16", "--json", "--quiet"];
  return (await runCli(args)).peakBytes;
}
