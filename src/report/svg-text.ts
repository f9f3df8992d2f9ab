import { escapeHtml } from "./html.js";

const svgNamespace = "http://www.w3.org/2000/svg";

function write(node: Node, root: boolean): string {
  if (node.nodeType === 3) return escapeHtml(node.textContent ?? "");
  if (node.nodeType !== 1) return "";
  const element = node as Element;
  const attributes = [...element.attributes]
    .filter((attribute) => !attribute.name.startsWith("xmlns"))
    .map(({ name, value }) => ` ${name}="${escapeHtml(value)}"`)
    .sort();
  if (root) attributes.unshift(` xmlns="${svgNamespace}"`);
  const tag = element.localName;
  const inner = [...element.childNodes].map((child) => write(child, false)).join("");
  const open = `<${tag}${attributes.join("")}`;
  return inner === "" ? `${open}/>` : `${open}>${inner}</${tag}>`;
}

/**
 * A figure as text that is both a standalone SVG file and a part of an HTML page. Serialisers of
 * documents in Node do not escape `&` and `<` in attributes, as XML needs; this one does.
 */
export function svgText(svg: SVGElement): string {
  return write(svg, true);
}
