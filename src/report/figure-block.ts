import { html, type Html, type HtmlPart, trustedHtml } from "./html.js";
import { keepTogether } from "./numbers.js";
import { svgText } from "./svg-text.js";

/** A figure in a page with its number and the sentence that says how to read it. */
export function figureBlock(
  number: number,
  name: string,
  drawings: readonly SVGElement[],
  reading: string,
  extra: HtmlPart = "",
): Html {
  return html`<figure id="figure-${number}" class="${drawings.length === 1 ? "wide" : "many"}">
    <div class="drawings">
      ${drawings.map((svg) => html`<div class="drawing">${trustedHtml(svgText(svg))}</div> `)}
    </div>
    <figcaption><strong>Figure ${number}. ${name}.</strong> ${keepTogether(reading)}</figcaption>
    ${extra}
  </figure>`;
}
