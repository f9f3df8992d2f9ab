import { copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ItemStream, shuffle } from "../../src/random/index.js";
import { Interrupted, readShards, shardBlocks, shareOf } from "../../src/runs/index.js";
import { lockFolder } from "../../src/runs/lock.js";
import { plannedBlocks } from "../../src/runs/plan.js";
import { shardAt } from "../../src/runs/shard-files.js";
import { plainSource, shardSources } from "../../src/runs/sources.js";
import { problemsError, rangesOf, verifyParts } from "../../src/runs/verify-parts.js";
import {
  contentOf,
  contentOfRunLeftAlone,
  executeFakeShard,
  fake,
  fakeParts,
  fakePlan,
  fakeRun,
  type FakeRun,
  runAndCount,
} from "./fake.js";
import { temporaryFolder } from "./temporary-folder.js";

let alone: Record<string, string>;

beforeAll(async () => {
  alone = await contentOfRunLeftAlone();
});

/** What must be the same however the work was divided. */
async function contentOfDivided(dir: string): Promise<Record<string, string>> {
  const content = Object.entries(await contentOf(dir));
  return Object.fromEntries(
    content.filter(([name]) => !name.startsWith("shards/") && name !== "plan.json"),
  );
}

/** Measures all shards, in some order. */
async function allShards(
  dir: string,
  order: Iterable<number>,
  of: number,
  options: Partial<FakeRun> = {},
): Promise<number> {
  let measured = 0;
  for (const index of order) {
    measured += (await executeFakeShard(fakeRun(dir, options), { index, of })).measured;
  }
  return measured;
}

const two = [0, 1];

/** A folder with a plan: what is in it, these shards do not read. */
async function plannedFolder(): Promise<string> {
  const dir = await temporaryFolder();
  await writeFile(join(dir, "plan.json"), "{}");
  return dir;
}

