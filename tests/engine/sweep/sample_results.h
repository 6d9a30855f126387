// Sweeps with figures by hand, in memory and as folders.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/evaluation/measurement.h"
#include "engine/sweep/results.h"

namespace equipoise::sweep {

struct SampleFigures {
  double accuracy = 0.8, gap = 0.02, bound = 0.04, tolerance = 0.05;
};

inline evaluation::Verdict sample_verdict(const SampleFigures& figures) {
  if (figures.gap > figures.tolerance) return evaluation::Verdict::violated;
  return figures.bound > figures.tolerance ? evaluation::Verdict::not_shown : evaluation::Verdict::met;
}

inline SplitFigures sample_split(const SampleFigures& figures) {
  SplitFigures split;
  split.rows = 1000;
  split.quality = figures.accuracy;
  split.quality_interval = evaluation::Interval{figures.accuracy - 0.01, figures.accuracy + 0.01};
  split.constraints = {ConstraintFigures{figures.gap, figures.bound, evaluation::Interval{0, figures.bound},
                                         figures.tolerance, 0.01, sample_verdict(figures)}};
  return split;
}

/// A finished run for each point, with the same figures on test and selection rows.
inline SweepResults sample_results(const std::vector<PlannedAxis>& axes, const std::vector<Point>& points,
                                   const std::vector<SampleFigures>& figures) {
  SweepResults results;
  results.plan.name = "sample";
  results.plan.search = "grid";
  results.plan.axes = axes;
  results.quality = evaluation::quality_of_task("binary");
  results.constraints = {{"demographic parity by sex", "points"}};
  for (const PlannedAxis& axis : axes)
    for (const std::string& field : axis.fields) {
      results.fields.push_back(field);
      results.short_names.push_back(field.substr(field.rfind('.') + 1));
    }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string id = fmt::format("{:04x}", i);
    PlannedRun planned;
    planned.id = planned.job = id;
    planned.point = points[i];
    results.plan.runs.push_back(planned);
    results.plan.jobs.push_back({id, JobKind::run, {}, {id}});
    RunResult& run = results.runs.emplace_back();
    run.folder = "jobs/" + id;
    run.status = RunStatus::finished;
    run.seconds = 2;
    for (const data::Split split : {data::Split::test, data::Split::selection})
      run.splits[static_cast<std::size_t>(split)] = sample_split(figures[i]);
  }
  return results;
}

/// Every tolerance at every seed: the gap and its bound grow with the tolerance, the accuracy too.
inline SweepResults sample_grid(std::size_t seeds = 3) {
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  const std::vector<double> tolerances = {0.01, 0.03, 0.1};
  std::vector<std::vector<Value>> seed_values;
  for (std::size_t seed = 0; seed < seeds; ++seed) seed_values.push_back({seed});
  for (const double tolerance : tolerances)
    for (std::size_t seed = 0; seed < seeds; ++seed) {
      points.push_back({{"constraints[0].tolerance", tolerance}, {"seed", seed}});
      const double shift = 0.001 * static_cast<double>(seed);
      figures.push_back(
          {0.8 + tolerance / 2 + shift, 0.005 + tolerance / 2 + shift, 0.02 + tolerance / 2 + shift, tolerance});
    }
  return sample_results({{{"constraints[0].tolerance"}, {{0.01}, {0.03}, {0.1}}}, {{"seed"}, seed_values}}, points,
                        figures);
}

/// Runs without seeds whose figures are drawn from few values, so that there are ties among them.
inline SweepResults random_results(unsigned seed, std::size_t count) {
  std::mt19937 draws(seed);
  const auto one_of = [&](int steps) { return static_cast<double>(draws() % static_cast<unsigned>(steps)); };
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (std::size_t i = 0; i < count; ++i) {
    points.push_back({{"x", i}});
    const double gap = 0.005 * one_of(20);
    figures.push_back({0.7 + 0.01 * one_of(20), gap, gap + 0.01, 0.05});
  }
  return sample_results({{{"x"}, {}}}, points, figures);
}

inline void write_text(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

inline evaluation::SplitResult sample_split_result(const std::string& name, const SampleFigures& figures) {
  evaluation::SplitResult split;
  split.split = name;
  split.metrics.rows = 1000;
  split.metrics.accuracy = figures.accuracy;
  split.metrics.accuracy_interval = evaluation::Interval{figures.accuracy - 0.01, figures.accuracy + 0.01};
  split.metrics.auc = 0.9;
  split.metrics.log_loss = 0.4;
  evaluation::ConstraintResult constraint;
  constraint.title = fmt::format("demographic parity by sex, gap at most {}", figures.tolerance);
  constraint.kind = "demographic_parity";
  constraint.grouping = "sex";
  constraint.form = "max_min";
  constraint.unit = "points";
  constraint.tolerance = figures.tolerance;
  constraint.gap = figures.gap;
  constraint.upper_bound = figures.bound;
  constraint.interval = evaluation::Interval{0, figures.bound};
  constraint.verdict = sample_verdict(figures);
  constraint.promises.resize(2);
  constraint.promises[0].noise_floor = 0.004;
  constraint.promises[1].noise_floor = 0.007;
  split.constraints = {constraint};
  return split;
}

/// Of a results.json what a sweep reads, and some that it does not (tests/engine/report/sweep_results_test.cpp reads a whole one).
inline std::string sample_results_text(const SampleFigures& figures) {
  const nlohmann::json measured = evaluation::to_json(evaluation::Measurement{});
  const nlohmann::json results = {{"format", 1},
                                  {"outcome", "finished"},
                                  {"confidence", 0.95},
                                  {"training_seconds", 2.5},
                                  {"steps", 120},
                                  {"warnings", nlohmann::json::array()},
                                  {"splits",
                                   {evaluation::to_json(sample_split_result("test", figures)),
                                    evaluation::to_json(sample_split_result("selection", figures))}},
                                  {"measurements", {measured, measured, measured}}};
  return results.dump(2);
}

inline std::string sample_marker(const std::string& status) {
  return fmt::format(R"({{"program": "equipoise", "format": 1, "status": "{}", "command": "", "config": "",
    "config_sha256": "", "resolved_sha256": "", "started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:00:04Z"}})",
                     status);
}

/// A finished run's folder.
inline void write_run(const std::filesystem::path& folder, const SampleFigures& figures) {
  write_text(folder / "run.json", sample_marker("finished"));
  write_text(folder / "results.json", sample_results_text(figures));
}

/// An empty folder for each test: several run at once.
class FreshFolder : public ::testing::Test {
 protected:
  FreshFolder()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                fmt::format("equipoise_{}_{}",
                            ::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name(), ::getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~FreshFolder() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_;
};

}  // namespace equipoise::sweep
