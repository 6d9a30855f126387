#include "engine/report/plot_key.h"

#include <string>

#include "engine/report/verdicts.h"

namespace equipoise::report {

using evaluation::Verdict;

void write_verdict_keys(Markup& page) {
  for (const Verdict verdict : {Verdict::met, Verdict::not_shown, Verdict::violated, Verdict::not_estimable}) {
    const auto item = page.in("li");
    draw_icon(page, verdict);
    page.text(look_of(verdict).word);
  }
}

void write_line_key(Markup& page, std::string_view style, std::string_view path, std::string_view words) {
  const auto item = page.in("li");
  {
    const auto sample = page.in("svg", {{"class", "sample"}, {"aria-hidden", "true"}, {"viewBox", "0 0 28 14"}});
    page.empty("path", {{"class", std::string(style)}, {"d", std::string(path)}});
  }
  page.text(words);
}

}  // namespace equipoise::report
