/** Throws a `RangeError` that names the value when it is NaN or infinite. */
export function checkFinite(where: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new RangeError(`${where}: expected a finite number, got ${value}`);
  }
}

/** Throws a `RangeError` when `p` is not strictly between 0 and 1. */
export function checkProbability(where: string, p: number): void {
  if (!(p > 0 && p < 1)) {
    throw new RangeError(`${where}: expected a number strictly between 0 and 1, got ${p}`);
  }
}
