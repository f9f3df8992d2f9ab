/** An experiment in pure JavaScript: the machinery of runs is tested without a model. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Experiment,
  type Lab,
  type PairRows,
  postProtocol,
  rowCount,
} from "../../src/induction/index.js";
import { ItemStream } from "../../src/random/index.js";
import { sha256 } from "../../src/runs/hash.js";
import {
  executeRun,
  executeShard,
  laterStage,
  type RunOptions,
  type RunPlanOptions,
  runPlanOf,
  type Shard,
  type ShardResult,
  stage,
  type Stage,
  type Summaries,
} from "../../src/runs/index.js";
import type { EngineInfo } from "../../src/graph/index.js";

export interface FakeParams {
  readonly pairs: number;
  readonly width: number;
  readonly salt: number;
}

export interface FakeSummary {
  readonly rows: number;
  readonly sum: number;
  readonly last: number;
}

/** Numbers that depend on (seed, salt, pair) alone, as those of a real experiment do. */
export const fake: Experiment<FakeParams, FakeSummary> = {
  id: "fake",
  units: ({ pairs }) => ({ count: 1, sequences: pairs }),
  measure({ seed }, { width, salt }, { from, to }) {
    const count = to - from;
    const ids = (item: number, perRow = 1) =>
      Int32Array.from({ length: count * perRow }, (_, i) =>
        stream(seed, salt, from * perRow + i).draw(item, 8192),
      );
    const odds = (item: number) =>
      Float64Array.from({ length: count * width }, (_, i) =>
        Math.fround(stream(seed, salt, from * width + i).draw(item, 2 ** 21) / 1e5 - 8),
      );
    const b = ids(1);
    const targets = width === 1 ? b.slice() : ids(2, width);
    const rows: PairRows = {
      unit: new Int32Array(count).fill(salt),
      k: Int32Array.from({ length: count }, (_, i) => from + i),
      a: ids(0),
      b,
      controlAB: Uint8Array.from(ids(3), (id) => (id % 22 === 0 ? 1 : 0)),
      width,
      targets,
      induction: odds(4),
      control: odds(5),
      ...(width > 1 && { inductionLogits: odds(6), controlLogits: odds(7) }),
    };
    return Promise.resolve(rows);
  },
  async summarise(_, pieces) {
    let [rows, sum, last] = [0, 0, 0];
    for await (const piece of pieces) {
      rows += rowCount(piece);
      for (const value of piece.induction) sum += value;
      for (const value of piece.control) sum -= value / 3;
      last = piece.b.at(-1) ?? NaN;
    }
    return { rows, sum, last };
  },
};

function stream(seed: number, salt: number, index: number): ItemStream {
  return new ItemStream([seed, salt], [0, index]);
}

export const fakeLab = {
  model: { name: "fake", sha256: "0".repeat(64), processing: ["fold_ln"], dtype: "float32" },
  protocol: postProtocol(8192),
  seed: 0,
  batch: 64,
} as unknown as Lab;

/** Six parts: three, two with lists, and one whose parameters follow from the first stage. */
export function fakePlan(experiment = fake): Stage[] {
  return [
    stage("first", experiment, { pairs: 2 * 4096 + 10, width: 1, salt: 1 }),
    stage("lists", experiment, { pairs: 5000, width: 3, salt: 2 }),
    laterStage("again", experiment, {
      pairs: 100,
      params: ({ first }) => ({ pairs: 100, width: 1, salt: (first as FakeSummary).last }),
    }),
  ];
}

/** Parts of {@link fakePlan}. */
export const fakeParts = 6;

/** What a run is made of: its plan and its options in one. */
export interface FakeRun
  extends Omit<RunOptions, "plan" | "stages" | "lab">, Omit<RunPlanOptions, "stages" | "provider"> {
  readonly plan: readonly Stage[];
  readonly lab: Lab;
  readonly engine: EngineInfo;
}

/** Runs what {@link fakeRun} describes. */
export async function executeFake(run: FakeRun): Promise<Summaries> {
  return executeRun(realOptions(run));
}

/** Measures a share of what {@link fakeRun} describes. */
export async function executeFakeShard(run: FakeRun, shard: Shard): Promise<ShardResult> {
  return executeShard({ ...realOptions(run), shard });
}

function realOptions(run: FakeRun): RunOptions {
  const { plan: stages, lab, engine, ...rest } = run;
  const plan = runPlanOf({ ...run, stages, lab, provider: engine.provider });
  return { ...rest, plan, stages, lab: () => Promise.resolve({ lab, engine }) };
}

/** Options of a run of {@link fakePlan}. */
export function fakeRun(dir: string, options: Partial<FakeRun> = {}): FakeRun {
  return {
    dir,
    plan: fakePlan(),
    lab: fakeLab,
    engine: { provider: "cpu", runtime: "none 1.0.0", threads: 1, note: null },
    command: "induction run fake",
    parameters: {
      seed: { value: 0, source: "default" },
      gaps: { value: [10, 10], source: "default" },
      limit: { value: null, source: "default" },
    },
    files: (summaries) => ({
      "summary.json": `${JSON.stringify(summaries, null, 2)}\n`,
      "tables/bytes.bin": Uint8Array.of(1, 2, 3),
    }),
    ...options,
  };
}

/** A run of which `measured` lists the blocks that were measured, not read back. */
export async function runAndCount(
  dir: string,
  options: Partial<FakeRun> = {},
  onMeasure: (count: number) => void = () => undefined,
): Promise<{ readonly measured: number; readonly notes: string[] }> {
  let measured = 0;
  const notes: string[] = [];
  const counting: typeof fake = {
    ...fake,
    measure(...args) {
      measured++;
      onMeasure(measured);
      return fake.measure(...args);
    },
  };
  const onNote = (note: string) => void notes.push(note);
  await executeFake(fakeRun(dir, { plan: fakePlan(counting), onNote, ...options }));
  return { measured, notes };
}

/** What a run that nothing stops leaves in its folder. */
export async function contentOfRunLeftAlone(): Promise<Record<string, string>> {
  const dir = await mkdtemp(join(tmpdir(), "induction-run-"));
  try {
    await executeFake(fakeRun(dir));
    return await contentOf(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** What must be the same however often a run was stopped: everything but the manifest. SHA-256 by path. */
export async function contentOf(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .filter((name) => name !== "manifest.json")
    .toSorted();
  const entries = names.map(async (name) => {
    return [name, sha256(await readFile(join(dir, name)))] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
