import type { HubProgress } from "../weights/index.js";
import { formatBytes } from "./bytes.js";
import { type Io, redraw } from "./io.js";

/** Milliseconds between two lines where the line cannot be redrawn, and where it can. */
const intervals = { lines: 30_000, redrawn: 100 };

/**
 * Shows a download on stderr: one redrawn line on a terminal, elsewhere a line every 30 seconds and
 * one at the end. What the cache has already is counted as there, and by itself shown not at all.
 */
export function downloadLine(io: Io): (progress: HubProgress) => void {
  const started = () => ({ at: io.now(), bytes: 0, file: "", received: 0 });
  let network = started();
  let last = network.at;
  return ({ file, received, allReceived, allTotal }) => {
    const now = io.now();
    // A file's first report says what was there of it; what comes after came over the network.
    const came = file === network.file ? Math.max(0, received - network.received) : 0;
    network = { ...network, file, received, bytes: network.bytes + came };
    const finished = allReceived === allTotal;
    const interval = io.interactive ? intervals.redrawn : intervals.lines;
    if (network.bytes > 0 && (finished || now - last >= interval)) {
      last = now;
      const seconds = (now - network.at) / 1000;
      const rate = seconds > 0 ? network.bytes / seconds : 0;
      const left = rate > 0 ? ` · ${Math.ceil((allTotal - allReceived) / rate)} s left` : "";
      const line =
        `downloading ${file}: ${formatBytes(allReceived)} of ${formatBytes(allTotal)}` +
        (rate > 0 ? ` · ${formatBytes(rate)}/s` : "") +
        (finished ? ` · ${Math.round(seconds)} s` : left);
      io.err(io.interactive ? `${redraw}${line}${finished ? "\n" : ""}` : `${line}\n`);
    }
    if (finished) network = started();
  };
}
