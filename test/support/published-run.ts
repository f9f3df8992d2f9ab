/** Run folders whose powers are made up: what a model would have to give to agree, or not to. */
import {
  type Lab,
  type PairRows,
  postProtocol,
  powers,
  type PowerRow,
  type PowersParams,
  type Protocol,
} from "../../src/induction/index.js";
import { philox4x32 } from "../../src/random/index.js";
import { executeRun, runPlanOf, stage } from "../../src/runs/index.js";

/** What differs from a run that agrees. */
export interface FabricatedRun {
  /** Added to every power, nats. */
  readonly shift?: number;
  /** Factor on the spread of every power's sequences. */
  readonly spread?: number;
  readonly model?: string;
  readonly vocabulary?: number;
  readonly protocol?: Partial<Protocol>;
  readonly sequences?: number;
  /** Another name of the stage leaves the run without powers. */
  readonly stage?: string;
  readonly texts?: readonly string[];
}

/** Standard normal numbers in pairs (Box and Muller 1958), of any number of words. */
function normals(key: number, unit: number, count: number): Float64Array {
  const out = new Float64Array(count);
  const words = new Uint32Array(4);
  for (let i = 0; i < count; i += 4) {
    philox4x32([i, unit, 0, 0], [key, 99], words);
    for (let j = 0; j < 4; j += 2) {
      const radius = Math.sqrt(-2 * Math.log(((words[j] as number) + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * (words[j + 1] as number)) / 2 ** 32;
      out[i + j] = radius * Math.cos(angle);
      out[i + j + 1] = radius * Math.sin(angle);
    }
  }
  return out;
}

/**
 * Writes a finished run of `rows`' tokens in the post's design. The strengths of a token are normal
 * around a truth that lies off the published power by its published error, so that both differ from it
 * by chance alone.
 */
export async function fabricateRun(
  dir: string,
  rows: readonly PowerRow[],
  options: FabricatedRun = {},
): Promise<string> {
  const { shift = 0, spread = 1, model = "attn-only-2l", vocabulary = 48_262 } = options;
  const { sequences = 256, stage: id = "powers", texts } = options;
  const tokens = rows.map(({ token }, i) => ({ id: token, text: texts?.[i] ?? null }));
  const params: PowersParams = { tokens, sequences };
  const measured = new Map<number, Float64Array>();
  const strengthsOf = (place: number): Float64Array => {
    const known = measured.get(place);
    if (known !== undefined) return known;
    const row = rows[place % rows.length] as PowerRow;
    const { mean, se, sd } = place < rows.length ? row.a : row.b;
    const truth = mean + shift + (se as number) * (normals(1, place, 4)[0] as number);
    const noise = normals(2, place, sequences);
    const strengths = noise.map((value) => truth + spread * (sd as number) * value);
    measured.set(place, strengths);
    return strengths;
  };
  const fabricated: typeof powers = {
    ...powers,
    measure(_lab, _params, { from, to }) {
      const count = to - from;
      const column = (value: (place: number, k: number) => number) =>
        Array.from({ length: count }, (_, i) =>
          value(Math.floor((from + i) / sequences), (from + i) % sequences),
        );
      const token = (place: number) => (rows[place % rows.length] as PowerRow).token;
      const asB = (place: number) => (place < rows.length ? 0 : 1);
      const b = Int32Array.from(column((place) => (asB(place) === 1 ? token(place) : 5)));
      const measuredRows: PairRows = {
        unit: Int32Array.from(column((place) => 2 * token(place) + asB(place))),
        k: Int32Array.from(column((_, k) => k)),
        a: Int32Array.from(column((place) => (asB(place) === 0 ? token(place) : 5))),
        b,
        controlAB: new Uint8Array(count),
        width: 1,
        targets: b,
        induction: Float64Array.from(
          column((place, k) => Math.fround(strengthsOf(place)[k] as number)),
        ),
        control: new Float64Array(count),
      };
      return Promise.resolve(measuredRows);
    },
  };
  const protocol = { ...postProtocol(vocabulary), ...options.protocol };
  const lab = {
    model: { name: model, sha256: "0".repeat(64), processing: [], dtype: "float32", origin: null },
    ...{ protocol, seed: 7, batch: 64 },
  } as unknown as Lab;
  const stages = [stage<PowersParams, unknown, PairRows>(id, fabricated, params)];
  const engine = { provider: "cpu", runtime: "none 1.0.0", threads: 1, note: null } as const;
  await executeRun({
    dir,
    plan: runPlanOf({
      ...{ stages, lab, provider: "cpu", command: "induction run roger-2023" },
      parameters: { seed: { value: 7, source: "flag" } },
    }),
    stages,
    lab: () => Promise.resolve({ lab, engine }),
    files: (summaries) => ({
      "summary.json": JSON.stringify({
        ...{ model: { name: model, sha256: "0".repeat(64), vocabulary } },
        ...{ seed: 7, command: "induction run roger-2023", version: "0" },
        ...(id === "powers" && { powers: summaries.powers }),
      }),
    }),
  });
  return dir;
}
