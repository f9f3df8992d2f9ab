import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/runs/hash.js";
import { Interrupted, openRun, type Progress } from "../../src/runs/index.js";
import {
  contentOf,
  contentOfRunLeftAlone,
  executeFake,
  fake,
  fakeParts,
  fakePlan,
  fakeRun,
  runAndCount,
} from "./fake.js";
import { temporaryFolder } from "./temporary-folder.js";

let alone: Record<string, string>;

beforeAll(async () => {
  alone = await contentOfRunLeftAlone();
});

/** Runs until `parts` blocks were measured, and stops as Ctrl-C does. */
async function interruptAfter(dir: string, parts: number): Promise<void> {
  const controller = new AbortController();
  const run = runAndCount(dir, { signal: controller.signal }, (count) => {
    if (count === parts) controller.abort();
  });
  await expect(run).rejects.toThrow(Interrupted);
}

const stateOf = async (dir: string) => (await openRun(dir)).manifest.state;

describe("a run left alone", () => {
  it("holds its parts, their journal and its files, and a complete manifest", async () => {
    expect(Object.keys(alone)).toEqual([
      "parts.jsonl",
      ...[0, 1, 2, 3, 4, 5].map((i) => `parts/part-0000${i}.parquet`),
      "summary.json",
      "tables/bytes.bin",
    ]);
    const dir = await temporaryFolder();
    const options = { now: () => new Date(0), notes: ["a note"] };
    expect((await runAndCount(dir, options)).measured).toBe(fakeParts);
    const { manifest } = await openRun(dir);
    expect(manifest).toMatchObject({
      schema: "induction-lab/manifest/2",
      state: "complete",
      command: "induction run fake",
      started: "1970-01-01T00:00:00.000Z",
      finished: "1970-01-01T00:00:00.000Z",
      model: { name: "fake", sha256: "0".repeat(64) },
      parameters: { seed: { value: 0, source: "default" } },
      fixed: { dtype: "float32", backend: "cpu", batch: 64, seed: 0 },
      notes: ["a note"],
      stages: [
        { id: "first", experiment: "fake", pairs: 8202, parts: 3, firstPart: 0 },
        { id: "lists", experiment: "fake", pairs: 5000, parts: 2, firstPart: 3 },
        { id: "again", experiment: "fake", pairs: 100, parts: 1, firstPart: 5 },
      ],
      environments: [{ runtime: "none 1.0.0", threads: 1, node: process.version }],
    });
    expect(manifest.files.map(({ file, sha256 }) => [file, sha256])).toEqual([
      ["summary.json", alone["summary.json"]],
      ["tables/bytes.bin", alone["tables/bytes.bin"]],
    ]);
  });

  it("writes and records files in pieces as if they were whole", async () => {
    const texts = ["first\n", "", "zweite Zeile, ä\n", "三\n"];
    const lists = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)];
    const dir = await temporaryFolder();
    await runAndCount(dir, { files: () => ({ "tables/text.csv": texts, "tables/b.bin": lists }) });
    const { manifest } = await openRun(dir);
    const expected = [Buffer.from(texts.join("")), Buffer.concat(lists)];
    expect(manifest.files).toEqual(
      ["tables/text.csv", "tables/b.bin"].map((file, i) => {
        const content = expected[i] as Buffer;
        return { file, bytes: content.length, sha256: sha256(content) };
      }),
    );
    for (const [i, { file }] of manifest.files.entries()) {
      expect(await readFile(join(dir, file))).toEqual(expected[i]);
    }
  });

  it("gives what the experiment gives without a folder", async () => {
    const summaries = await executeFake(fakeRun(await temporaryFolder()));
    async function* all() {
      yield await fake.measure(
        fakeRun("").lab,
        { pairs: 5000, width: 3, salt: 2 },
        { from: 0, to: 5000 },
      );
    }
    const { rows, sum, last } = await fake.summarise({ pairs: 5000, width: 3, salt: 2 }, all());
    expect(summaries.lists).toEqual({ rows, sum: expect.closeTo(sum, 6) as number, last });
  });
});

