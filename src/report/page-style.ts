import { themeCss } from "./theme.js";

const serif =
  '"Iowan Old Style","Palatino Linotype",Palatino,"Source Serif 4","Source Serif Pro",Georgia,"Noto Serif","DejaVu Serif",serif';
const sans =
  'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif';
const mono = 'ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace';

/** The style sheet of the report: system fonts, one column of text, light and dark, print. */
export function pageStyle(): string {
  return `${themeCss()}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--lab-paper);color:var(--lab-ink);font:1.0625rem/1.55 ${serif};overflow-wrap:break-word}
main,header,footer{max-width:76rem;margin-inline:auto;padding-inline:clamp(1rem,4vw,3rem)}
header{padding-block:clamp(2rem,6vw,4.5rem) 0}
section,footer{padding-block:1.5rem .5rem}
footer{border-top:1px solid var(--lab-grid);margin-top:2rem;padding-bottom:4rem}
h1{font-size:clamp(1.7rem,4.5vw,2.5rem);line-height:1.15;letter-spacing:-.012em;font-weight:600;margin:.1em 0 .5em;max-width:26ch;text-wrap:balance}
h2{font-size:1.45rem;line-height:1.25;font-weight:600;margin:1.2em 0 .5em}
p{margin:0 0 1em}
.text,.answer,.note,figcaption p{max-width:70ch}
.kicker,.muted,figcaption,caption,summary{color:var(--lab-muted)}
.kicker{font:.875rem/1.4 ${sans};margin:0}
.answer{font-size:1.2rem;line-height:1.5;font-variant-numeric:lining-nums}
.note{font:.9375rem/1.5 ${sans};border-left:3px solid var(--lab-accent);padding:.1rem 0 .1rem .9rem;margin:1.25rem 0}
.note ul{margin:0;padding-left:1.1rem}
.note p{margin:0;font-weight:600}
figure{margin:2rem 0;min-width:0}
figcaption{font:.875rem/1.5 ${sans};margin-top:.6rem;font-variant-numeric:tabular-nums}
figcaption p{margin:0 0 .35rem}
.files{font:.875rem/1.5 ${sans};color:var(--lab-muted)}
a{color:var(--lab-a);text-underline-offset:.15em}
figcaption strong{color:var(--lab-ink);font-weight:600}
.drawing svg{display:block;width:100%;height:auto;max-width:34rem}
@media (min-width:64rem){section>.one{display:grid;grid-template-columns:minmax(0,34rem) minmax(0,1fr);gap:0 3rem;align-items:start}section>.one figcaption{margin-top:1.1rem}}
.pair{display:grid;gap:0 3rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}
.many .drawings{display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr))}
.many .drawing svg{max-width:22rem}
.many .legend{margin-bottom:.5rem}
.legend svg{display:block;width:100%;height:auto;max-width:fit-content}
.tables{display:grid;gap:2rem 3rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}
.scroll{overflow-x:auto;margin:1.25rem 0;max-width:100%;scrollbar-width:thin;background:linear-gradient(90deg,var(--lab-paper) 30%,transparent) local,linear-gradient(270deg,var(--lab-paper) 30%,transparent) 100% 0 local,radial-gradient(farthest-side at 0 50%,#8886,transparent) 0 0,radial-gradient(farthest-side at 100% 50%,#8886,transparent) 100% 0;background-size:2.5rem 100%,2.5rem 100%,.9rem 100%,.9rem 100%;background-repeat:no-repeat;background-attachment:local,local,scroll,scroll}
.tables .scroll{margin:0}
table{border-collapse:collapse;font:.875rem/1.4 ${sans};font-variant-numeric:tabular-nums lining-nums;border-block:1.5px solid var(--lab-ink)}
.tables table{width:100%}
caption{text-align:left;padding:0 0 .45rem}
caption span{display:block;position:sticky;left:0;max-width:min(70ch,100vw - 2rem)}
.tables caption{font-weight:600;color:var(--lab-ink)}
th,td{padding:.3rem 1.4rem .3rem 0;text-align:left;vertical-align:baseline;font-weight:400;white-space:nowrap}
th:last-child,td:last-child{padding-right:.1rem}
thead th{white-space:normal;color:var(--lab-muted);border-bottom:1px solid var(--lab-ink);vertical-align:bottom}
tbody tr+tr>*{border-top:1px solid var(--lab-grid)}
.num{text-align:right}
.data{max-height:24rem;overflow:auto;margin:.5rem 0}
.data table{font-size:.8125rem;border-top:0}
.data :is(th,td){text-align:right;padding-block:.15rem}
.data :is(th,td):first-child{text-align:left}
.data thead th{position:sticky;top:0;background:var(--lab-paper)}
code{font-family:${mono};font-size:.9em;overflow-wrap:anywhere}
.token{white-space:pre;overflow-wrap:normal}
details{margin-top:.6rem;font:.875rem/1.5 ${sans}}
summary{cursor:pointer}
:focus-visible{outline:2px solid var(--lab-a);outline-offset:2px}
.facts{margin:0;font:.9375rem/1.5 ${sans};font-variant-numeric:tabular-nums}
.facts>div{display:grid;grid-template-columns:minmax(9rem,14rem) minmax(0,60ch);gap:.1rem 1.5rem;padding:.4rem 0;border-top:1px solid var(--lab-grid)}
.facts dt{color:var(--lab-muted)}
.facts dd{margin:0}
.facts ul{margin:0;padding-left:1.1rem}
@media (max-width:36rem){.one .drawing{margin-inline:-.7rem}.facts>div{grid-template-columns:minmax(0,1fr)}body{font-size:1rem}.answer{font-size:1.1rem}}
@media print{body{font-size:10.5pt}.scroll{break-inside:avoid}main,header,footer{padding-inline:0}header{padding-top:0}section,footer{padding-bottom:0}figure,tr{break-inside:avoid}h2,caption{break-after:avoid}details,.files{display:none}.scroll{overflow:visible}table{font-size:7.5pt}th,td{padding-right:.7rem}.pair,.tables,.many .drawings{grid-template-columns:repeat(2,minmax(0,1fr));gap:.5cm .8cm}.one .drawing svg{max-width:11cm}.many .drawing svg{max-width:6.5cm}}
`;
}
