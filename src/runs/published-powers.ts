import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { csvParse } from "d3-dsv";
import { LabError } from "../errors.js";
import { postPowersRange, postProtocol, type PowerRow, type Protocol } from "../induction/index.js";
import { readOrNull } from "./whole-file.js";

/** Powers that were published, and what they were measured of. */
export interface PublishedPowers {
  readonly name: PublishedName;
  /** The model's names: the registry's first, then where it lies. */
  readonly model: readonly [string, ...string[]];
  /** Tokens of its vocabulary. */
  readonly vocabulary: number;
  readonly protocol: Protocol;
  /** Sequence pairs per token and role. */
  readonly sequences: number;
  /** By token id; texts are not published with the lab. */
  readonly rows: readonly PowerRow[];
}

/** What a name of published powers may be. */
export const publishedNames = ["roger-2023"] as const;

/** The name of published powers. */
export type PublishedName = (typeof publishedNames)[number];

/** Whether published powers have that name. */
export function isPublishedName(name: string): name is PublishedName {
  return (publishedNames as readonly string[]).includes(name);
}

const vocabulary = 48_262;
const sequences = 256;

/**
 * The powers that F. Roger published with the 2023 post, as the package has them in
 * `data/roger-2023/powers.csv.gz`: ids 4 to 10003, six significant digits, nats.
 *
 * @throws LabError if the package's file is missing or damaged.
 */
export async function readPublishedPowers(name: PublishedName): Promise<PublishedPowers> {
  // Both src/runs and dist/runs lie two levels below the package's root.
  const path = fileURLToPath(new URL(`../../data/${name}/powers.csv.gz`, import.meta.url));
  const bytes = await readOrNull(path);
  const rows = bytes === null ? null : rowsOf(bytes);
  if (rows === null) {
    const got = bytes === null ? "no such file" : "a damaged one";
    throw new LabError(`${path}: expected the published powers, got ${got}`, {
      hint: "install the package again",
    });
  }
  return {
    name,
    model: ["attn-only-2l", "NeelNanda/Attn_Only_2L512W_C4_Code"],
    vocabulary,
    protocol: postProtocol(vocabulary),
    sequences,
    rows,
  };
}

function rowsOf(bytes: Uint8Array): PowerRow[] | null {
  const rows = csvParse(unzipped(bytes), (row): PowerRow => {
    const power = (role: "a" | "b") => {
      const [mean, se] = [Number(row[`${role}_power`]), Number(row[`${role}_se`])];
      return { n: sequences, mean, se, sd: se * Math.sqrt(sequences) };
    };
    return { token: Number(row.token), text: null, a: power("a"), b: power("b") };
  });
  const { from, to } = postPowersRange;
  const whole = rows.length === to - from + 1 && rows.every(({ token }, i) => token === from + i);
  const sound = ({ a, b }: PowerRow) =>
    [a, b].every(({ mean, se }) => Number.isFinite(mean) && Number.isFinite(se) && Number(se) > 0);
  return whole && rows.every(sound) ? rows : null;
}

function unzipped(bytes: Uint8Array): string {
  try {
    return new TextDecoder().decode(gunzipSync(bytes));
  } catch {
    return "";
  }
}
