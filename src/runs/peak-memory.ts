import { readFileSync } from "node:fs";

/** Most bytes of memory that this process has had so far. */
export function peakMemory(): number {
  try {
    const [, kilobytes] =
      /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  // On Linux this would count what the process that started this one had; elsewhere it is right.
  return process.resourceUsage().maxRSS * 1024;
}
