import { join } from "node:path";
import { z } from "zod";
import { LabError } from "../errors.js";
import type { CrossedParams, PowersParams } from "../induction/index.js";
import type { Json } from "./canonical-json.js";
import { sha256 } from "./hash.js";
import type { Manifest } from "./manifest.js";
import { openRun, type StoredRun } from "./open-run.js";
import { readOrNull } from "./whole-file.js";

const token = z.object({ id: z.int(), text: z.string().nullable() });

/** What a summary says about what was measured; its numbers are made again from the parts. */
const aboutSchema = z.object({
  model: z.object({ vocabulary: z.int() }),
  scenarios: z
    .array(z.object({ scenario: z.string(), a: token.optional(), b: token.optional() }))
    .optional(),
  powers: z
    .object({
      design: z.enum(["post", "crossed"]),
      sequences: z.int(),
      controls: z.int().optional(),
      partners: z.enum(["all", "restricted"]),
      rows: z.array(z.object({ token: z.int(), text: z.string().nullable() })),
    })
    .optional(),
});

/** What a run measured, as far as its manifest does not say it. */
export type About = Readonly<z.infer<typeof aboutSchema>>;

/** A finished run on disk. */
export interface FinishedRun extends StoredRun {
  readonly about: About;
  /** All of `summary.json`, as the run wrote it. */
  readonly summary: unknown;
}

/**
 * Opens the folder of a finished run.
 *
 * @throws LabError if it holds no run, one that is not finished, or one whose summary was changed.
 */
export async function openFinishedRun(dir: string): Promise<FinishedRun> {
  const run = await openRun(dir).catch((cause: unknown) => {
    if (!(cause instanceof LabError)) throw cause;
    // To read a folder is no wrong usage of it, and another one with -o is no way out.
    throw new LabError(cause.message, { hint: "give the folder that induction run wrote", cause });
  });
  const { state, command } = run.manifest;
  if (state !== "complete") {
    throw new LabError(`${dir}: expected a finished run, got one that is not complete`, {
      hint: `if it runs no more, its command goes on where it stopped: ${command}`,
    });
  }
  return { ...run, ...(await readSummary(dir, run.manifest)) };
}

async function readSummary(
  dir: string,
  { files, command }: Manifest,
): Promise<Pick<FinishedRun, "about" | "summary">> {
  const path = join(dir, "summary.json");
  const wrong = (got: string) =>
    new LabError(`${path}: expected the summary that the run wrote, got ${got}`, {
      hint: `run its command again, nothing is measured twice: ${command}`,
    });
  const bytes = await readOrNull(path);
  if (bytes === null) throw wrong("no such file");
  const written = files.find(({ file }) => file === "summary.json");
  if (sha256(bytes) !== written?.sha256) throw wrong("a file that was changed since");
  const summary: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const result = aboutSchema.safeParse(summary);
  if (result.success) return { about: result.data, summary };
  throw wrong(`one with a wrong ${result.error.issues[0]?.path.join(".") ?? "value"}`);
}

/** The design of a run's powers, with its parameters; `null` without powers. */
export type PowersStage =
  | { readonly design: "post"; readonly params: PowersParams }
  | { readonly design: "crossed"; readonly params: CrossedParams };

/** The parameters of a run's powers. */
export function powersStage({ powers }: About): PowersStage | null {
  if (powers === undefined) return null;
  const { design, sequences, controls, partners, rows } = powers;
  const tokens = rows.map(({ token: id, text }) => ({ id, text }));
  return design === "post"
    ? { design, params: { tokens, sequences } }
    : {
        design,
        params: {
          ...{ tokens, rounds: sequences, partners },
          ...(controls !== undefined && { controls }),
        },
      };
}

/** Settings that only the summary has: the fixed tokens, and where partners come from. */
export function settingsAbout({ scenarios, powers }: About): Record<string, Json> {
  const fixed = scenarios?.find(({ a, b }) => a !== undefined && b !== undefined);
  const tokens = powers?.rows.map(({ token: id }) => id);
  return {
    ...(fixed?.a && { "scenarios.a": fixed.a }),
    ...(fixed?.b && { "scenarios.b": fixed.b }),
    ...(powers &&
      tokens && {
        "powers.partners":
          powers.partners === "all" ? "all that the protocol draws" : `only ${rangesOf(tokens)}`,
      }),
  };
}

/** `ids 3 to 22, 30`: ids in ranges. */
function rangesOf(ids: readonly number[]): string {
  const sorted = ids.toSorted((x, y) => x - y);
  const starts = sorted.filter((id, i) => id !== (sorted[i - 1] ?? NaN) + 1);
  const ranges = starts.map((from, i) => {
    const next = starts[i + 1];
    const to = next === undefined ? sorted.at(-1) : sorted[sorted.indexOf(next) - 1];
    return from === to ? `${from}` : `${from} to ${to}`;
  });
  return `ids ${ranges.join(", ")}`;
}
