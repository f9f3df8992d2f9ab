import type { PowerRow, TokenRef } from "./summary.js";

/** How many tokens {@link extremeTokens} gives: known before anything is measured. */
export function extremeCount(tokens: number, perEnd: number): number {
  return Math.min(tokens, 4 * perEnd);
}

/**
 * The tokens at both ends of the lists of A power and of B power, ties by id: those whose powers are
 * partly luck and are measured again on fresh sequences. At least `perEnd` of each end; where a token
 * is in two lists, the next ones take its place, so that the count is always the same. Sorted by id.
 */
export function extremeTokens(rows: readonly PowerRow[], perEnd: number): TokenRef[] {
  const lists = (["a", "b"] as const).flatMap((role) => {
    const falling = rows.toSorted((p, q) => q[role].mean - p[role].mean || p.token - q.token);
    return [falling, falling.toReversed()];
  });
  const chosen = new Map<number, TokenRef>();
  const count = extremeCount(rows.length, perEnd);
  for (let depth = 0; chosen.size < count; depth++) {
    for (const list of lists) {
      const { token: id, text } = list[depth] as PowerRow;
      if (chosen.size < count) chosen.set(id, { id, text });
    }
  }
  return [...chosen.values()].sort((x, y) => x.id - y.id);
}
