// Reads what vitest wrote in CI. `check` fails on a failed, a skipped or no test; `closing-line CODE`
// prints `N passed, N failed`, where a step that failed without a failed test counts as one.
import { existsSync, readFileSync } from "node:fs";

const [what, code] = process.argv.slice(2);
const path = "coverage/results.json";
const results = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
const tests = results?.testResults.flatMap((file) => file.assertionResults) ?? [];
const count = (...states) => tests.filter(({ status }) => states.includes(status)).length;
const passed = count("passed");
const failed = count("failed");
const skipped = tests.length - passed - failed;

if (what === "check") {
  for (const { status, fullName } of tests) {
    if (status !== "passed") console.log(`${status}: ${fullName}`);
  }
  console.log(`${tests.length} tests: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (results?.success !== true || passed === 0 || passed < tests.length) process.exitCode = 1;
} else {
  const failures = code === "0" ? failed : Math.max(failed, 1);
  console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
}
