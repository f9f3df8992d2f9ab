/** How a command ends when an error reaches it (the exit codes of the command line). */
export type ExitCode = 1 | 2 | 3 | 75;

/** What a {@link LabError} carries besides its message. */
export interface LabErrorOptions {
  /** The way out: a command, the nearest name, or the list of choices. */
  readonly hint?: string;
  /** 2 for a wrong usage, 1 (the default) for all else that failed, 3 for a failed check, 75 for an interrupted run that can go on. */
  readonly exitCode?: ExitCode;
  /** The error underneath, shown only with `--debug`. */
  readonly cause?: unknown;
}

/**
 * An error meant for the person who meets it: `where: expected x, got y`, and a hint that says the
 * way out. The command line prints it as one line and without a stack trace.
 */
export class LabError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(message: string, options: LabErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LabError";
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A {@link LabError} for wrong usage: exit code 2. */
export function usageError(message: string, hint?: string): LabError {
  return new LabError(message, { exitCode: 2, ...(hint === undefined ? {} : { hint }) });
}
