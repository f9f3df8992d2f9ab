import { html, type Html } from "./html.js";
import { formatCount } from "./numbers.js";
import type { ReportData } from "./report-data.js";

/** Every option of the protocol in words. */
export function protocolSection(data: ReportData): Html {
  const { protocol, preset } = data;
  if (protocol.length === 0 && preset === undefined) return html``;
  const items = protocol.map(
    ({ name, value, note }) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value}${note === undefined ? "" : html` <span class="muted">${note}</span>`}</dd>
      </div> `,
  );
  return html`<section id="protocol">
    <h2>Protocol</h2>
    ${preset === undefined ? "" : html`<p class="text">Preset <code>${preset}</code>.</p>`}
    <dl class="facts">${items}</dl>
  </section>`;
}

/** Where the numbers come from: enough to make them again. */
export function provenanceFooter(data: ReportData): Html {
  const { model, engine, notes } = data;
  const fact = (name: string, value: string | Html) =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div> `;
  return html`<footer id="provenance">
    <h2>Provenance</h2>
    <dl class="facts">
      ${fact("Command", html`<code>${data.command}</code>`)} ${fact("Version", data.version)}
      ${fact("Model", `${model.name}: ${model.layers} layers, ${model.heads} heads, d_model ${model.dModel}, vocabulary ${formatCount(model.vocabulary)}`)}
      ${fact("Weights, SHA-256", html`<code>${model.sha256}</code>`)}
      ${fact("Seed", html`<code>${data.seed}</code>`)}
      ${fact("Backend", `${engine.provider}, ${engine.runtime}`)} ${fact("Precision", engine.dtype)}
      ${fact("Threads", formatCount(engine.threads))}
      ${fact("Batch", `${formatCount(engine.batch)} sequence pairs`)}
      ${
        notes.length === 0
          ? ""
          : fact(
              "Notes",
              html`<ul>
                ${notes.map((note) => html`<li>${note}</li>`)}
              </ul>`,
            )
      }
    </dl>
  </footer>`;
}
