import { describe, expect, it } from "vitest";
import {
  induction,
  inductionJson,
  modelFolder,
  readJson,
  type SequencesJson,
  temporaryFolder,
} from "../support/cli.js";

interface Row {
  readonly token: number;
  readonly text: string | null;
  readonly a: { readonly n: number; readonly mean: number; readonly se: number | null };
  readonly b: { readonly n: number; readonly mean: number; readonly se: number | null };
}
interface PowersJson {
  readonly n: number;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));

async function powers(...args: string[]): Promise<PowersJson> {
  return inductionJson(["powers", "--model", await tiny, ...args]);
}

/** Sequences by unit. */
async function sequences(...args: string[]) {
  const options = ["--model", await tiny, ...args, "-o", at("powers.json")];
  await inductionJson(["sequences", "powers", ...options]);
  const { units } = await readJson<SequencesJson>(at("powers.json"));
  return new Map(units.map(({ unit, induction, control }) => [unit, { induction, control }]));
}

const near = (row: Row | undefined, other: Row | undefined) => {
  expect(other?.token).toBe(row?.token);
  expect(other?.a.mean).toBeCloseTo(row?.a.mean as number, 5);
  expect(other?.a.se).toBeCloseTo(row?.a.se as number, 5);
  expect(other?.b.mean).toBeCloseTo(row?.b.mean as number, 5);
  expect(other?.b.se).toBeCloseTo(row?.b.se as number, 5);
};

describe("powers of tokens", () => {
  it("are those of the named ids, in that order", async () => {
    const { n, rows } = await powers("--token-ids", "40,7,100", "-n", "8");
    expect(n).toBe(8);
    expect(rows.map(({ token, a, b }) => [token, a.n, b.n])).toEqual([
      [40, 8, 8],
      [7, 8, 8],
      [100, 8, 8],
    ]);
  });

  it("are those of named texts, leading spaces kept", async () => {
    const { rows } = await inductionJson<PowersJson>(["powers", "--tokens", " Mar,ius", "-n", "4"]);
    expect(rows.map(({ token, text }) => [token, text])).toEqual([
      [1850, " Mar"],
      [1829, "ius"],
    ]);
  });

  it("are those of a range, both ends included, and the last id is reached", async () => {
    const { rows } = await powers("--range", "98:100", "-n", "4");
    expect(rows.map(({ token }) => token)).toEqual([98, 99, 100]);
    expect((await powers("--range", "9:9", "-n", "4")).rows.map(({ token }) => token)).toEqual([9]);
  });

  it("are those of the post's range as far as the vocabulary goes, which is noted", async () => {
    const { rows, notes } = await powers("-n", "1");
    expect(rows.map(({ token }) => token)).toEqual(Array.from({ length: 97 }, (_, i) => i + 4));
    expect(notes).toEqual(["powers of ids 4 to 100: the vocabulary ends there"]);
  });

  it("stop at --limit, which is called partial in the result", async () => {
    const { rows, notes } = await powers("--range", "20:60", "--limit", "2", "-n", "4");
    expect(rows.map(({ token }) => token)).toEqual([20, 21]);
    expect(notes).toEqual(["partial: 2 of 41 tokens (--limit)"]);
    expect((await powers("--range", "20:21", "--limit", "5", "-n", "4")).notes).toEqual([]);
  });

  it("do not depend on the other tokens of the command", async () => {
    const wide = await powers("--range", "30:50", "-n", "12");
    const row = (token: number) => wide.rows.find((candidate) => candidate.token === token);
    const shifted = await powers("--range", "39:42", "-n", "12", "--limit", "2");
    near(row(39), shifted.rows[0]);
    near(row(40), shifted.rows[1]);
    const named = await powers("--token-ids", "50,40", "-n", "12");
    near(row(50), named.rows[0]);
    near(row(40), named.rows[1]);
    const batched = await powers("--range", "30:50", "-n", "12", "--batch", "5");
    for (const [i, each] of batched.rows.entries()) near(wide.rows[i], each);
  });

  it("rest on sequences that no other range, limit or n changes", async () => {
    const wide = await sequences("--range", "30:45", "-n", "12");
    expect(wide.size).toBe(32);
    for (const other of [
      await sequences("--range", "40:41", "-n", "12"),
      await sequences("--range", "38:45", "--limit", "4", "-n", "12"),
      await sequences("--token-ids", "44,30", "-n", "12"),
    ]) {
      for (const [unit, ids] of other) expect(ids, unit).toEqual(wide.get(unit));
    }
    const fewer = await sequences("--range", "30:45", "-n", "5");
    for (const [unit, { induction: first, control }] of fewer) {
      expect(first, unit).toEqual(wide.get(unit)?.induction.slice(0, 5));
      expect(control, unit).toEqual(wide.get(unit)?.control.slice(0, 5));
    }
  });

  it("rest on fresh sequences for each token and role", async () => {
    const units = [...(await sequences("--range", "30:33", "-n", "2")).values()];
    const fillers = units.flatMap(({ induction: rows }) =>
      rows.map((ids) => [...ids.slice(1, 11), ...ids.slice(13, 23)].join()),
    );
    expect(new Set(fillers).size).toBe(16);
  });

  it("are printed for people, the extremes alone where there are many", async () => {
    const few = await induction(["powers", "--model", await tiny, "--range", "5:7", "-n", "4"]);
    expect(few.stdout).toMatch(/^token +A power +B power\n#5 \(5\) /);
    expect(few.stdout).toMatch(/over 4 sequence pairs per token and role, 3 tokens/);
    const many = await induction(["powers", "--model", await tiny, "-n", "1"]);
    expect(many.stdout).toMatch(/highest A power\n[^]*lowest B power\n[^]*97 tokens/);
    expect(many.stdout.split("\n").length).toBeLessThan(40);
    expect(many.stdout).not.toContain("NaN");
  });
});
