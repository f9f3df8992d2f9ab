import { formatCount } from "../report/numbers.js";
import type { Progress } from "../runs/index.js";
import { type Io, redraw } from "./io.js";

/** Milliseconds between two lines where the line cannot be redrawn. */
const quietInterval = 30_000;

/** Shows progress on stderr: one redrawn line on a terminal, elsewhere a line every 30 seconds. */
export function progressLine(io: Io, what: string): (progress: Progress) => void {
  const started = io.now();
  let last = started;
  let first: { readonly at: number; readonly done: number } | null = null;
  return ({ done, total }) => {
    const now = io.now();
    // The first report comes before anything is measured: what is done by then was kept on disk.
    first ??= { at: now, done };
    const seconds = (now - first.at) / 1000;
    const measured = done - first.done;
    const finished = done === total;
    if (!io.interactive && !finished && now - last < quietInterval) return;
    last = now;
    const rate = seconds > 0 ? measured / seconds : 0;
    const left = rate > 0 ? ` · ${formatSeconds((total - done) / rate)} left` : "";
    const line =
      `${what}: ${formatCount(done)} of ${formatCount(total)} sequences` +
      (measured > 0 ? ` · ${formatCount(rate)}/s` : "") +
      (finished ? ` · ${formatSeconds(seconds)}` : left);
    if (io.interactive) io.err(`${redraw}${line}${finished ? "\n" : ""}`);
    else if (done > 0) io.err(`${line}\n`);
  };
}

/** `2 h 5 min`, `3 min 4 s`, `9 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h} h ${m} min` : m > 0 ? `${m} min ${s} s` : `${s} s`;
}
