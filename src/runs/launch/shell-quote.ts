/**
 * One word of a POSIX shell command that stands for exactly `text`: as it is where no character of
 * it means anything to a shell, and between single quotes otherwise.
 */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command line of these words; see {@link shellQuote}. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(" ");
}
