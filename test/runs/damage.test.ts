import { copyFile, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rowCount } from "../../src/induction/index.js";
import { openRun } from "../../src/runs/index.js";
import { contentOf, fakeLab, fakeParts, runAndCount } from "./fake.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A complete run, what it holds, and where one of its parts lies. */
async function completeRun() {
  const dir = await temporaryFolder();
  await runAndCount(dir);
  return { dir, content: await contentOf(dir), part: join(dir, "parts/part-00001.parquet") };
}

/** The content but for the order of the journal's lines. */
const withoutJournal = (content: Record<string, string>) => ({ ...content, "parts.jsonl": "" });

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[5000] = (bytes[5000] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe("a part that is not what was recorded", () => {
  it.each([
    ["deleted", (path: string) => rm(path), "recorded, but not there"],
    ["truncated", (path: string) => truncate(path, 777), /^expected \d+ bytes, got 777$/],
    ["emptied", (path: string) => truncate(path, 0), /^expected \d+ bytes, got 0$/],
    ["changed", flipByte, "its bytes are not those recorded (SHA-256 differs)"],
  ] as const)("%s: is named and measured again", async (_, damage, message) => {
    const { dir, content, part } = await completeRun();
    await damage(part);
    const { measured, notes } = await runAndCount(dir);
    expect(measured).toBe(1);
    expect(notes).toHaveLength(1);
    const [where, what, rest] = (notes[0] ?? "").split(": ");
    expect([where, rest]).toEqual([part, "measured again"]);
    expect(what).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(withoutJournal(await contentOf(dir))).toEqual(withoutJournal(content));
    expect(await runAndCount(dir)).toEqual({ measured: 0, notes: [] });
  });

  it("is still known as our own when the process that found it was stopped", async () => {
    const { dir, part } = await completeRun();
    await truncate(part, 777);
    const controller = new AbortController();
    controller.abort();
    await expect(runAndCount(dir, { signal: controller.signal })).rejects.toThrow(
      "interrupted: 5 of 6 parts are kept",
    );
    expect((await runAndCount(dir)).measured).toBe(1);
  });
});

describe("a part of something else", () => {
  it("is refused in the place of a recorded one", async () => {
    const { dir, part } = await completeRun();
    const other = await temporaryFolder();
    await runAndCount(other, { lab: { ...fakeLab, seed: 1 } });
    await copyFile(join(other, "parts/part-00001.parquet"), part);
    await expect(runAndCount(dir)).rejects.toMatchObject({
      message: `${part}: expected only parts of this run, got a part of another run`,
      hint: "move it away, or choose another folder with -o",
      exitCode: 1,
    });
  });

  it("is refused beside the recorded ones", async () => {
    const { dir } = await completeRun();
    const other = await temporaryFolder();
    await runAndCount(other, { lab: { ...fakeLab, seed: 1 } });
    const stranger = join(dir, "parts/part-00009.parquet");
    await copyFile(join(other, "parts/part-00001.parquet"), stranger);
    await expect(runAndCount(dir)).rejects.toThrow(`${stranger}: expected only parts of this run`);
  });

  it("is refused with its journal", async () => {
    const { dir } = await completeRun();
    const other = await temporaryFolder();
    await runAndCount(other, { lab: { ...fakeLab, seed: 1 } });
    for (let part = 0; part < fakeParts; part++) {
      const name = `parts/part-0000${part}.parquet`;
      await copyFile(join(other, name), join(dir, name));
    }
    await copyFile(join(other, "parts.jsonl"), join(dir, "parts.jsonl"));
    await expect(runAndCount(dir)).rejects.toThrow("got a line of another plan");
  });

  it.each(["notes.txt", "part-00009.parquet"])("is refused: %s of a user's", async (name) => {
    const { dir } = await completeRun();
    await writeFile(join(dir, "parts", name), "mine");
    await expect(runAndCount(dir)).rejects.toThrow(
      `${join(dir, "parts", name)}: expected only parts of this run, got a file that it did not write`,
    );
    expect(await readFile(join(dir, "parts", name), "utf8")).toBe("mine");
  });

  it("is refused: a copy of an own part under another number", async () => {
    const { dir, part } = await completeRun();
    await copyFile(part, join(dir, "parts/part-00009.parquet"));
    await expect(runAndCount(dir)).rejects.toThrow("part-00009.parquet: expected only parts");
  });

  it("does not mean the system's own files", async () => {
    const { dir } = await completeRun();
    await writeFile(join(dir, "parts/.DS_Store"), "");
    expect(await runAndCount(dir)).toEqual({ measured: 0, notes: [] });
  });
});

describe("reading a run back", () => {
  it("gives the rows of each stage, in order", async () => {
    const { dir } = await completeRun();
    const { stages } = await openRun(dir);
    expect(stages.map(({ id, pairs, kept }) => [id, pairs, kept])).toEqual([
      ["first", 8202, 8202],
      ["lists", 5000, 5000],
      ["again", 100, 100],
    ]);
    let at = 0;
    for await (const rows of stages[1]?.rows() ?? []) {
      expect([rows.width, rows.k[0]]).toEqual([3, at]);
      at += rowCount(rows);
    }
    expect(at).toBe(5000);
  });

  it("names a damaged part, and a part that a finished run lacks", async () => {
    const { dir, part } = await completeRun();
    await flipByte(part);
    const { stages } = await openRun(dir);
    const read = async () => {
      for await (const rows of stages[0]?.rows() ?? []) expect(rowCount(rows)).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toThrow(`${part}: its bytes are not those recorded`);
    await rm(join(dir, "parts.jsonl"));
    await expect(openRun(dir)).rejects.toThrow("part-00000.parquet: expected a recorded part");
  });

  it("gives what an unfinished run has", async () => {
    const dir = await temporaryFolder();
    const controller = new AbortController();
    await runAndCount(dir, { signal: controller.signal }, () => controller.abort()).catch(() => 0);
    const { manifest, stages } = await openRun(dir);
    expect(manifest.state).toBe("running");
    expect(stages.map(({ kept }) => kept)).toEqual([4096, 0, 0]);
  });

  it("says what is not a run", async () => {
    const dir = await temporaryFolder();
    await expect(openRun(dir)).rejects.toThrow(
      "expected the folder of a run, got no manifest.json",
    );
    await expect(openRun(join(dir, "no"))).rejects.toThrow("expected the folder of a run");
    await mkdir(join(dir, "x"));
    for (const [text, got] of [
      ["{", "got another file"],
      ["null", "got another file"],
      [`{"schema":"induction-lab/manifest/1"}`, `got "induction-lab/manifest/1"`],
      [`{"schema":"induction-lab/manifest/2"}`, "got one with a wrong version"],
    ] as const) {
      await writeFile(join(dir, "manifest.json"), text);
      await expect(openRun(dir)).rejects.toThrow(got);
    }
  });
});
