/** The terminal as commands see it: results go to `out`, everything else to `err`. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal, so that one line can be redrawn. */
  readonly interactive: boolean;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
}

/** What begins a text that takes the place of the line that is there. */
export const redraw = "\r\u001b[2K";

/**
 * Writes to a terminal so that nothing stands behind a line that is redrawn: what comes after it
 * begins a line of its own.
 */
export function afterRedrawn(write: (text: string) => void): (text: string) => void {
  let open = false;
  return (text) => {
    if (text === "") return;
    const behind = open && !text.startsWith(redraw) && !text.startsWith("\n");
    open = text.startsWith(redraw) && !text.endsWith("\n");
    write(behind ? `\n${text}` : text);
  };
}

/** The terminal of the running process. */
export function processIo(): Io {
  // A reader that has seen enough (`| head`) closes the pipe; that is no error of the command.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: afterRedrawn((text) => void process.stderr.write(text)),
    interactive: process.stderr.isTTY === true,
    now: () => performance.now(),
  };
}
