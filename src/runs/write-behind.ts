/**
 * Work that keeps what it measured while it measures on. When it ends, well or not, no write is under way:
 * a journal must not be closed under one.
 */
export async function writingBehind<Result>(
  work: (behind: WriteBehind) => Promise<Result>,
): Promise<Result> {
  const behind = new WriteBehind();
  try {
    const result = await work(behind);
    await behind.settle();
    return result;
  } finally {
    await behind.settle().catch(() => undefined);
  }
}

/** Keeps what was measured while the next block is measured: one write at a time, in order. */
export class WriteBehind {
  #writing: Promise<void> = Promise.resolve();

  /** Starts a write when the one before is done; rejects if that one failed. */
  async next(write: () => Promise<void>): Promise<void> {
    await this.#writing;
    this.#writing = write();
    // Without a listener a failure would count as unhandled until the next block is measured.
    this.#writing.catch(() => undefined);
  }

  /** Waits for the write under way; rejects if it failed. */
  settle(): Promise<void> {
    return this.#writing;
  }
}
