#include "engine/report/sections.h"

namespace equipoise::report {

// Series and dots use the colours of Okabe and Ito (2008), which people with a colour vision deficiency can tell apart;
// strokes and shapes carry the same meaning. Lengths are multiples of 4 or 8 px.
const char* const kStyleSheet = R"css(
:root {
  --paper: #ffffff; --panel: #f6f7f9; --ink: #1b1f24; --quiet: #59616b; --rule: #dde1e6; --link: #005a8f;
  --met-ink: #00563f; --met-fill: #dff3ec; --met-mark: #009e73;
  --not-shown-ink: #6b4700; --not-shown-fill: #fdf0d2; --not-shown-mark: #b87700;
  --violated-ink: #8f3a00; --violated-fill: #fde5d8; --violated-mark: #d55e00;
  --not-estimable-ink: #474e57; --not-estimable-fill: #eceff2; --not-estimable-mark: #7a828c;
  --s0: #0072b2; --s1: #d55e00; --s2: #009e73; --s3: #b0578d; --s4: #b87700; --s5: #2f95cc;
  --muted: #c3c9d0; --allowed: #eaf5f1;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --panel: #1d2126; --ink: #e8eaed; --quiet: #a3abb5; --rule: #343a42; --link: #79c0f0;
    --met-ink: #7fe0bf; --met-fill: #11362b; --met-mark: #1fbf90;
    --not-shown-ink: #f5cb74; --not-shown-fill: #3d2f0f; --not-shown-mark: #e69f00;
    --violated-ink: #ffb48a; --violated-fill: #45220f; --violated-mark: #f07b2b;
    --not-estimable-ink: #c3c9d0; --not-estimable-fill: #2b3037; --not-estimable-mark: #8f98a3;
    --s0: #56b4e9; --s1: #f0803c; --s2: #1fbf90; --s3: #cc79a7; --s4: #e6b800; --s5: #8fa9ff;
    --muted: #454c55; --allowed: #17271f;
  }
}
* { box-sizing: border-box; }
html { color-scheme: light dark; scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/24px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums lining-nums;
}
main { max-width: 1104px; margin: 0 auto; padding: 0 32px 96px; }
h1, h2, h3, h4, p, ul, dl, dd, figure { margin: 0; padding: 0; }
h1 { font-size: 32px; line-height: 40px; font-weight: 650; letter-spacing: -0.01em; }
h2 { font-size: 24px; line-height: 32px; font-weight: 600; letter-spacing: -0.005em; margin-bottom: 8px; }
h3 { font-size: 18px; line-height: 24px; font-weight: 600; margin: 40px 0 8px; }
h4 { font-size: 16px; line-height: 24px; font-weight: 600; margin: 32px 0 0; }
section { margin-top: 72px; scroll-margin-top: 56px; }
a { color: var(--link); }
code, pre { font: 13px/20px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.note, .intro, .x-title, .sub-caption, .facts, .overline { color: var(--quiet); }
.note { font-size: 14px; line-height: 20px; }
.intro { max-width: 72ch; margin-bottom: 24px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }

.contents {
  position: sticky; top: 0; z-index: 1; display: flex; gap: 4px 20px; padding: 12px 32px; overflow-x: auto;
  justify-content: safe center; background: var(--paper); border-bottom: 1px solid var(--rule);
  font-size: 14px; line-height: 20px; white-space: nowrap;
}
.contents a { color: var(--quiet); text-decoration: none; }
.contents a:hover { color: var(--ink); text-decoration: underline; }

.masthead { margin-top: 64px; }
.overline { font-size: 14px; line-height: 24px; }
.lead { font-size: 22px; line-height: 32px; margin-top: 16px; max-width: 44em; }
.facts { margin-top: 16px; font-size: 14px; line-height: 24px; display: flex; flex-wrap: wrap; gap: 0 24px; }
.masthead + section { margin-top: 48px; }

.notice {
  margin-top: 32px; padding: 16px 24px; background: var(--not-shown-fill); color: var(--not-shown-ink);
  border-left: 4px solid var(--not-shown-mark); border-radius: 4px;
}
.notice.strong { background: var(--violated-fill); color: var(--violated-ink); border-color: var(--violated-mark); }
.notice h2 { font-size: 16px; line-height: 24px; margin-bottom: 4px; }
.notice ul { padding-left: 20px; }

.verdicts, .plot-rows, .legend, .plain { list-style: none; }
.verdict { display: grid; grid-template-columns: 152px 1fr; gap: 8px 24px; padding: 16px 0;
  border-top: 1px solid var(--rule); }
.verdict:last-child { border-bottom: 1px solid var(--rule); }
.sentence { font-size: 17px; line-height: 24px; }
.badge { display: inline-flex; align-items: center; align-self: start; justify-self: start; gap: 6px;
  padding: 2px 12px 2px 8px; border-radius: 14px; font-size: 14px; line-height: 22px; font-weight: 600;
  white-space: nowrap; }
.badge .icon { width: 16px; height: 16px; flex: none; }
.badge.met { color: var(--met-ink); background: var(--met-fill); }
.badge.not-shown { color: var(--not-shown-ink); background: var(--not-shown-fill); }
.badge.violated { color: var(--violated-ink); background: var(--violated-fill); }
.badge.no-promise, .badge.not-estimable { color: var(--not-estimable-ink); background: var(--not-estimable-fill); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 24px; margin-top: 32px; }
.figures div:first-child { grid-column: span 2; }
.figures dt { font-size: 14px; line-height: 20px; color: var(--quiet); white-space: nowrap; }
.figures dd { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 12px; }
.figures .number { font-size: 22px; line-height: 32px; font-weight: 600; }
.figures div:first-child .number { font-size: 32px; line-height: 40px; }
.kept, .joint { margin-top: 24px; max-width: 72ch; }
.findings { margin-top: 24px; padding-left: 20px; max-width: 80ch; }
.findings li { margin-bottom: 8px; }

svg { overflow: visible; }
svg text { font-size: 12px; fill: var(--quiet); }
.shape.met, .dot { fill: var(--met-mark); }
.shape.not-shown { fill: var(--not-shown-mark); }
.shape.violated { fill: var(--violated-mark); }
.shape.no-promise, .shape.not-estimable { fill: var(--paper); stroke: var(--not-estimable-mark); stroke-width: 2; stroke-dasharray: 3 2; }
.dot { fill: var(--s0); stroke: var(--paper); stroke-width: 1; }
.dot.hollow { fill: var(--paper); stroke: var(--quiet); stroke-width: 1.5; }
.dot.lighter { fill: var(--not-estimable-mark); }
.interval { stroke: var(--ink); stroke-width: 3; stroke-linecap: round; }
.whisker { stroke: var(--ink); stroke-width: 1; }
.bound { stroke: var(--ink); stroke-width: 2; }
.lighter.interval, .lighter.whisker, .lighter.bound { stroke: var(--not-estimable-mark); stroke-width: 1.5; }
.rate .interval { stroke: var(--s0); stroke-width: 2; opacity: 0.6; }
.rule, .tick, .grid { stroke: var(--rule); stroke-width: 1; }
.reference { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 4 3; fill: none; }
.noise { stroke: var(--s3); stroke-width: 3; }
.allowed { fill: var(--allowed); }
.moment { stroke: var(--quiet); stroke-width: 1; }
.guide-word { fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
.bar { fill: var(--muted); }
.track { display: block; width: 100%; }
.canvas { display: block; width: 100%; }

.plot-row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 16px; padding: 8px 0; }
.plot-row > .track { grid-column: 1 / -1; grid-row: 2; }
.plot-row > .numbers { text-align: right; }
.plot-row .badge { margin-left: 4px; }
.axis-row { padding-top: 0; }
.estimate { white-space: nowrap; }
.gaps .plot-row { grid-template-columns: minmax(0, 1fr); padding: 12px 0; }
.gaps .plot-row > .track { grid-row: auto; margin-top: 4px; }
.gaps .plot-row > .numbers { grid-row: auto; margin-top: 4px; text-align: left; display: flex; flex-wrap: wrap;
  gap: 0 16px; align-items: baseline; }
.gaps .axis-row { padding: 0; }
.gaps .axis-row > .label { display: none; }
@media (min-width: 800px) {
  .gaps .axis-row > .label, .gaps .plot-row > .numbers { display: block; margin-top: 0; }
  .gaps .plot-row { grid-template-columns: 240px minmax(0, 1fr) 272px; gap: 0 24px; padding: 0; }
  .gaps .plot-row > .track { grid-column: 2; grid-row: 1; margin-top: 12px; }
  .gaps .plot-row > .numbers { text-align: left; }
  .gaps .plot-row > .label, .gaps .plot-row > .numbers { padding: 8px 0 16px; }
  .gaps .axis-row > .track { margin-top: 0; }
  .gaps .axis-row > .label, .gaps .axis-row > .numbers { padding: 0; }
}
.small-multiples { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 280px), 1fr));
  gap: 24px 48px; margin-bottom: 24px; }