describe("shares of a run", () => {
  it("divide a list without gaps and overlaps, in any number of shares", () => {
    for (const length of [0, 1, 5, 64, 377]) {
      const list = Array.from({ length }, (_, i) => i);
      for (const of of [1, 2, 7, 64, 1000]) {
        const shares = Array.from({ length: of }, (_, index) => shareOf(list, { index, of }));
        expect(shares.flat()).toEqual(list);
        const sizes = shares.map((share) => share.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        for (const item of list) {
          expect(shares[shardAt(item, length, of).index]).toContain(item);
        }
      }
    }
  });

  it.each([1, 2, 7, 64])("end in the same bytes: %i shards, in any order", async (of) => {
    const dir = await plannedFolder();
    const order = shuffle(of, new ItemStream([9, of], [0, 0]), 0);
    expect(await allShards(dir, order, of)).toBe(fakeParts - 1);
    expect(await readdir(dir)).not.toContain("manifest.json");
    expect(await runAndCount(dir)).toEqual({ measured: 1, notes: [] });
    expect(await contentOfDivided(dir)).toEqual(alone);
  });

  it("measured at the same time end in the same bytes", async () => {
    const dir = await plannedFolder();
    const shards = [0, 1, 2, 3].map((index) => executeFakeShard(fakeRun(dir), { index, of: 4 }));
    await Promise.all(shards);
    await runAndCount(dir);
    expect(await contentOfDivided(dir)).toEqual(alone);
  });

  it("leave later stages to the run, and what is there as it is", async () => {
    const dir = await plannedFolder();
    expect(shardBlocks(fakePlan()).map(({ stage }) => stage)).toEqual([
      ...["first", "first", "first", "lists", "lists"],
    ]);
    expect(await allShards(dir, two, 2)).toBe(5);
    // Again, divided otherwise: all is there.
    expect(await allShards(dir, [0, 1, 2], 3)).toBe(0);
  });

  it("go on where a plain run stopped, and the other way round", async () => {
    const dir = await plannedFolder();
    const controller = new AbortController();
    const run = runAndCount(dir, { signal: controller.signal }, (count) => {
      if (count === 2) controller.abort();
    });
    await expect(run).rejects.toThrow(Interrupted);
    expect(await allShards(dir, two, 2)).toBe(3);
    expect((await runAndCount(dir)).measured).toBe(1);
    expect(await contentOfDivided(dir)).toEqual(alone);
  });

  it("without parts are nothing to measure", async () => {
    const dir = await plannedFolder();
    const empty = { index: 0, of: 1000 };
    expect(await executeFakeShard(fakeRun(dir), empty)).toEqual({ parts: 0, measured: 0 });
    expect(await readdir(dir)).toEqual(["plan.json"]);
  });

  it("say where they stand, and stop after the block under way", async () => {
    const dir = await plannedFolder();
    const controller = new AbortController();
    const options = { signal: controller.signal, now: () => new Date(0) };
    const stopping: typeof fake = {
      ...fake,
      measure(...args) {
        controller.abort();
        return fake.measure(...args);
      },
    };
    const shard = { index: 1, of: 2 };
    const run = fakeRun(dir, { ...options, plan: fakePlan(stopping) });
    await expect(executeFakeShard(run, shard)).rejects.toMatchObject({
      message: "interrupted: shard 1/2, 1 of 3 parts are kept",
      exitCode: 75,
    });
    const [stopped] = await readShards(dir);
    expect(stopped).toMatchObject({
      ...shard,
      journal: { records: [{ part: 2, environment: 0 }] },
      state: { state: "interrupted", done: 20, total: 2 * (10 + 5000), rate: 0 },
    });
    expect(await readdir(join(dir, "shards"))).toEqual(["1-of-2.json", "1-of-2.jsonl"]);
    expect(await executeFakeShard(fakeRun(dir), shard)).toEqual({ parts: 3, measured: 2 });
    expect((await readShards(dir))[0]?.state).toMatchObject({ state: "complete", done: 10_020 });
  });

  it("keep the speed at which they measured when they find nothing left to measure", async () => {
    const dir = await plannedFolder();
    let seconds = 0;
    const run = fakeRun(dir, { now: () => new Date(1000 * seconds++) });
    const shard = { index: 0, of: 2 };
    const rate = async () => (await readShards(dir))[0]?.state?.rate ?? 0;
    await executeFakeShard(run, shard);
    const measured = await rate();
    expect(measured).toBeGreaterThan(0);
    expect(await executeFakeShard(run, shard)).toMatchObject({ measured: 0 });
    expect(await rate()).toBe(measured);
  });

  it("keep what measured them, wherever that was", async () => {
    const dir = await plannedFolder();
    const elsewhere = { provider: "cpu", runtime: "none 2.0.0", threads: 1, note: null } as const;
    await allShards(dir, [0], 2);
    await allShards(dir, [1], 2, { engine: elsewhere });
    await runAndCount(dir);
    const manifest = JSON.parse(await readFile(join(dir, "manifest.json"), "utf8")) as {
      environments: { runtime: string }[];
    };
    expect(manifest.environments.map(({ runtime }) => runtime)).toEqual([
      ...["none 1.0.0", "none 2.0.0"],
    ]);
    const { records } = await plainSource(dir);
    expect(records.map(({ environment }) => environment)).toEqual([0, 0, 1, 1, 1, 0]);
  });

  it("measure a damaged part again, and refuse the part of another run", async () => {
    const dir = await plannedFolder();
    await allShards(dir, two, 2);
    const part = join(dir, "parts/part-00000.parquet");
    await writeFile(part, (await readFile(part)).subarray(0, 1000));
    const notes: string[] = [];
    const onNote = (note: string) => void notes.push(note);
    expect(await allShards(dir, two, 2, { onNote })).toBe(1);
    expect(notes).toEqual([expect.stringMatching(/part-00000.*bytes, got 1000: measured again/)]);

    const other = await plannedFolder();
    await allShards(other, two, 2, { lab: { ...fakeRun("").lab, seed: 1 } });
    await copyFile(join(other, "parts/part-00000.parquet"), part);
    await expect(allShards(dir, two, 2)).rejects.toThrow(
      "part-00000.parquet: expected only parts of this run, got a part of another run",
    );
  });
});

describe("processes that would be in each other's way", () => {
  it("are refused: the same shard twice, a shard beside a run, a run beside a shard", async () => {
    const dir = await plannedFolder();
    const failures: unknown[] = [];
    const caught = (error: unknown) => void failures.push(error);
    await executeFakeShard(
      fakeRun(dir, {
        onProgress: ({ done }) => {
          if (done > 0) return;
          executeFakeShard(fakeRun(dir), { index: 0, of: 2 }).catch(caught);
          runAndCount(dir).catch(caught);
        },
      }),
      { index: 0, of: 2 },
    );
    await expect.poll(() => failures.length).toBe(2);
    expect(failures.map(String).toSorted()).toEqual([
      expect.stringMatching(/0-of-2.lock: expected to be alone with this share/),
      expect.stringMatching(/expected no shard that still measures, got 0\/2/),
    ]);
    const lock = await lockFolder(dir);
    await expect(allShards(dir, [1], 2)).rejects.toThrow("expected shards alone to measure here");
    await lock.release();
    expect(await allShards(dir, [1], 2)).toBe(3);
  });
});

describe("a shard whose node was lost", () => {
  it("is taken over when its lock has been silent", async () => {
    const dir = await plannedFolder();
    await mkdir(join(dir, "shards"));
    const lock = join(dir, "shards/0-of-2.lock");
    const holder = { pid: 1, host: "another.host", started: 0, id: "x" };
    await writeFile(lock, JSON.stringify(holder));
    const almost = new Date(Date.now() - 118_500);
    await utimes(lock, almost, almost);
    const notes: string[] = [];
    const onNote = (note: string) => void notes.push(note);
    expect(await allShards(dir, [0], 2, { onNote })).toBe(2);
    expect(notes).toEqual(["waiting for process 1 on another.host, which has shards/0-of-2.lock"]);
  });
});

describe("the parts of a divided run", () => {
  /** What is wrong with the parts, in the words of the error. */
  async function problemsOf(dir: string): Promise<string> {
    const stages = fakePlan();
    const blocks = plannedBlocks(stages);
    const needed = shardBlocks(stages);
    const [first] = [await plainSource(dir), ...(await shardSources(dir))].flatMap(
      ({ records }) => records,
    );
    const sources = [await plainSource(dir), ...(await shardSources(dir))];
    const { problems } = await verifyParts({
      ...{ dir, plan: planHash ?? first?.plan ?? "", blocks, needed, sources },
    });
    if (problems.length === 0) return "";
    const error = problemsError(dir, problems, { command: "induction run x", needed, of: 2 });
    expect(error.exitCode).toBe(3);
    return `${error.message}: ${error.hint}`.replaceAll(dir, "DIR");
  }
  let planHash: string | null = null;
  const part = (dir: string, i: number) => join(dir, `parts/part-0000${i}.parquet`);

  async function divided(): Promise<string> {
    const dir = await plannedFolder();
    await allShards(dir, two, 2);
    planHash = (await shardSources(dir))[0]?.plan ?? null;
    return dir;
  }

  it("are whole when nothing is wrong", async () => {
    const dir = await divided();
    expect(await problemsOf(dir)).toBe("");
    // A finished run repeats what its shards recorded.
    await runAndCount(dir);
    expect(await problemsOf(dir)).toBe("");
  });

  it("are named when they are lost, with the shards to run again", async () => {
    const dir = await divided();
    await rm(part(dir, 3));
    await rm(join(dir, "shards/0-of-2.jsonl"));
    expect(await problemsOf(dir)).toBe(
      "DIR: expected every part once and whole, got 2 problems: " +
        "DIR/parts/part-00003.parquet: recorded, but not there; parts 0 to 1: not measured: " +
        "measure again: induction run x --shard I/N, for each of 1/2, 0/2",
    );
  });

  it("may be measured again by another division", async () => {
    const dir = await divided();
    await rm(part(dir, 0));
    await allShards(dir, [2, 0, 1], 3);
    expect(await problemsOf(dir)).toBe("");
  });

  it("are named when they are cut, changed, or recorded twice", async () => {
    const dir = await divided();
    const bytes = await readFile(part(dir, 0));
    await writeFile(part(dir, 0), bytes.subarray(0, -7));
    const changed = await readFile(part(dir, 1));
    changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
    await writeFile(part(dir, 1), changed);
    const line = (await readFile(join(dir, "shards/1-of-2.jsonl"), "utf8")).split("\n", 1)[0];
    await writeFile(join(dir, "shards/3-of-4.jsonl"), `${line}\n`);
    const text = await problemsOf(dir);
    expect(text).toContain(
      `got 3 problems: DIR/parts/part-00000.parquet: expected ${bytes.length} bytes, got ${bytes.length - 7}; DIR/parts/part-00001.parquet: its bytes are not those recorded (SHA-256 differs); parts/part-00002.parquet: recorded 2 times, by DIR/shards/1-of-2.jsonl and DIR/shards/3-of-4.jsonl`,
    );
    expect(text).toContain(
      "measure again: induction run x --shard 0/2; two shards measured the same parts: remove the journal",
    );
  });

  it("are named when they are others': a journal, a part that is recorded, one that is not", async () => {
    const dir = await divided();
    const other = await plannedFolder();
    await allShards(other, [0, 1, 2], 3, { lab: { ...fakeRun("").lab, seed: 1 } });
    for (const name of ["0-of-3.json", "0-of-3.jsonl"]) {
      await copyFile(join(other, "shards", name), join(dir, "shards", name));
    }
    await copyFile(part(other, 4), part(dir, 4));
    await mkdir(join(dir, "parts"), { recursive: true });
    await copyFile(part(other, 2), join(dir, "parts/part-00077.parquet"));
    await writeFile(join(dir, "parts/notes.txt"), "mine");
    expect(await problemsOf(dir)).toBe(
      "DIR: expected every part once and whole, got 4 problems: " +
        "DIR/shards/0-of-3.jsonl: of another plan; " +
        "DIR/parts/part-00004.parquet: a part of another run; " +
        "DIR/parts/notes.txt: not a part; " +
        "DIR/parts/part-00077.parquet: a part of another run: " +
        "move away what is of others",
    );
  });

  it("are counted where many are wrong", async () => {
    const dir = await divided();
    for (const i of [0, 1, 2, 3, 4]) await rm(part(dir, i));
    for (const name of ["x", "y", "z"]) await writeFile(join(dir, "parts", name), "mine");
    expect(await problemsOf(dir)).toMatch(/got 8 problems: ([^;]+; ){6}and 2 more: /);
  });

  it("are listed in ranges", () => {
    expect(rangesOf([])).toEqual([]);
    expect(rangesOf([0, 1, 2, 5, 7, 8])).toEqual([
      ...[
        { from: 0, to: 2 },
        { from: 5, to: 5 },
      ],
      { from: 7, to: 8 },
    ]);
  });
});

it("refuses a shard's state that another program wrote", async () => {
  const dir = await plannedFolder();
  await allShards(dir, two, 2);
  await writeFile(join(dir, "shards/1-of-2.json"), "{}");
  await expect(runAndCount(dir)).rejects.toMatchObject({
    message: `${join(dir, "shards/1-of-2.json")}: expected the state of shard 1/2, got another file`,
    exitCode: 3,
  });
});
