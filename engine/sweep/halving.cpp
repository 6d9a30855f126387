#include "engine/sweep/halving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

// At least as good in both figures, and better by more than `by` in one.
bool is_better(const RungFigures& other, const RungFigures& own, double by) {
  return other.score >= own.score && other.gap <= own.gap && (other.score > own.score + by || other.gap < own.gap - by);
}

}  // namespace

RungFigures figures_of(const evaluation::Measurement& measurement, bool by_loss) {
  RungFigures figures;
  figures.score = by_loss ? -measurement.selection_loss.value_or(measurement.training_loss)
                          : measurement.selection_accuracy.value_or(measurement.training_accuracy);
  const auto& gaps = measurement.selection_gaps.empty() ? measurement.training_gaps : measurement.selection_gaps;
  for (const std::optional<double>& gap : gaps)
    if (gap) figures.gap = std::max(figures.gap, *gap);
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
  by_loss_ = plan.metric == "loss";
  runs_ = planned->runs;
  // Rungs that an earlier start of the same run came to are behind it.
  for (const std::string& run : runs_) {
    std::error_code error;
    std::int64_t rung = 0;
    while (rung < params_.rungs && fs::exists(rung_folder(rung) / (run + ".json"), error)) ++rung;
    next_rung_.push_back(rung);
    stopped_.push_back(read_reason(folder_ / sweep_files::kStopped / (run + ".json")).value_or(""));
  }
  is_at_rung_.assign(runs_.size(), false);
}

fs::path Halving::rung_folder(std::int64_t rung) const {
  return folder_ / sweep_files::kRungs / std::to_string(rung);
}

void Halving::record(std::size_t member, const evaluation::Measurement& measurement, std::int64_t epochs) {
  std::int64_t& rung = next_rung_.at(member);
  is_at_rung_[member] = false;
  read_.clear();
  if (!stopped_[member].empty()) return;
  if (rung >= params_.rungs || measurement.epoch < share_at(rung, params_.rungs) * static_cast<double>(epochs)) return;
  const RungFigures figures = figures_of(measurement, by_loss_);
  const nlohmann::ordered_json json = {{"score", figures.score}, {"gap", figures.gap}, {"step", measurement.step}};
  std::error_code error;
  fs::create_directories(rung_folder(rung), error);
  core::write_file_atomically(rung_folder(rung) / (runs_[member] + ".json"), json.dump() + "\n");
  is_at_rung_[member] = true;
  ++rung;
}

// A bank's members come to a rung together: it is read once for all of them.
const std::vector<RungFigures>& Halving::at_rung(std::int64_t rung) {
  const auto [found, is_new] = read_.try_emplace(rung);
  std::vector<RungFigures>& all = found->second;
  if (!is_new) return all;
  std::error_code error;
  for (fs::directory_iterator entry(rung_folder(rung), error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != ".json") continue;  // one that is being written
    const auto json = nlohmann::json::parse(core::read_file(entry->path()), nullptr, false);
    if (json.is_object() && json.contains("score") && json["score"].is_number())
      all.push_back({json["score"], json.value("gap", 0.0)});
  }
  return all;
}

std::string Halving::verdict(std::size_t member, const evaluation::Measurement& measurement) {
  if (!stopped_.at(member).empty()) return stopped_[member];
  if (!is_at_rung_[member]) return "";
  is_at_rung_[member] = false;
  const std::int64_t rung = next_rung_[member] - 1;
  const std::vector<RungFigures>& all = at_rung(rung);
  const RungFigures own = figures_of(measurement, by_loss_);
  if (goes_on(own, all, params_)) return "";
  const std::string reason = fmt::format(
      "stopped at rung {} of {}, after {:.4g} epochs: of the {} runs that came as far, others are at least as good in "
      "{} ({:.4f}) and gap ({:.4f}), and better by more than {:.4g} in one",
      rung + 1, params_.rungs, measurement.epoch, all.size(), by_loss_ ? "loss" : "accuracy", std::abs(own.score),
      own.gap, params_.near);
  const nlohmann::ordered_json json = {{"rung", rung}, {"steps", measurement.step}, {"reason", reason}};
  core::write_file_atomically(folder_ / sweep_files::kStopped / (runs_[member] + ".json"), json.dump() + "\n");
  return reason;
}

}  // namespace equipoise::sweep