.rate { font-size: 14px; line-height: 20px; }
.rate .plot-row { padding: 4px 0 0; }
figcaption, caption { font-size: 14px; line-height: 20px; font-weight: 600; text-align: left; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 40px 64px; }
.chart { min-width: 0; }
.plot { padding: 28px 12px 24px 48px; }
.plot.flush { padding-top: 4px; }
.x-title, .sub-caption { font-size: 12px; line-height: 16px; padding-left: 48px; }
.x-title { text-align: center; }
.sub-caption { margin-top: 16px; font-weight: 600; }
.series { fill: none; stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); }
.s3 { stroke: var(--s3); } .s4 { stroke: var(--s4); } .s5 { stroke: var(--s5); }
.muted { stroke: var(--muted); stroke-width: 1.25; }
.dashed { stroke-dasharray: 7 4; }
.dotted { stroke-dasharray: 2 3; }
.hit { stroke: none; fill: transparent; }
.hit:hover { fill: var(--ink); }
.lone { fill: var(--paper); stroke-dasharray: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 24px; padding: 8px 0 0 48px; font-size: 13px; line-height: 20px; }
.plot-rows + .legend { padding: 16px 0; }
.legend li { display: flex; align-items: center; gap: 8px; }
.sample { width: 28px; height: 14px; flex: none; }
.end-label text { fill: var(--ink); }
.end-label path { stroke-width: 1.25; stroke-dasharray: none; }
@media (min-width: 800px) {
  .with-end-labels { padding-right: 304px; }
  .with-end-labels ~ .legend { display: none; }
  .with-end-labels ~ .x-title { padding-right: 292px; }
}
@media (max-width: 799px) { .end-label { display: none; } }
.side-by-side { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 32px 64px;
  align-items: start; }

