/**
 * The command line as someone would type it again in a shell. Words that the shell would change are
 * quoted; characters that a terminal would act on are escaped as `$'…'` does in bash.
 */
export function commandLine(args: readonly string[]): string {
  return ["induction", ...args].map(quote).join(" ");
}

function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!/\p{Cc}/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = word.replace(/[\\']/g, "\\$&").replace(/\p{Cc}/gu, (c) => {
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `$'${escaped}'`;
}
