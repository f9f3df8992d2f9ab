import { distance } from "fastest-levenshtein";

/** Names that share less than half of their letters with what was typed are noise, not help. */
const farthest = 0.5;

function score(name: string, candidate: string): number {
  const edits = distance(name, candidate) / Math.max(name.length, candidate.length, 1);
  const contained = name.length >= 3 && candidate.includes(name);
  return contained ? Math.min(edits, 0.25) : edits;
}

/**
 * The candidates that someone who typed `name` may have meant, nearest first; none if all are
 * unrelated. Near is a Levenshtein distance, letter case ignored, of at most half of the longer
 * name, or a candidate that contains `name` (of three letters or more).
 *
 * @example nearestNames("attn-only-2l", ["attn-only-2l-mini", "gelu-1l"]) // ["attn-only-2l-mini"]
 */
export function nearestNames(name: string, candidates: Iterable<string>, max = 3): string[] {
  const typed = name.toLowerCase();
  return Array.from(candidates, (candidate) => ({
    candidate,
    score: score(typed, candidate.toLowerCase()),
  }))
    .filter((near) => near.score <= farthest)
    .sort((a, b) => a.score - b.score)
    .slice(0, max)
    .map((near) => near.candidate);
}