.scroll { overflow-x: auto; margin-top: 16px; }
.scroll + .note { margin-top: 16px; max-width: 96ch; }
.side-by-side .scroll { margin-top: 0; }
table { border-collapse: collapse; font-size: 14px; line-height: 20px; width: 100%; }
table.narrow { width: auto; min-width: 280px; margin-top: 32px; }
caption { padding: 0 0 8px; }
th, td { padding: 6px 0 6px 16px; text-align: right; border-bottom: 1px solid var(--rule); overflow-wrap: normal; }
th:first-child { text-align: left; padding-left: 0; min-width: 128px; overflow-wrap: anywhere; }
.words td, .words th { text-align: left; }
.words .figure { text-align: right; white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 500; }
td { white-space: nowrap; }
.block th { padding-top: 14px; color: var(--quiet); font-weight: 500; }
.figures + .scroll { margin-top: 40px; }
.current { background: var(--panel); font-weight: 600; }
.inside { color: var(--met-ink); }

details { margin-top: 24px; }
summary { cursor: pointer; color: var(--link); line-height: 32px; }
.outcome { margin-top: 12px; }
.outcome[open] { margin-bottom: 32px; }
.outcome summary { margin-bottom: 8px; }
.outcome summary strong { font-weight: 600; color: var(--ink); }
.outcome .badge { margin: 0 4px; }
.gaps + .gaps { margin-top: 24px; }
.small-multiples .reliability { align-self: end; }
.slim { max-width: 560px; }
.after { margin-top: 24px; max-width: 96ch; }
pre { margin: 8px 0 0; padding: 16px; background: var(--panel); border-radius: 4px; overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.columns { padding: 8px 0 0 20px; font-size: 14px; line-height: 24px; }
section > ul:not([class]) { padding-left: 20px; }
section > ul:not([class]) li { margin-bottom: 4px; max-width: 80ch; }
.guide > div { display: grid; grid-template-columns: 184px 1fr; gap: 4px 24px; padding: 12px 0;
  border-top: 1px solid var(--rule); }
.guide dt { font-weight: 600; }
.guide dd { max-width: 72ch; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 240px), 1fr)); gap: 16px 32px;
  margin-top: 24px; }
.pairs dt { font-size: 14px; line-height: 20px; color: var(--quiet); }

@media (max-width: 640px) {
  main { padding: 0 16px 64px; }
  .contents { padding: 12px 16px; }
  .masthead { margin-top: 40px; }
  h1 { font-size: 26px; line-height: 32px; }
  .lead { font-size: 19px; line-height: 28px; }
  section { margin-top: 56px; }
  .verdict, .guide > div { grid-template-columns: 1fr; }
  .notice { padding: 16px; }
  .plot { padding-left: 36px; }
  .legend, .x-title, .sub-caption { padding-left: 0; }
}
@media print {
  @page { margin: 16mm 14mm; }
  body { font-size: 10pt; line-height: 15pt; }
  main { max-width: none; padding: 0; }
  .contents { display: none; }
  .masthead { margin-top: 0; }
  section { margin-top: 28pt; }
  h2, h3, h4, figcaption, caption, summary, .intro { break-after: avoid; }
  th, td { padding-top: 3px; padding-bottom: 3px; }
  .charts, .side-by-side { grid-template-columns: 1fr 1fr; gap: 24px 32px; }
  .chart.wide { grid-column: 1 / -1; }
  .small-multiples { grid-template-columns: 1fr 1fr 1fr; gap: 16px 24px; }
  .rate, .rate .note { font-size: 8pt; line-height: 11pt; }
  .intro { break-inside: avoid; margin-bottom: 8px; }
  .gaps .plot-row { grid-template-columns: 144px minmax(0, 1fr) 216px; gap: 0 16px; padding: 4px 0; }
  .gaps .plot-row > .track { grid-column: 2; grid-row: 1; }
  .gaps .plot-row > .numbers { display: block; }
  .gaps .axis-row > .label { display: block; }
  figure, tr, .verdict, .plot-row, .notice, .guide > div { break-inside: avoid; }
  .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace equipoise::report
