/**
 * A text as a `data:` URL, percent-encoded, so that a link can offer it as a file without a script.
 * Lone surrogates, which UTF-8 cannot hold, become U+FFFD.
 */
export function dataUrl(type: "text/csv" | "image/svg+xml", text: string): string {
  const encoded = encodeURI(text.replace(/\p{Surrogate}/gu, "\ufffd")).replaceAll("#", "%23");
  return `data:${type};charset=utf-8,${encoded}`;
}
