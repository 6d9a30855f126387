#include "engine/cli/starting_multipliers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/cli/json_file.h"
#include "engine/cli/saved_run.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/report/report.h"

namespace equipoise::cli {
namespace {

constexpr const char* kField = "multipliers.start_from";

core::UserError refusal(const std::string& what, const config::Origin& origin) {
  return core::UserError(core::Fault::data, std::string(kField) + ": " + what, origin.of(kField));
}

report::Report results_of(const std::string& folder) {
  const SavedRun run = open_trained_run(folder);
  std::error_code error;
  if (!std::filesystem::exists(run.file(run_files::kResults), error)) {
    throw core::UserError(core::Fault::data,
                          fmt::format("the run '{}' is {} and has no results.json", folder, run.marker.status));
  }
  return report::report_from_json(read_json(run.file(run_files::kResults)));
}

report::Report results_from(const std::string& folder, const config::Origin& origin) {
  try {
    return results_of(folder);
  } catch (const core::UserError& error) {
    throw refusal(error.what(), origin);
  }
}

// Of the model that was kept, else the last; nullptr where nothing was measured.
const report::Measurement* measurement_of(const report::Report& results) {
  const auto kept = std::ranges::find_if(results.measurements,
                                         [&](const report::Measurement& m) { return m.step == results.kept_step; });
  if (kept != results.measurements.end()) return &*kept;
  return results.measurements.empty() ? nullptr : &results.measurements.back();
}

}  // namespace

std::vector<double> starting_multipliers(const training::RunConfig& config, const constraints::ConstraintTable& table,
                                         const config::Origin& origin, core::Journal& journal) {
  const std::string& folder = config.multipliers.start_from;
  if (folder.empty()) return {};
  const report::Report results = results_from(folder, origin);
  const report::Measurement* measurement = measurement_of(results);
  if (measurement == nullptr) throw refusal(fmt::format("the run '{}' measured nothing", folder), origin);
  const std::vector<std::string> titles = constraints::row_titles(table);
  const std::vector<std::string>& stored = results.multiplier_titles;
  std::vector<double> values(titles.size(), 0.0);
  std::size_t matched = 0;
  std::vector<bool> is_taken(stored.size());
  for (std::size_t j = 0; j < titles.size(); ++j) {
    // Rows of several constraints may have one title, as of two tolerances: the first is for the first, the second for the second.
    std::size_t place = 0;
    while (place < stored.size() && (is_taken[place] || stored[place] != titles[j])) ++place;
    if (place < stored.size()) is_taken[place] = true;
    if (place >= measurement->multipliers.size()) continue;
    ++matched;
    if (std::isfinite(measurement->multipliers[place])) values[j] = measurement->multipliers[place];
  }
  if (matched == 0) {
    throw refusal(
        fmt::format("no multiplier of '{}' is for a row of this config; it has {}, and here are {}", folder,
                    stored.empty() ? "none" : core::listed(stored), titles.empty() ? "none" : core::listed(titles)),
        origin);
  }
  journal.say(fmt::format("Multipliers start where those of '{}' were at step {}: {} of {} rows have a counterpart{}.",
                          folder, measurement->step, matched, titles.size(),
                          matched == titles.size() ? "" : ", the others start at 0"));
  return values;
}

}  // namespace equipoise::cli
