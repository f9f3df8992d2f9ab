/** Loaded before a program by `node --import`: at its end, writes its peak memory in bytes to fd 3. */
import { readFileSync, writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

/** The largest resident set that this process had. */
function peakBytes() {
  if (process.platform === "linux") {
    // Not getrusage: its maximum also counts what the parent held before this program was loaded.
    const status = readFileSync("/proc/self/status", "utf8");
    return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]);
  }
  return 1024 * process.resourceUsage().maxRSS;
}

// Worker threads inherit --import; the process is counted once.
if (isMainThread) process.on("exit", () => writeSync(3, String(peakBytes())));
