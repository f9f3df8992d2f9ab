import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import type { PairRows, PowerRow, ScoreRows } from "../../src/induction/index.js";
import { readParquet } from "../../src/runs/parquet-read.js";
import { writeParquet } from "../../src/runs/parquet-write.js";
import {
  decodePart,
  encodePart,
  type PartIdentity,
  readPartIdentity,
} from "../../src/runs/part-file.js";
import { powersTable } from "../../src/runs/powers-table.js";
import { fake, fakeLab } from "./fake.js";
import { temporaryFolder } from "./temporary-folder.js";

const identity: PartIdentity = { plan: "p", stage: "s", part: 7, from: 100, to: 612 };
const format = { dtype: "float32", pairPosition: 11 } as const;

const rowsOf = (width: number): Promise<PairRows> =>
  fake.measure(fakeLab, { pairs: 1000, width, salt: 3 }, identity);

/** Rows that a query gives, in another reader than the writer's library. */
async function query(bytes: Uint8Array, sql: string): Promise<Record<string, unknown>[]> {
  const path = join(await temporaryFolder(), "file.parquet");
  await writeFile(path, bytes);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(sql.replaceAll("FILE", `'${path}'`));
    return reader.getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe("a part", () => {
  it.each([1, 3])("comes back as it was, width %i", async (width) => {
    const rows = await rowsOf(width);
    expect(await decodePart(encodePart(rows, identity, format), identity, "x")).toEqual(rows);
  });

  it("keeps scores of single sequences", async () => {
    const rows: ScoreRows = {
      k: Int32Array.of(4, 5),
      width: 3,
      scores: new Float64Array(6).map((_, i) => i / 3),
    };
    const bytes = encodePart(rows, identity, format);
    expect(await decodePart(bytes, identity, "x")).toEqual(rows);
    expect(readPartIdentity(bytes)).toEqual(identity);
  });

  it("keeps every float32, the odd ones too", async () => {
    const odd = [-Infinity, Infinity, NaN, -0, 1.401298464324817e-45, 3.4028234663852886e38];
    const rows = { ...(await rowsOf(1)) };
    rows.induction.set(odd);
    const part = encodePart(rows, identity, format);
    const back = (await decodePart(part, identity, "x")) as PairRows;
    for (const [i, value] of odd.entries()) expect(back.induction[i]).toBe(value);
  });

  it("keeps float64, and refuses to round what float32 cannot hold", async () => {
    const rows = await rowsOf(1);
    rows.control[5] = 0.1;
    const bytes = encodePart(rows, identity, { ...format, dtype: "float64" });
    const back = (await decodePart(bytes, identity, "x")) as PairRows;
    expect(back.control[5]).toBe(0.1);
    expect(() => encodePart(rows, identity, format)).toThrow(
      "column control: expected 32-bit numbers, got 0.1",
    );
  });

  it("is the same bytes for the same rows", async () => {
    expect(encodePart(await rowsOf(3), identity, format)).toEqual(
      encodePart(await rowsOf(3), identity, format),
    );
  });

  it("is no other part", async () => {
    const bytes = encodePart(await rowsOf(1), identity, format);
    await expect(decodePart(bytes, { ...identity, plan: "q" }, "x")).rejects.toThrow(
      "x: expected a part of this run, got one of something else",
    );
    await expect(decodePart(bytes.slice(0, 900), identity, "x")).rejects.toThrow(
      "x: expected a Parquet file, got",
    );
  });

  it("opens in DuckDB with the documented columns", async () => {
    const single = encodePart(await rowsOf(1), identity, format);
    const types = async (bytes: Uint8Array) =>
      (await query(bytes, "SELECT column_name n, column_type t FROM (DESCRIBE FROM FILE)"))
        .map(({ n, t }) => `${String(n)} ${String(t)}`)
        .join(", ");
    const common =
      "unit INTEGER, index INTEGER, a INTEGER, b INTEGER, pair_position INTEGER, control_ab BOOLEAN";
    expect(await types(single)).toBe(`${common}, induction FLOAT, control FLOAT`);
    const lists = encodePart(await rowsOf(3), identity, format);
    expect(await types(lists)).toBe(
      `${common}, targets INTEGER[], induction FLOAT[], control FLOAT[], induction_logits FLOAT[], control_logits FLOAT[]`,
    );
    const double = encodePart(await rowsOf(1), identity, { ...format, dtype: "float64" });
    expect(await types(double)).toBe(`${common}, induction DOUBLE, control DOUBLE`);
  });

  it("has the same values in DuckDB, lists too", async () => {
    const rows = await rowsOf(3);
    const read = await query(encodePart(rows, identity, format), "FROM FILE ORDER BY index");
    const column = (name: string) => read.flatMap((row) => row[name] as number);
    expect(column("unit")).toEqual(Array.from(rows.unit));
    expect(column("index")).toEqual(Array.from(rows.k));
    expect(column("a")).toEqual(Array.from(rows.a));
    expect(column("b")).toEqual(Array.from(rows.b));
    expect(new Set(column("pair_position"))).toEqual(new Set([11]));
    expect(column("control_ab").map(Number)).toEqual(Array.from(rows.controlAB));
    expect(column("targets")).toEqual(Array.from(rows.targets));
    expect(column("induction")).toEqual(Array.from(rows.induction));
    expect(column("control")).toEqual(Array.from(rows.control));
    expect(column("induction_logits")).toEqual(Array.from(rows.inductionLogits ?? []));
    expect(column("control_logits")).toEqual(Array.from(rows.controlLogits ?? []));
  });

  it("says in its metadata what it is", async () => {
    const bytes = encodePart(await rowsOf(3), identity, format);
    const read = await query(
      bytes,
      "SELECT key::VARCHAR k, value::VARCHAR v FROM parquet_kv_metadata(FILE)",
    );
    expect(Object.fromEntries(read.map(({ k, v }) => [k, v]))).toEqual({
      schema: "induction-lab/pairs/1",
      plan: "p",
      stage: "s",
      part: "7",
      from: "100",
      to: "612",
      width: "3",
    });
  });
});

describe("the table of powers", () => {
  const estimate = (mean: number, se: number | null, n: number) => ({ n, mean, se, sd: null });
  const rows: PowerRow[] = [
    { token: 3, text: " Mar", a: estimate(1.5, 0.1, 8), b: estimate(-2, 0.2, 8) },
    { token: 4, text: null, a: estimate(0.1, null, 1), b: estimate(0, null, 1) },
  ];

  it("opens in DuckDB, with nulls for what cannot be known", async () => {
    expect(await query(powersTable(rows), "FROM FILE")).toEqual([
      { token: 3, text: " Mar", a_power: 1.5, a_se: 0.1, a_n: 8, b_power: -2, b_se: 0.2, b_n: 8 },
      { token: 4, text: null, a_power: 0.1, a_se: null, a_n: 1, b_power: 0, b_se: null, b_n: 1 },
    ]);
  });

  it("has the plain means of the crossed design", async () => {
    const crossed = rows.map((row) => ({
      ...row,
      plain: { a: estimate(9, 0.5, 8), b: estimate(8, 0.6, 8) },
    }));
    const [first] = await query(powersTable(crossed), "FROM FILE");
    expect(first).toMatchObject({
      a_power: 1.5,
      a_power_plain: 9,
      a_se_plain: 0.5,
      b_power_plain: 8,
      b_se_plain: 0.6,
    });
  });

  it("is a table without rows where there are no tokens", async () => {
    expect(await query(powersTable([]), "SELECT count(*)::INT n FROM FILE")).toEqual([{ n: 0 }]);
  });
});

it("reads text of any script, and columns that are not there as absent", async () => {
  const text = ["é", "→ 日本", "", null, "\u0000", "😀"];
  const bytes = writeParquet([{ name: "t", type: "string", values: text, nullable: true }], {});
  const { columns } = await readParquet(bytes);
  expect(Array.from(columns.get("t") ?? [])).toEqual(text);
  expect(columns.get("u")).toBeUndefined();
});
