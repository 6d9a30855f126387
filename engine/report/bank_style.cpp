#include "engine/report/bank_sections.h"

namespace equipoise::report {

const char* const kBankStyleSheet = R"css(
.verdict-counts { list-style: none; display: grid; gap: 12px; }
.verdict-counts li { display: grid; grid-template-columns: 88px 152px minmax(0, 1fr); gap: 0 16px; align-items: baseline; }
.verdict-counts .number { font-size: 22px; line-height: 32px; font-weight: 600; text-align: right; white-space: nowrap; }
.verdict-counts .badge { align-self: center; }

.scatter + .legend { padding-left: 0; padding-top: 16px; }
.legend .icon { width: 16px; height: 16px; flex: none; }
.missing { margin-top: 12px; }
.missing + .scatter, .legend + .scatter { margin-top: 56px; }
.scatter > .note { margin-top: 8px; }
.bar-line { stroke: var(--quiet); stroke-width: 1.5; stroke-linecap: round; }
.tie { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 1 3; }
.bracket { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.scatter .bound { stroke-width: 1.5; }
.scatter .reference { stroke: var(--quiet); }
.leader { stroke: var(--quiet); stroke-width: 0.75; }
.crowded { opacity: 0.35; }
.bars:hover { opacity: 1; }
.mark-label { font-weight: 600; fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 3px;
  stroke-linejoin: round; }
.scatter-mark:hover .shape { stroke: var(--ink); stroke-width: 2; }
.scatter-mark:hover .mark-label { text-decoration: underline; }
.scatter-mark .shape:not(.not-estimable):not(.no-promise) { stroke: var(--paper); stroke-width: 1; }
.at-narrow { display: none; }

.members th:first-child { min-width: 40px; width: 40px; }
.members th, .members td { vertical-align: top; border-bottom: none; }
.members thead th { vertical-align: bottom; border-bottom: 1px solid var(--rule); }
.members tbody { border-bottom: 1px solid var(--rule); }
.members tbody > tr:first-child > * { padding-top: 10px; }
.members tbody > tr:last-child > * { padding-bottom: 10px; }
.members .settings { white-space: normal; min-width: 144px; max-width: 240px; overflow-wrap: anywhere; }
.members .constraint { white-space: normal; min-width: 128px; }
.members td .note { white-space: nowrap; font-size: 13px; }
.members .remark td { white-space: normal; padding-top: 0; font-size: 13px; }
.members .stopped strong { font-weight: 600; color: var(--violated-ink); }
.members tbody:target { background: var(--panel); }
.members tbody { scroll-margin-top: 56px; }
.choice { max-width: 80ch; margin-bottom: 8px; }
.after-guide { margin-top: 16px; }

@media (max-width: 799px) {
  .at-wide { display: none; }
  .at-narrow { display: inline; }
}
@media (max-width: 640px) {
  .verdict-counts li { grid-template-columns: 88px minmax(0, 1fr); }
  .verdict-counts .note { grid-column: 2; }
}
@media print {
  .members { font-size: 8pt; line-height: 11pt; }
  .members tbody, .verdict-counts li { break-inside: avoid; }
  .members th, .members td { padding-left: 8px; }
  .missing + .scatter, .legend + .scatter { margin-top: 28pt; }
}
)css";

}  // namespace equipoise::report
