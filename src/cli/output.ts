import { stringifyChunked } from "@discoveryjs/json-ext";
import type { Protocol, TokenRef } from "../induction/index.js";
import { plural } from "../report/numbers.js";
import { displayToken } from "../report/token-text.js";
import { version } from "../version.js";
import type { Session } from "./session.js";

/** What begins every JSON object that a command prints. */
export function jsonHead(schema: string, command: string): object {
  return { schema: `induction-lab/${schema}/1`, version, command };
}

/** How a result was measured: enough to measure it again and to know what it rests on. */
export function jsonProvenance(session: Session): object {
  const { model, engine, batch, path = "last-token", protocol, notes } = session;
  return {
    protocol: jsonProtocol(protocol),
    engine: { ...engine, dtype: model.dtype, batch, path },
    weights: { sha256: model.sha256, origin: model.origin, processing: model.processing },
    notes,
  };
}

/** The protocol under the names of the command line's options. */
export function jsonProtocol(protocol: Protocol): object {
  return {
    bos: protocol.bos,
    gaps: protocol.gaps,
    lowestId: protocol.lowestId,
    highestId: protocol.highestId,
    fillers: protocol.fillers,
    allowAEqualsB: protocol.allowAEqualsB,
    control: protocol.control,
  };
}

/** One JSON object as text, with a line's end. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * What {@link jsonText} makes of a value, in pieces: the rows of a whole vocabulary as one text take
 * several times the memory of the rows. A piece never ends inside a character.
 */
export function* jsonPieces(value: object): Generator<string> {
  yield* stringifyChunked(value, { space: 2 });
  yield "\n";
}

/** `1 token`, `1024 tokens`: a count as it is typed, without grouped thousands. */
export function counted(count: number, noun: string): string {
  return `${count} ${plural(count, noun)}`;
}

/** `·Mar (1850)`: a token with its space visible, and its id. */
export function formatToken({ text, id }: TokenRef): string {
  return `${displayToken(text, id)} (${id})`;
}

/** Rows of text in aligned columns, the first one to the left and all others to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...rows.map((row) => [...(row[c] ?? "")].length)),
  );
  const pad = (text: string, c: number) => {
    const space = " ".repeat((widths[c] as number) - [...text].length);
    return c === 0 ? text + space : space + text;
  };
  return rows.map((row) => `${row.map(pad).join("  ").trimEnd()}\n`).join("");
}

/** Why a file could not be used, in a word: the system's code, such as `ENOENT`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
