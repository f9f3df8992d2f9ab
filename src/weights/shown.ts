/** A name or a value of a hostile file as it may stand in a message: short, and without control characters. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "a list" : "an object";
  const text = typeof value === "string" ? value : String(value);
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  const plain = short.replace(/\p{C}/gu, "?");
  return typeof value === "string" ? `"${plain}"` : plain;
}
