/** Facts by name, one to a line, values aligned; a fact that is `null` is left out. */
export function formatFacts(facts: readonly (readonly [string, string | null])[]): string {
  const known = facts.filter(([, value]) => value !== null);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}
