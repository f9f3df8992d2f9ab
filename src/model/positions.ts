import { usageError } from "../errors.js";
import {
  type Feed,
  input,
  named,
  type NamedValue,
  ops,
  type Program,
  type Tensor,
  tensor,
  type Value,
} from "../graph/index.js";

/** One position of a sequence, or those from the first number up to and without the second, from 0. */
export type Positions = number | readonly [from: number, to: number];

/**
 * The range [from, to) that `positions` means within another one; all of it where they are left out.
 *
 * @throws LabError of wrong usage if it is empty or reaches beyond.
 */
export function positionRange(
  positions: Positions | undefined,
  [first, end]: readonly [from: number, to: number],
  where: string,
): readonly [from: number, to: number] {
  const [from, to] =
    positions === undefined
      ? [first, end]
      : typeof positions === "number"
        ? [positions, positions + 1]
        : positions;
  const whole = Number.isInteger(from) && Number.isInteger(to);
  if (whole && from >= first && from < to && to <= end) return [from, to];
  throw usageError(
    `${where}: expected positions of ${first} to ${end - 1}, got ${JSON.stringify(positions)}`,
    `one position such as ${end - 1}, or [from, to) such as [${first}, ${end}]`,
  );
}

const picked = "picked_positions";
const pickedName = (name: string) => `${name}@${picked}`;

/** The axis of the positions of a value (of the queries, for attention), or `null` if it has none. */
function positionAxis({ kind, name }: NamedValue): number | null {
  if (kind === "parameter") return null;
  if (/\.attn\.hook_(attn_scores|pattern)$/.test(name)) return 2;
  return /(^|\.)hook_\w+$|^(tokens|logits|loss_per_token)$/.test(name) ? 1 : null;
}

/** Each value that has positions at some of them only; which ones is an input. */
export function atPickedPositions(values: Iterable<NamedValue>): Value[] {
  const places = input(picked, "int32", [picked]);
  return [...values].flatMap((value) => {
    const axis = positionAxis(value);
    if (axis === null) return [];
    const axes = [...value.shape.keys()];
    const front = [axis, ...axes.filter((other) => other !== axis)];
    const rows = ops.gatherRows(ops.transpose(value, front), places); // [picked, …]
    const back = axes.map((other) => front.indexOf(other));
    return [named(pickedName(value.name), ops.transpose(rows, back))];
  });
}

/**
 * Runs a program that has {@link atPickedPositions} among its roots: values leave the session at
 * positions [from, to) only, and those without positions as they are.
 *
 * @throws LabError if a value does not have these positions, such as the loss at the last one, and
 *   for gradients, which are whole.
 */
export async function runAtPositions<Name extends string>(
  program: Program,
  fetch: readonly Name[],
  feed: Readonly<Record<string, Feed>>,
  [from, to]: readonly [from: number, to: number],
): Promise<Record<Name, Tensor>> {
  const { names } = program.graph;
  const wanted = fetch.map((name) => {
    if (name.startsWith("grad(")) {
      throw usageError(
        `${name}: expected no choice of positions for a gradient, got [${from}, ${to})`,
        "fetch gradients in a run without positions",
      );
    }
    const value = names.get(name);
    const axis = value === undefined ? null : positionAxis(value);
    if (value === undefined || axis === null) return name;
    positionRange([from, to], [0, value.shape[axis] as number], name);
    return pickedName(name);
  });
  const count = to - from;
  const places = tensor(
    "int32",
    [count],
    Int32Array.from({ length: count }, (_, i) => from + i),
  );
  const sliced = wanted.some((name) => !fetch.includes(name as Name));
  const values = await program.run({
    fetch: wanted,
    feed: sliced ? { ...feed, [picked]: places } : feed,
  });
  return Object.fromEntries(fetch.map((name, i) => [name, values[wanted[i] as string]])) as Record<
    Name,
    Tensor
  >;
}
