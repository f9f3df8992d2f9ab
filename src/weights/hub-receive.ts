import { LabError } from "../errors.js";
import { type HubSubject, HubTrouble } from "./hub-errors.js";
import { type HubConnection, mostTries, waitBefore } from "./hub-request.js";

/** Where the bytes of a download go, in order. */
export interface Sink {
  /** Bytes that are there already, from the file's start. */
  readonly received: number;
  write(bytes: Uint8Array): Promise<void>;
  /** Forgets all bytes. */
  restart(): Promise<void>;
}

/** A download that grows by this much between two failures is going well, in bytes. */
const goodProgress = 2 ** 20;

/** Whether an answer holds the bytes from `from` to the end of a file of `size` bytes. */
function continues(response: Response, from: number, size: number): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get("Content-Range") ?? "");
  if (response.status !== 206 || range === null) return false;
  const [, first, last, total] = range;
  return (
    Number(first) === from && Number(last) === size - 1 && (total === "*" || Number(total) === size)
  );
}

/** A signal that aborts after a time in which nobody called `alive`. */
function watchdog(ms: number) {
  const controller = new AbortController();
  const start = () =>
    setTimeout(() => controller.abort(new DOMException("silent", "TimeoutError")), ms);
  let timer = start();
  const stop = () => clearTimeout(timer);
  const alive = () => {
    stop();
    timer = start();
  };
  return { signal: controller.signal, alive, stop };
}

function brokenOff(subject: HubSubject, sink: Sink, size: number, cause?: unknown): HubTrouble {
  return new HubTrouble(
    `repository ${subject.repo}: ${subject.path}: expected ${size} bytes, the connection broke after ${sink.received}`,
    { hint: "run the same command again: it goes on where it stopped", cause },
  );
}

async function receiveOnce(
  connection: HubConnection,
  url: string,
  size: number,
  sink: Sink,
  subject: HubSubject,
): Promise<void> {
  const from = sink.received;
  const dog = watchdog(connection.silence);
  try {
    // Compressed on the way, a file's bytes could not be counted.
    const headers: Record<string, string> = { "Accept-Encoding": "identity" };
    if (from > 0) headers.Range = `bytes=${from}-`;
    const response = await connection.send(url, { headers, signal: dog.signal }, subject);
    const reader = response.body?.getReader();
    try {
      if (response.status !== 200 && !continues(response, from, size)) {
        await sink.restart();
        throw brokenOff(subject, sink, size);
      }
      if (response.status === 200 && from > 0) await sink.restart();
      while (reader !== undefined) {
        const piece = await reader.read().catch((error: unknown) => {
          connection.signal?.throwIfAborted();
          throw brokenOff(subject, sink, size, error);
        });
        if (piece.done) break;
        dog.alive();
        if (sink.received + piece.value.length > size) {
          await sink.restart();
          throw new LabError(
            `repository ${subject.repo}: ${subject.path}: expected ${size} bytes, got more`,
            { hint: "the server sends another file than the hub lists: check HF_ENDPOINT" },
          );
        }
        await sink.write(piece.value);
      }
    } finally {
      await reader?.cancel().catch(() => undefined);
    }
    if (sink.received < size) throw brokenOff(subject, sink, size);
  } finally {
    dog.stop();
  }
}

/**
 * Downloads a file into a sink, from where the sink stands (by a `Range` header). A connection that
 * breaks is taken up again after growing waits, until five tries in a row brought next to nothing.
 * The bytes are counted, and otherwise not checked.
 *
 * @param size Bytes of the whole file.
 * @throws LabError if the server refuses, the connection keeps breaking, or more bytes come than
 * expected; the signal's reason if aborted; what the sink throws.
 */
export async function receive(
  connection: HubConnection,
  url: string,
  size: number,
  sink: Sink,
  subject: HubSubject,
): Promise<void> {
  let connected = false;
  let farthest = sink.received;
  let failures = 0;
  while (sink.received < size) {
    try {
      await receiveOnce(connection, url, size, sink, subject);
    } catch (error) {
      if (!(error instanceof HubTrouble)) throw error;
      connected ||= !error.unreachable;
      if (!connected) throw error;
      // Only new ground counts, so that a server that makes us start over cannot keep us for ever.
      if (sink.received - farthest >= goodProgress) {
        farthest = sink.received;
        failures = 0;
      }
      if (++failures === mostTries)
        throw error.unreachable ? brokenOff(subject, sink, size, error) : error;
      await connection.wait(waitBefore(error, failures));
    }
  }
}
