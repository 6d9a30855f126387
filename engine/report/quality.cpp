#include "engine/report/quality.h"

#include <fmt/format.h>

#include "engine/report/figures.h"

namespace equipoise::report {

std::string quality_text(const Quality& quality) {
  return quality.is_error ? amount_text(quality.figure) : percent_text(quality.figure);
}

std::string quality_words(const Quality& quality) {
  if (!quality.interval) return quality_text(quality);
  return fmt::format("{} ({})", quality_text(quality),
                     quality.is_error ? figure_range(quality.interval, "number") : percent_range(quality.interval));
}

}  // namespace equipoise::report
