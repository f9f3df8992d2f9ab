import { LabError } from "../errors.js";

/** Who met whom; tokens are numbered 0 … tokens − 1 within the range of the design. */
interface CrossedPairs {
  readonly tokens: number;
  /** `[round, token]`, row-major: the B of the pair whose A is this token, a permutation per round. */
  readonly partner: Int32Array;
  /** `[round, token]`: 1 where B stands directly after A in the control, by chance. */
  readonly controlAB?: Uint8Array;
}

/** A crossed design of which strengths are known. */
export interface CrossedStrengths extends CrossedPairs {
  readonly rounds: number;
  /** `[round, token]`: strength of the pair whose A is this token, nats. */
  readonly strength: Float64Array;
}

/**
 * A crossed design of which both members are known, perhaps in unequal numbers: the first
 * min(rounds, controls) rounds measure both, the others the one that has more. `partner` and all columns
 * have max(rounds, controls) rounds; what was not measured is not read.
 */
export interface CrossedMembers extends CrossedPairs {
  /** Rounds with an induction sequence. */
  readonly rounds: number;
  /** Rounds with a control; `rounds` where absent. */
  readonly controls?: number;
  /** `[round, token]`: log-odds of B with A this token, nats. */
  readonly induction: Float64Array;
  readonly control: Float64Array;
}

/** What was measured in a crossed design, by column: strengths, or induction and control. */
export interface CrossedColumns {
  readonly tokens: number;
  /** Rounds in which anything was measured. */
  readonly rounds: number;
  /** Rounds in which all columns were. */
  readonly shared: number;
  readonly partner: Int32Array;
  readonly controlAB?: Uint8Array;
  readonly columns: readonly CrossedColumn[];
}

/** One column; a power is the sum of sign · mean over the columns. */
export interface CrossedColumn {
  readonly sign: 1 | -1;
  /** The column was measured in rounds 0 … rounds − 1. */
  readonly rounds: number;
  /** `[round, token of A]`, nats. */
  readonly values: Float64Array;
}

/**
 * The columns of a design.
 *
 * Throws a {@link LabError} when there are no tokens or rounds, an array has another length than
 * rounds · tokens, a round is no permutation, or a measured value is not finite.
 */
export function crossedColumns(design: CrossedStrengths | CrossedMembers): CrossedColumns {
  const { tokens, partner, controlAB } = design;
  const named = namedColumns(design);
  const columns = named.map(([, column]) => column);
  const counts = columns.map(({ rounds }) => rounds);
  const [rounds, shared] = [Math.max(...counts), Math.min(...counts)];
  checkCount("tokens", tokens);
  for (const count of counts) checkCount("rounds", count);
  const arrays = { partner, ...(controlAB && { controlAB }) };
  for (const [name, { length }] of [
    ...Object.entries(arrays),
    ...named.map(([name, { values }]) => [name, values] as const),
  ]) {
    if (length !== rounds * tokens) {
      throw new LabError(
        `crossedEstimates ${name}: expected ${rounds} × ${tokens} values, got ${length}`,
      );
    }
  }
  checkPermutations(partner, tokens);
  for (const [name, column] of named) checkFinite(name, column, tokens);
  return { ...arrays, tokens, rounds, shared, columns };
}

function namedColumns(design: CrossedStrengths | CrossedMembers): [string, CrossedColumn][] {
  const { rounds } = design;
  if ("strength" in design) return [["strength", { sign: 1, rounds, values: design.strength }]];
  const { controls = rounds, induction, control } = design;
  return [
    ["induction", { sign: 1, rounds, values: induction }],
    ["control", { sign: -1, rounds: controls, values: control }],
  ];
}

function checkCount(name: string, count: number): void {
  if (Number.isInteger(count) && count > 0) return;
  throw new LabError(`crossedEstimates: expected a positive number of ${name}, got ${count}`);
}

function checkPermutations(partner: Int32Array, tokens: number): void {
  const lastRound = new Int32Array(tokens).fill(-1);
  for (let round = 0, k = 0; k < partner.length; round++) {
    for (let a = 0; a < tokens; a++, k++) {
      const b = partner[k]!;
      // Outside the range the entry is undefined, which is no round either.
      if (!(lastRound[b]! < round)) {
        throw new LabError(
          `crossedEstimates round ${round}: expected each of the tokens 0 to ${tokens - 1} once ` +
            `as B, got ${b} with A = ${a}`,
          { hint: "partner holds one permutation of the tokens per round" },
        );
      }
      lastRound[b] = round;
    }
  }
}

function checkFinite(name: string, { rounds, values }: CrossedColumn, tokens: number): void {
  for (let k = 0; k < rounds * tokens; k++) {
    if (Number.isFinite(values[k])) continue;
    throw new LabError(
      `crossedEstimates round ${Math.floor(k / tokens)}: expected a finite ${name} with ` +
        `A = ${k % tokens}, got ${values[k]}`,
    );
  }
}
