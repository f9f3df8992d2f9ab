const quote = 0x22;
const backslash = 0x5c;

/** Index just after the string literal that starts at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (json.charCodeAt(i) !== quote) i += json.charCodeAt(i) === backslash ? 2 : 1;
  return i + 1;
}

/**
 * The first key that an object of a JSON text, at any depth, has twice, or null. `JSON.parse` keeps
 * the last one silently, and so two readers of one file may see different tensors.
 *
 * @param json Text that `JSON.parse` accepts.
 */
export function duplicateKey(json: string): string | null {
  const open: Set<string>[] = [];
  let text = "";
  for (let i = 0; i < json.length;) {
    const character = json[i];
    if (character === '"') {
      const end = endOfString(json, i);
      text = json.slice(i, end);
      i = end;
      continue;
    }
    if (character === "{") open.push(new Set());
    else if (character === "}") open.pop();
    else if (character === ":") {
      const key = JSON.parse(text) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
    i++;
  }
  return null;
}