describe("a run that was stopped", () => {
  it.each(Array.from({ length: fakeParts }, (_, i) => i + 1))(
    "goes on after %i parts and ends as one left alone",
    async (parts) => {
      const dir = await temporaryFolder();
      if (parts < fakeParts) {
        await interruptAfter(dir, parts);
        expect(await stateOf(dir)).toBe("running");
      } else {
        const failing = { files: () => Promise.reject(new Error("no figures today")) };
        await expect(runAndCount(dir, failing)).rejects.toThrow("no figures today");
      }
      const { measured, notes } = await runAndCount(dir);
      expect([measured, notes]).toEqual([fakeParts - parts, []]);
      expect(await contentOf(dir)).toEqual(alone);
      expect(await stateOf(dir)).toBe("complete");
    },
  );

  it("may be stopped after every part", async () => {
    const dir = await temporaryFolder();
    for (let part = 1; part < fakeParts; part++) await interruptAfter(dir, 1);
    expect((await runAndCount(dir)).measured).toBe(1);
    expect(await contentOf(dir)).toEqual(alone);
  });

  it("goes on after a failure in the middle of a block", async () => {
    const dir = await temporaryFolder();
    const broken = (count: number) => {
      if (count === 3) throw new Error("the engine died");
    };
    await expect(runAndCount(dir, {}, broken)).rejects.toThrow("the engine died");
    expect((await runAndCount(dir)).measured).toBe(fakeParts - 2);
    expect(await contentOf(dir)).toEqual(alone);
  });

  it("says how many parts are kept, and exits with 75", async () => {
    const controller = new AbortController();
    const run = runAndCount(await temporaryFolder(), { signal: controller.signal }, (count) => {
      if (count === 2) controller.abort();
    });
    await expect(run).rejects.toMatchObject({
      message: "interrupted: 2 of 6 parts are kept",
      hint: "run the same command to go on",
      exitCode: 75,
    });
  });

  it("measures nothing again when it was complete, and makes its files anew", async () => {
    const dir = await temporaryFolder();
    await runAndCount(dir);
    await writeFile(join(dir, "summary.json"), "edited");
    expect(await runAndCount(dir)).toEqual({ measured: 0, notes: [] });
    expect(await contentOf(dir)).toEqual(alone);
  });

  it("reports progress over all stages, from what is kept", async () => {
    const dir = await temporaryFolder();
    await interruptAfter(dir, 4);
    const reports: Progress[] = [];
    await runAndCount(dir, { onProgress: (progress) => void reports.push(progress) });
    const total = 2 * (8202 + 5000 + 100);
    const kept = 2 * (8202 + 4096);
    expect(reports).toEqual([
      { done: kept, total },
      { done: total - 200, total },
      { done: total, total },
    ]);
  });

  it("takes the journal's last line for a part only if it is whole", async () => {
    const dir = await temporaryFolder();
    await interruptAfter(dir, 3);
    const journal = join(dir, "parts.jsonl");
    const text = await readFile(journal, "utf8");
    await writeFile(journal, text.slice(0, -20));
    const { measured, notes } = await runAndCount(dir);
    expect(measured).toBe(fakeParts - 2);
    expect(notes).toEqual([
      `${join(dir, "parts/part-00002.parquet")}: written, but not recorded: measured again`,
    ]);
    expect(await contentOf(dir)).toEqual(alone);
  });

  it("writes over what a killed process left half-written", async () => {
    const dir = await temporaryFolder();
    await interruptAfter(dir, 2);
    for (const file of ["parts/part-00002.parquet.tmp", "manifest.json.tmp", "summary.json.tmp"]) {
      await writeFile(join(dir, file), "half");
    }
    expect(await runAndCount(dir)).toEqual({ measured: fakeParts - 2, notes: [] });
    expect(await contentOf(dir)).toEqual(alone);
  });

  it("says where it goes on in another environment", async () => {
    const dir = await temporaryFolder();
    await interruptAfter(dir, 2);
    const engine = { provider: "cpu", runtime: "none 2.0.0", threads: 1, note: null } as const;
    const { notes } = await runAndCount(dir, { engine });
    expect(notes).toEqual([
      "the run was measured elsewhere so far (runtime none 1.0.0, now none 2.0.0): last digits may differ",
    ]);
    const { manifest } = await openRun(dir);
    expect(manifest.environments.map(({ runtime }) => runtime)).toEqual([
      "none 1.0.0",
      "none 2.0.0",
    ]);
    const journal = (await readFile(join(dir, "parts.jsonl"), "utf8")).trim().split("\n");
    const environments = journal.map(
      (line) => (JSON.parse(line) as { environment: number }).environment,
    );
    expect(environments).toEqual([0, 0, 1, 1, 1, 1]);
  });
});

describe("a damaged record", () => {
  it("is named, and its part measured again", async () => {
    const dir = await temporaryFolder();
    await interruptAfter(dir, 3);
    const journal = join(dir, "parts.jsonl");
    const lines = (await readFile(journal, "utf8")).split("\n");
    await writeFile(
      journal,
      lines.with(1, (lines[1] ?? "").replace('"part"', '"p_rt"')).join("\n"),
    );
    const { measured, notes } = await runAndCount(dir);
    expect(measured).toBe(fakeParts - 2);
    expect(notes).toEqual([
      `${journal}: line 2 is damaged: its part is not counted`,
      `${join(dir, "parts/part-00001.parquet")}: written, but not recorded: measured again`,
    ]);
    const content = await contentOf(dir);
    // Its line stands where it was written: behind the others.
    expect({ ...content, "parts.jsonl": "" }).toEqual({ ...alone, "parts.jsonl": "" });
  });

  it("of another plan is refused", async () => {
    const dir = await temporaryFolder();
    await interruptAfter(dir, 1);
    const line = (await readFile(join(dir, "parts.jsonl"), "utf8")).replace(
      /"plan":"./,
      '"plan":"x',
    );
    await appendFile(join(dir, "parts.jsonl"), line);
    await expect(runAndCount(dir)).rejects.toThrow("parts.jsonl: expected only parts of this run");
  });
});

it("refuses stages of one id, and a later stage of another size than planned", async () => {
  const [first] = fakePlan();
  if (first === undefined) throw new Error("no stage");
  const dir = await temporaryFolder();
  await expect(executeFake(fakeRun(dir, { plan: [first, first] }))).rejects.toThrow(
    "plan: expected stages of different ids, got first, first",
  );
});
