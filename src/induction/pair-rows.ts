/** What was measured, one row per sequence pair, in columns. */
export interface PairRows {
  /** The unit of the sequence's random key: see {@link SequenceKey}. */
  readonly unit: Int32Array;
  /** Counts within the unit. */
  readonly k: Int32Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** 1 where B stands directly after A somewhere in the control, else 0. */
  readonly controlAB: Uint8Array;
  /** Tokens read per row; B is the first. */
  readonly width: number;
  /** Ids of the tokens read after the last A, [rows, width]. */
  readonly targets: Int32Array;
  /**
   * Log-odds of the tokens read, nats, [rows, width]; NaN in the column of a member that was not run, as
   * in the rounds of a crossed design with unequal numbers of the two.
   */
  readonly induction: Float64Array;
  readonly control: Float64Array;
  /** Logits of the tokens read, [rows, width]; only where an experiment asks for them. */
  readonly inductionLogits?: Float64Array;
  readonly controlLogits?: Float64Array;
}

/** Number of rows. */
export function rowCount(rows: { readonly k: Int32Array }): number {
  return rows.k.length;
}

/** Strength of token `column` of those read, nats: one number per row. */
export function strengthsOf(
  { induction, control, width }: Pick<PairRows, "induction" | "control" | "width">,
  column = 0,
): Float64Array {
  const strengths = new Float64Array(induction.length / width);
  for (let row = 0; row < strengths.length; row++) {
    const at = row * width + column;
    strengths[row] = (induction[at] as number) - (control[at] as number);
  }
  return strengths;
}

/** One column of a [rows, width] array. */
export function columnOf(values: Float64Array, width: number, column: number): Float64Array {
  const result = new Float64Array(values.length / width);
  for (let row = 0; row < result.length; row++) {
    result[row] = values[row * width + column] as number;
  }
  return result;
}
