/** Scores of single sequences, one row each, in columns. */
export interface ScoreRows {
  /** Counts the sequences. */
  readonly k: Int32Array;
  /** Scores per row. */
  readonly width: number;
  /** [rows, width] */
  readonly scores: Float64Array;
}

/** Room for the scores of the sequences `from` to `to` − 1. */
export function scoreRows(from: number, to: number, width: number): ScoreRows {
  return {
    k: Int32Array.from({ length: to - from }, (_, i) => from + i),
    width,
    scores: new Float64Array((to - from) * width),
  };
}
