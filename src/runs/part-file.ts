import { LabError } from "../errors.js";
import type { FloatDType } from "../graph/index.js";
import {
  type ExperimentRows,
  type PairRows,
  rowCount,
  type ScoreRows,
} from "../induction/index.js";
import type { PlannedBlock } from "./plan.js";
import { type ReadTable, readParquet, readParquetMetadata } from "./parquet-read.js";
import { type Column, writeParquet } from "./parquet-write.js";

/** The schemas of parts, of sequence pairs and of scores: see docs/files.md. */
export const partSchema = "induction-lab/pairs/1";
export const scoreSchema = "induction-lab/scores/1";

/** What a part says about itself, so that it can be told from the parts of other runs. */
export interface PartIdentity extends Omit<PlannedBlock, "sequences"> {
  /** Hash of the plan that it belongs to. */
  readonly plan: string;
}

/** What is the same in all rows of a run. */
export interface PartFormat {
  /** The type that the log-odds were computed in, and are stored in. */
  readonly dtype: FloatDType;
  /** Position of the first A in the induction sequence, BOS being 0. */
  readonly pairPosition: number;
}

/** Rows as the bytes of a part. */
export function encodePart(
  rows: ExperimentRows,
  identity: PartIdentity,
  format: PartFormat,
): Uint8Array {
  const [schema, columns] =
    "scores" in rows ? [scoreSchema, scoreColumns(rows)] : [partSchema, pairColumns(rows, format)];
  const { plan, stage, part, from, to } = identity;
  return writeParquet(columns, {
    schema,
    plan,
    stage,
    part: String(part),
    from: String(from),
    to: String(to),
    width: String(rows.width),
  });
}

function scoreColumns({ k, width, scores }: ScoreRows): Column[] {
  return [
    { name: "index", type: "int32", values: k },
    { name: "scores", type: "float64", values: scores, ...(width > 1 && { width }) },
  ];
}

function pairColumns(rows: PairRows, { dtype, pairPosition }: PartFormat): Column[] {
  const { width } = rows;
  const read = (name: string, type: Column["type"], values: Column["values"]): Column => ({
    name,
    type,
    values,
    ...(width > 1 && { width }),
  });
  const { inductionLogits, controlLogits } = rows;
  return [
    { name: "unit", type: "int32", values: rows.unit },
    { name: "index", type: "int32", values: rows.k },
    { name: "a", type: "int32", values: rows.a },
    { name: "b", type: "int32", values: rows.b },
    {
      name: "pair_position",
      type: "int32",
      values: new Int32Array(rowCount(rows)).fill(pairPosition),
    },
    { name: "control_ab", type: "boolean", values: rows.controlAB },
    // A single token read is B.
    ...(width > 1 ? [read("targets", "int32", rows.targets)] : []),
    read("induction", dtype, rows.induction),
    read("control", dtype, rows.control),
    ...(inductionLogits ? [read("induction_logits", dtype, inductionLogits)] : []),
    ...(controlLogits ? [read("control_logits", dtype, controlLogits)] : []),
  ];
}

/**
 * The rows of a part.
 *
 * @throws LabError if the bytes are no part, or a part of something else.
 */
export async function decodePart(
  bytes: Uint8Array,
  identity: PartIdentity,
  where: string,
): Promise<ExperimentRows> {
  const table = await readParquet(bytes).catch((cause: unknown) => {
    throw new LabError(`${where}: expected a Parquet file, got ${String(cause)}`, { cause });
  });
  const found = identityOf(table.metadata);
  if (found === null || !sameIdentity(found, identity)) {
    throw new LabError(`${where}: expected a part of this run, got one of something else`);
  }
  const width = Number(table.metadata.width);
  const int32 = (name: string, each = 1) =>
    columnOf(table, name, { width: each, where, make: (size) => new Int32Array(size) });
  const odds = (name: string) =>
    columnOf(table, name, { width, where, make: (size) => new Float64Array(size) });
  const maybe = (name: string) => (table.columns.has(name) ? odds(name) : undefined);
  if (table.metadata.schema === scoreSchema) {
    return { k: int32("index"), width, scores: odds("scores") };
  }
  const b = int32("b");
  const inductionLogits = maybe("induction_logits");
  const controlLogits = maybe("control_logits");
  return {
    unit: int32("unit"),
    k: int32("index"),
    a: int32("a"),
    b,
    controlAB: columnOf(table, "control_ab", {
      ...{ width: 1, where },
      make: (size) => new Uint8Array(size),
    }),
    width,
    targets: width === 1 ? b.slice() : int32("targets", width),
    induction: odds("induction"),
    control: odds("control"),
    ...(inductionLogits && { inductionLogits }),
    ...(controlLogits && { controlLogits }),
  };
}

/** What a file says about itself; `null` if it is no part. */
export function readPartIdentity(bytes: Uint8Array): PartIdentity | null {
  try {
    return identityOf(readParquetMetadata(bytes));
  } catch {
    return null;
  }
}

/** Whether two parts are the same block of the same plan. */
export function sameIdentity(x: PartIdentity, y: PartIdentity): boolean {
  return (
    x.plan === y.plan &&
    x.stage === y.stage &&
    x.part === y.part &&
    x.from === y.from &&
    x.to === y.to
  );
}

function identityOf(metadata: Readonly<Record<string, string>>): PartIdentity | null {
  const { schema, plan, stage, part, from, to } = metadata;
  if (
    (schema !== partSchema && schema !== scoreSchema) ||
    plan === undefined ||
    stage === undefined
  )
    return null;
  return { plan, stage, part: Number(part), from: Number(from), to: Number(to) };
}

/** A column's values in one array of numbers, `width` per row; true counts as 1. */
function columnOf<Values extends Int32Array | Float64Array | Uint8Array>(
  table: ReadTable,
  name: string,
  {
    width,
    where,
    make,
  }: { readonly width: number; readonly where: string; make(size: number): Values },
): Values {
  // Numbers and booleans, as the part's schema says.
  const values = (table.columns.get(name) ?? []) as ArrayLike<number>;
  const lists = width === 1 ? null : (values as unknown as ArrayLike<ArrayLike<number>>);
  const result = make(table.rows * width);
  let got = values.length;
  if (lists === null) {
    if (got === result.length) result.set(values);
  } else {
    got = 0;
    for (let row = 0; row < lists.length; row++) {
      const list = lists[row] as ArrayLike<number>;
      if (got + list.length <= result.length) result.set(list, got);
      got += list.length;
    }
  }
  if (got === result.length) return result;
  throw new LabError(`${where}: expected ${result.length} values in column ${name}, got ${got}`);
}
