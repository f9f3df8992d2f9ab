import { darkTheme, figures, paperTheme, svgText, type Theme } from "../../src/report/index.js";
import { html, trustedHtml } from "../../src/report/html.js";
import { createDocument } from "../../src/report/node-document.js";
import { galleryCases } from "./gallery-cases.js";

const style = `
body{margin:0;font:15px/1.5 system-ui,sans-serif}
h1,h2{margin:0;padding:1rem}
.row{display:grid;grid-template-columns:1fr 1fr}
figure{margin:0;padding:1.5rem}
figure svg{display:block;max-width:100%;height:auto}
figcaption{max-width:70ch;margin-top:.75rem;font-size:.875rem}
`;

/** Every figure of every gallery case, light at the left and dark at the right, as one HTML page. */
export function galleryPage(): string {
  const document = createDocument();
  const sections = Object.entries(galleryCases()).map(([heading, data]) => {
    const cell = (theme: Theme) =>
      figures(data, { document, theme }).map(
        ({ name, title, reading, svg }) =>
          html`<figure style="color:${theme.ink};background:${theme.paper}">
            ${trustedHtml(svgText(svg))}
            <figcaption><code>${name}</code> <strong>${title}.</strong> ${reading}</figcaption>
          </figure>`,
      );
    const [light, dark] = [cell(paperTheme), cell(darkTheme)];
    return html`<h2>${heading}</h2>
      ${light.map((figure, i) => html`<div class="row">${figure}${dark[i] ?? ""}</div>`)}`;
  });
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>induction-lab: figures</title>
        <style>
          ${trustedHtml(style)}
        </style>
      </head>
      <body>
        <h1>Figures on synthetic data</h1>
        ${sections}
      </body>
    </html>`.markup;
}
