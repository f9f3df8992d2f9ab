import type { Io } from "./io.js";

/** A signal that is aborted by the first SIGINT or SIGTERM. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Leaves signals to the system again. */
  dispose(): void;
}

/**
 * Listens for SIGINT and SIGTERM: the first aborts the signal, so that the run can finish the block
 * under way and keep it; the second ends the process at once (exit code 130 of the shell).
 */
export function interruptSignal(io: Io): Interrupt {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      // Not process.exit: the engine's thread may be inside native code, which that would abort.
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
      process.kill(process.pid, name);
      return;
    }
    // A terminal shows ^C on the line.
    const start = io.interactive ? "\n" : "";
    io.err(`${start}stopping after the block under way; once more to stop at once\n`);
    controller.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    dispose: () => void process.off("SIGINT", onSignal).off("SIGTERM", onSignal),
  };
}
