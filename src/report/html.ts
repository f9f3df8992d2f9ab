/** Markup that is safe to insert as it stands: the result of {@link html} or {@link trustedHtml}. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }

  toString(): string {
    return this.markup;
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text as it must stand in HTML or XML, between tags and inside quotes. Characters that XML cannot
 * hold (controls, lone surrogates) become U+FFFD.
 */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\ufffd");
}

/** Marks markup that this program wrote itself (a serialised figure) as safe. */
export function trustedHtml(markup: string): Html {
  return new Html(markup);
}

/** What a template accepts: text and numbers are escaped, {@link Html} is kept, lists are joined. */
export type HtmlPart = string | number | Html | readonly HtmlPart[];

function render(part: HtmlPart): string {
  if (part instanceof Html) return part.markup;
  if (typeof part === "object") return part.map(render).join("");
  return escapeHtml(String(part));
}

/** A tagged template for HTML: every inserted text is escaped. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  const pieces = strings.map((text, i) => {
    const part = parts[i];
    return part === undefined ? text : text + render(part);
  });
  return new Html(pieces.join(""));
}
