#include "engine/tracking/tensorboard.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <set>

#include "engine/core/clock.h"
#include "engine/core/files.h"
#include "engine/core/host.h"
#include "engine/tracking/event_messages.h"
#include "engine/tracking/records.h"

namespace equipoise::tracking {
namespace {

namespace fs = std::filesystem;

// Constraints come on top of these, each with its tolerance.
constexpr const char* kVaried[] = {"seed",
                                   "training.seed",
                                   "precision",
                                   "model.kind",
                                   "model.hidden",
                                   "model.dropout",
                                   "training.epochs",
                                   "training.batch_size",
                                   "training.optimizer.kind",
                                   "training.optimizer.learning_rate",
                                   "training.optimizer.weight_decay",
                                   "training.schedule",
                                   "training.keep",
                                   "multipliers.update",
                                   "multipliers.step",
                                   "multipliers.measure_on",
                                   "multipliers.allowance",
                                   "multipliers.margin"};

std::vector<fs::path> event_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().filename().string().starts_with(kEventFilePrefix)) files.push_back(entry->path());
  std::ranges::sort(files);
  return files;
}

std::int64_t last_step(const std::vector<fs::path>& files) {
  std::int64_t last = -1;
  for (const fs::path& file : files) {
    const std::string content = core::read_file(file);
    for (const std::string_view record : whole_records(content)) last = std::max(last, step_of_values(record));
  }
  return last;
}

// TensorBoard reads the files of a folder in the order of their names: a later start needs a later one.
fs::path next_file(const fs::path& folder, const std::vector<fs::path>& earlier) {
  auto second = static_cast<std::int64_t>(core::unix_seconds());
  for (const fs::path& file : earlier) {
    const std::string name = file.filename().string().substr(std::string_view(kEventFilePrefix).size());
    std::int64_t then = 0;
    std::from_chars(name.data(), name.data() + name.size(), then);
    second = std::max(second, then + 1);
  }
  return folder / fmt::format("{}{:010d}.{}.{}", kEventFilePrefix, second, core::host_name(), ::getpid());
}

struct Writer {
  RunFacts facts;
  fs::path file;
  std::int64_t last = -1;  // step that the folder has
  bool has_layout = false;

  void write(std::int64_t step, const std::vector<std::string>& values) const {
    core::append_to_file(file, framed(event_of(core::unix_seconds(), step, values)));
  }
};

// A gap between its bounds beside its tolerance, or the gap alone where no selection rows are measured.
std::string gap_chart(const PromiseFacts& promise, bool has_bounds) {
  const std::string tolerance = tolerance_name(promise.title), driving = gap_name("driving", promise.title);
  const bool has_tolerance = std::isfinite(promise.tolerance);
  if (!has_bounds)
    return line_chart(promise.title,
                      has_tolerance ? std::vector{driving, tolerance} : std::vector<std::string>{driving});
  std::vector<Margin> series = {
      {gap_name("selection", promise.title), lower_bound_name(promise.title), upper_bound_name(promise.title)}};
  if (has_tolerance) series.push_back({tolerance, tolerance, tolerance});
  return margin_chart(promise.title, series);
}

std::string layout_of(const RunFacts& facts, bool has_bounds) {
  std::vector<std::string> gaps, multipliers;
  for (const PromiseFacts& promise : facts.promises) gaps.push_back(gap_chart(promise, has_bounds));
  std::vector<std::string> seen;
  for (const MultiplierFacts& row : facts.multipliers) {
    if (std::ranges::find(seen, row.constraint) != seen.end()) continue;
    seen.push_back(row.constraint);
    std::vector<std::string> curves;
    for (const MultiplierFacts& other : facts.multipliers)
      if (other.constraint == row.constraint) curves.push_back(multiplier_name(other.title));
    multipliers.push_back(line_chart("multipliers of " + row.constraint, curves));
  }
  std::vector<std::string> categories;
  if (!gaps.empty()) categories.push_back(chart_category("gaps", gaps));
  if (!multipliers.empty()) categories.push_back(chart_category("multipliers", multipliers));
  categories.push_back(
      chart_category("quality", {line_chart("loss", {"loss/training", "loss/selection"}),
                                 line_chart("accuracy", {"accuracy/training", "accuracy/selection"})}));
  return chart_layout(categories);
}

std::vector<std::string> metrics_of(const RunFacts& facts) {
  std::vector<std::string> names = {"test/accuracy", "loss/selection", "accuracy/selection"};
  for (const std::string& constraint : facts.constraints)
    for (const char* figure : {"test/gap/", "test/upper_bound/"}) names.push_back(figure + constraint);
  return names;
}

void begin(Writer& writer) {
  core::append_to_file(writer.file, framed(version_event(core::unix_seconds())));
  if (writer.last >= 0) return;  // the folder has the rest
  const std::vector<Setting> settings = varied_settings(writer.facts);
  writer.write(0, {hparams_value("_hparams_/experiment",
                                 hparams_experiment(core::unix_seconds(), settings, metrics_of(writer.facts))),
                   hparams_value("_hparams_/session_start_info",
                                 hparams_start(writer.facts.label, core::unix_seconds(), settings))});
}

std::vector<std::string> scalars(const std::vector<Figure>& figures) {
  std::vector<std::string> values;
  for (const Figure& figure : figures) values.push_back(scalar_value(figure));
  return values;
}

void write_measurement(Writer& writer, const evaluation::Measurement& measurement) {
  if (measurement.step <= writer.last) return;
  if (!writer.has_layout) writer.write(0, {layout_value(layout_of(writer.facts, !measurement.selection_gaps.empty()))});
  writer.has_layout = true;
  writer.write(measurement.step, scalars(figures_of(writer.facts, measurement)));
  writer.last = measurement.step;
}

void write_end(Writer& writer, const RunEnd& end) {
  const std::int64_t step = std::max<std::int64_t>(writer.last, 0);
  writer.write(step, scalars(final_figures(writer.facts, end)));
  writer.write(step, {hparams_value("_hparams_/session_end_info",
                                    hparams_end(end.outcome == "finished", core::unix_seconds()))});
}

}  // namespace

std::vector<Setting> varied_settings(const RunFacts& facts) {
  std::vector<Setting> varied;
  for (const char* path : kVaried) {
    const auto found = std::ranges::find(facts.settings, path, &Setting::path);
    if (found != facts.settings.end()) varied.push_back(*found);
  }
  std::set<std::string> constraints;
  for (const PromiseFacts& promise : facts.promises)
    if (std::isfinite(promise.tolerance) && constraints.insert(promise.constraint).second)
      varied.push_back({"tolerance of " + promise.constraint, promise.tolerance});
  return varied;
}

Sink tensorboard_sink(const RunFacts& facts) {
  const std::vector<fs::path> earlier = event_files(facts.folder);
  const auto writer = std::make_shared<Writer>(Writer{facts, next_file(facts.folder, earlier), last_step(earlier)});
  begin(*writer);
  return {"TensorBoard",
          [writer](const evaluation::Measurement& measurement) { write_measurement(*writer, measurement); },
          [writer](const RunEnd& end) { write_end(*writer, end); }};
}

}  // namespace equipoise::tracking
