#include "engine/sweep/halving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/sweep/plan.h"
#include "engine/sweep/results_reader.h"

namespace equipoise::sweep {
namespace {

namespace fs = std::filesystem;

// Of its whole training: 1/8, 1/4 and 1/2 where there are three rungs.
double share_at(std::int64_t rung, std::int64_t rungs) {
  return std::ldexp(1.0, static_cast<int>(rung - rungs));
}

// What could not be measured is the worst.
bool is_fairer(const RungFigures& other, const RungFigures& own, double by) {
  if (other.unmeasured != own.unmeasured) return other.unmeasured < own.unmeasured;
  return other.gap < own.gap - by;
}

// At least as good in both figures, and better by more than `by` in one.
bool is_better(const RungFigures& other, const RungFigures& own, double by) {
  return other.score >= own.score && !is_fairer(own, other, 0) &&
         (other.score > own.score + by || is_fairer(other, own, by));
}

// How far a run was when it was measured last, at an earlier start; 0 where nothing says so.
double epoch_before(const fs::path& run, double epoch) {
  double before = 0;
  std::ifstream file(run / "measurements.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("epoch") || !json["epoch"].is_number()) continue;
    if (const double at = json["epoch"]; at < epoch) before = std::max(before, at);
  }
  return before;
}

std::string gap_text(const RungFigures& figures) {
  return figures.unmeasured > 0 ? "not measured" : fmt::format("{:.4f}", figures.gap);
}

}  // namespace

RungFigures figures_of(const evaluation::Measurement& measurement, bool by_loss) {
  RungFigures figures;
  figures.score = by_loss ? -measurement.selection_loss.value_or(measurement.training_loss)
                          : measurement.selection_accuracy.value_or(measurement.training_accuracy);
  const auto& gaps = measurement.selection_gaps.empty() ? measurement.training_gaps : measurement.selection_gaps;
  for (const std::optional<double>& gap : gaps) {
    figures.gap = std::max(figures.gap, gap.value_or(0));
    figures.unmeasured += !gap;
  }
  return figures;
}

bool goes_on(const RungFigures& own, const std::vector<RungFigures>& all, const HalvingParams& params) {
  if (all.size() < static_cast<std::size_t>(params.at_least)) return true;
  const auto better_by = [&](double by) {
    return std::ranges::count_if(all, [&](const RungFigures& other) { return is_better(other, own, by); });
  };
  if (better_by(params.near) == 0) return true;
  return static_cast<double>(better_by(0)) < params.keep * static_cast<double>(all.size());
}

Halving::Halving(fs::path folder, const std::string& job) : folder_(std::move(folder)) {
  const Plan plan = read_plan(folder_);
  const auto planned = std::ranges::find(plan.jobs, job, &PlannedJob::id);
  if (planned == plan.jobs.end())
    throw core::UserError(core::Fault::data, fmt::format("the sweep '{}' has no job '{}'", folder_.string(), job));
  params_ = plan.halving;
  metric_ = plan.metric;
  const fs::path own = folder_ / sweep_files::kJobs / job;
  for (std::size_t i = 0; i < planned->runs.size(); ++i) {
    const std::string& run = planned->runs[i];
    members_.push_back({run, planned->kind == JobKind::bank ? own / "members" / fmt::format("{:03}", i) : own,
                        read_reason(folder_ / sweep_files::kStopped / (run + ".json")).value_or(""), std::nullopt});
  }
}

// By what they say: a sweep file that is changed may have other rungs, or another metric.
fs::path Halving::figures_folder(double epochs) const {
  return folder_ / sweep_files::kRungs / fmt::format("{}-{:.6g}", metric_, epochs);
}

void Halving::record(std::size_t member, const evaluation::Measurement& measurement, std::int64_t epochs) {
  Member& own = members_.at(member);
  own.figures.clear();
  read_.clear();
  if (!own.stopped.empty()) return;
  const double before = own.epoch ? *own.epoch : epoch_before(own.folder, measurement.epoch);
  own.epoch = measurement.epoch;
  const auto epochs_at = [&](std::int64_t rung) { return share_at(rung, params_.rungs) * static_cast<double>(epochs); };
  std::int64_t rung = params_.rungs - 1;
  while (rung >= 0 && epochs_at(rung) > measurement.epoch) --rung;
  if (rung < 0 || epochs_at(rung) <= before) return;
  const fs::path folder = figures_folder(epochs_at(rung));
  std::error_code error;
  if (fs::exists(folder / (own.run + ".json"), error)) return;  // it came there at an earlier start, and went on
  const RungFigures figures = figures_of(measurement, metric_ == "loss");
  const nlohmann::ordered_json json = {{"score", figures.score},
                                       {"gap", figures.gap},
                                       {"unmeasured", figures.unmeasured},
                                       {"epoch", measurement.epoch},
                                       {"step", measurement.step}};
  fs::create_directories(folder, error);
  core::write_file_atomically(folder / (own.run + ".json"), json.dump() + "\n");
  own.rung = rung;
  own.figures = folder;
}

// A bank's members come to a rung together: it is read once for all of them.
const std::vector<RungFigures>& Halving::figures_in(const fs::path& folder) {
  const auto [found, is_new] = read_.try_emplace(folder);
  std::vector<RungFigures>& all = found->second;
  if (!is_new) return all;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".json") continue;  // one that is being written
    const auto json = nlohmann::json::parse(core::read_file(entry->path()), nullptr, false);
    if (json.is_object() && json.contains("score") && json["score"].is_number())
      all.push_back({json["score"], json.value("gap", 0.0), json.value("unmeasured", std::size_t{0})});
  }
  return all;
}

std::string Halving::verdict(std::size_t member, const evaluation::Measurement& measurement) {
  Member& at = members_.at(member);
  if (!at.stopped.empty()) return at.stopped;
  if (at.figures.empty()) return "";
  const std::vector<RungFigures>& all = figures_in(std::exchange(at.figures, {}));
  const RungFigures own = figures_of(measurement, metric_ == "loss");
  if (goes_on(own, all, params_)) return "";
  const std::string reason = fmt::format(
      "stopped at rung {} of {}, after {:.4g} epochs: of the {} runs that came as far, others are at least as good in "
      "{} ({:.4f}) and gap ({}), and better by more than {:.4g} in one",
      at.rung + 1, params_.rungs, measurement.epoch, all.size(), metric_, std::abs(own.score), gap_text(own),
      params_.near);
  const nlohmann::ordered_json json = {{"rung", at.rung}, {"steps", measurement.step}, {"reason", reason}};
  core::write_file_atomically(folder_ / sweep_files::kStopped / (at.run + ".json"), json.dump() + "\n");
  return reason;
}

}  // namespace equipoise::sweep
