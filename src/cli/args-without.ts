/** What of an option decides how words on a command line belong together; commander's options have it. */
export interface OptionForm {
  readonly short?: string | undefined;
  readonly long?: string | undefined;
  /** Whether a value must, or may, follow. */
  readonly required: boolean;
  readonly optional: boolean;
}

/**
 * A command line of a run without what concerns one call only: the options named in `without` (by their
 * long names) are left out, each with its value. Words that are values of other options stay, whatever
 * they look like.
 */
export function argsWithout(
  args: readonly string[],
  options: readonly OptionForm[],
  without: ReadonlySet<string>,
): string[] {
  const kept: string[] = [];
  const left = [...args];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const flag = options.find((form) => isGroup(word as string, form));
    if (flag !== undefined) {
      // -qn5 is -q -n5.
      left.unshift(`-${word.slice(2)}`);
      word = word.slice(0, 2);
    }
    const option = flag ?? options.find((form) => isForm(word as string, form));
    const words = [word];
    if (option !== undefined && takesNext(word, option, left[0])) words.push(left.shift() ?? "");
    if (option === undefined || !without.has(option.long ?? "")) kept.push(...words);
  }
  return kept;
}

/** Whether a word is this flag, with other short options directly after it. */
function isGroup(word: string, { short, required, optional }: OptionForm): boolean {
  return (
    !required &&
    !optional &&
    short !== undefined &&
    word[1] !== "-" &&
    word.length > 2 &&
    word.startsWith(short)
  );
}

function isForm(word: string, { short, long, required, optional }: OptionForm): boolean {
  if (word === short || word === long) return true;
  if (!required && !optional) return false;
  const inLong = long !== undefined && word.startsWith(`${long}=`);
  return inLong || (short !== undefined && !word.startsWith("--") && word.startsWith(short));
}

function takesNext(word: string, { short, long, required, optional }: OptionForm, next?: string) {
  if (word !== short && word !== long) return false;
  return required || (optional && next !== undefined && !next.startsWith("-"));
}
