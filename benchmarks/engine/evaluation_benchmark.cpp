// How fast scored rows are evaluated: 8 groups, AUC of each and of everyone, all rates with intervals, equalized odds and
// demographic parity judged, and accuracy, rates and gaps at 100 thresholds.
//
//   evaluation_benchmark [rows] [repeats] [folder] [--device cpu|cuda|cuda:N]
//
// The answer is checked first, against a sort and counts of the library, and that of a GPU against the CPU's. Medians. On
// a GPU the rows are there before the clock starts, as scores are where the model is. With a folder, rows and figures are
// left in it for benchmarks/peers/evaluation.py, which does the same work with scikit-learn and Fairlearn.
#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/core/seed.h"
#include "engine/evaluation/score_statistics.h"
#include "engine/training/device_statistics.h"
#include "engine/training/trainer.h"

namespace equipoise {
namespace {

constexpr int kGroups = 8;
constexpr std::int64_t kMinRows = 30;

double draw(std::int64_t row, int use) {
  return core::uniform(core::mix(core::mix(30, static_cast<std::uint64_t>(row)), use));
}

// Groups of unequal size; scores as a model gives them: better than chance, many near 0 and few near 1, of the
// precision of a network's float.
struct Rows {
  std::vector<double> probability;
  data::Dataset dataset;
  std::vector<constraints::ConstraintParams> constraints = {{"equalized_odds", {"group"}, 0.05},
                                                            {"demographic_parity", {"group"}, 0.05}};
  constraints::ConstraintTable table;

  explicit Rows(std::int64_t rows) {
    data::Grouping grouping{"group", {}, {}};
    for (int group = 0; group < kGroups; ++group) grouping.levels.push_back("group " + std::to_string(group));
    for (std::int64_t row = 0; row < rows; ++row) {
      const int group = static_cast<int>(kGroups * draw(row, 0) * draw(row, 1));
      const bool positive = draw(row, 2) < 0.2 + 0.02 * group;
      const double normal = draw(row, 3) + draw(row, 4) + draw(row, 5) - 1.5;
      const float logit = static_cast<float>(4 * normal + (positive ? 0.5 : -1.5) + 0.1 * group);
      grouping.codes.push_back(group);
      dataset.labels.push_back(positive);
      dataset.splits.push_back(data::Split::test);
      probability.push_back(1 / (1 + std::exp(-static_cast<double>(logit))));
    }
    dataset.encoded.rows = rows;
    dataset.groupings = {std::move(grouping)};
    core::Journal journal;
    table = constraints::compile(constraints, dataset, kMinRows, config::Origin(), journal);
  }

  evaluation::Scores scores() const {
    const data::Grouping& grouping = dataset.groupings.front();
    return {probability, dataset.labels, {}, table.cells.of_row, {{grouping.name, grouping.levels, grouping.codes}}};
  }
};

std::vector<double> hundred_thresholds() {
  std::vector<double> thresholds;
  for (int k = 1; k <= 100; ++k) thresholds.push_back(k / 101.0);
  return thresholds;
}

evaluation::StatisticsRequest request_of(const Rows& rows) {
  return {rows.table.cells.count(), evaluation::EvaluationParams().calibration_bins, hundred_thresholds()};
}

evaluation::SplitResult evaluated(const Rows& rows, const evaluation::ScoreStatistics& statistics) {
  return evaluation::evaluate("test", statistics, rows.table, rows.constraints, kMinRows, {}, 7);
}

// Rows where they are evaluated, and how.
using Evaluate = std::function<evaluation::SplitResult()>;

Evaluate on_host(const Rows& rows, const evaluation::Scores& scores) {
  return [&] { return evaluated(rows, evaluation::host_statistics("test", scores, request_of(rows))); };
}

Evaluate on_device(const Rows& rows, const at::Device& device) {
  const auto count = static_cast<std::int64_t>(rows.probability.size());
  const at::Tensor probability =
      at::from_blob(const_cast<double*>(rows.probability.data()), {count}, at::kDouble).to(device);
  const training::DeviceScores scores = training::device_scores(rows.dataset, rows.table.cells.of_row, probability);
  return [&rows, scores] { return evaluated(rows, training::device_statistics("test", scores, request_of(rows))); };
}

// By the positives' mean ranks, ties sharing theirs. Group -1: everyone.
double area_by_ranks(const Rows& rows, int group) {
  std::vector<std::pair<double, int>> sorted;
  for (std::size_t i = 0; i < rows.probability.size(); ++i) {
    if (group < 0 || rows.dataset.groupings[0].codes[i] == group)
      sorted.emplace_back(rows.probability[i], rows.dataset.labels[i]);
  }
  std::sort(sorted.begin(), sorted.end());
  double ranks = 0, positives = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    double tied = 0;
    for (; end < sorted.size() && sorted[end].first == sorted[i].first; ++end) tied += sorted[end].second;
    ranks += tied * (static_cast<double>(i + end) + 1) / 2;
    positives += tied;
    i = end;
  }
  return (ranks - positives * (positives + 1) / 2) / (positives * (static_cast<double>(sorted.size()) - positives));
}

void expect_near(const std::string& what, double value, double expected) {
  if (!(std::abs(value - expected) <= 1e-9))
    throw std::runtime_error(what + " is " + std::to_string(value) + ", expected " + std::to_string(expected));
}

void check(const Rows& rows, const evaluation::SplitResult& answer) {
  for (int group = -1; group < kGroups; ++group) {
    expect_near("the AUC of group " + std::to_string(group), answer.metrics.groups[group + 1].auc.value_or(-1),
                area_by_ranks(rows, group));
  }
  for (const int k : {0, 49, 99}) {
    const double threshold = hundred_thresholds()[k];
    double selected = 0, right = 0;
    std::vector<double> of_group(kGroups, 0.0), size(kGroups, 0.0);
    for (std::size_t i = 0; i < rows.probability.size(); ++i) {
      const bool above = rows.probability[i] > threshold;
      selected += above;
      right += above == (rows.dataset.labels[i] == 1);
      of_group[rows.dataset.groupings[0].codes[i]] += above;
      size[rows.dataset.groupings[0].codes[i]] += 1;
    }
    double least = 1, most = 0;
    for (int group = 0; group < kGroups; ++group) {
      least = std::min(least, of_group[group] / size[group]);
      most = std::max(most, of_group[group] / size[group]);
    }
    const double all = static_cast<double>(rows.probability.size());
    expect_near("the selection rate at a threshold", answer.thresholds[k].selection_rate, selected / all);
    expect_near("the accuracy at a threshold", answer.thresholds[k].accuracy, right / all);
    expect_near("the parity gap at a threshold", answer.thresholds[k].gaps[1].value_or(-1), most - least);
  }
}

// Counts, and all that follows from them, must be the same; sums of scores and losses nearly.
void check_device(const evaluation::SplitResult& answer, const evaluation::SplitResult& expected) {
  const nlohmann::json own = to_json(answer), other = to_json(expected);
  if (own["constraints"] != other["constraints"] || own["thresholds"] != other["thresholds"] ||
      own["metrics"]["groups"] != other["metrics"]["groups"])
    throw std::runtime_error("the device's gaps, verdicts, thresholds or groups are not those of the CPU");
  expect_near("the log loss", answer.metrics.log_loss, expected.metrics.log_loss);
  expect_near("the Brier score", answer.metrics.brier, expected.metrics.brier);
  expect_near("the calibration error", answer.metrics.calibration_error, expected.metrics.calibration_error);
}

template <typename T>
void write_column(const std::filesystem::path& path, const std::vector<T>& values) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

void write_for_peers(const std::filesystem::path& folder, const Rows& rows, const evaluation::SplitResult& answer,
                     double seconds) {
  std::filesystem::create_directories(folder);
  write_column(folder / "scores.f64", rows.probability);
  write_column(folder / "labels.u8", rows.dataset.labels);
  write_column(folder / "groups.i32", rows.dataset.groupings[0].codes);
  nlohmann::json figures = {{"seconds", seconds}};
  for (int group = 0; group < kGroups; ++group) {
    const evaluation::GroupMetrics& metrics = answer.metrics.groups[group + 1];
    figures["auc"].push_back(metrics.auc.value());
    figures["selection_rate"].push_back(metrics.selection_rate.value());
    figures["true_positive_rate"].push_back(metrics.true_positive_rate.value());
    figures["false_positive_rate"].push_back(metrics.false_positive_rate.value());
  }
  for (const evaluation::ThresholdRow& row : answer.thresholds) {
    figures["parity_gap"].push_back(row.gaps[1].value());
    figures["odds_gap"].push_back(row.gaps[0].value());
  }
  std::ofstream out(folder / "figures.json");
  out << figures;
  if (!out.flush()) throw std::runtime_error("cannot write " + (folder / "figures.json").string());
}

at::Device device_named(const std::string& name) {
  training::RunConfig config;
  config.device = name;
  config.threads = at::get_num_threads();  // as OMP_NUM_THREADS has them
  core::Journal journal;
  return training::choose_device(config, config::Origin(), journal);
}

void run(std::int64_t row_count, int repeats, const std::string& folder, const std::string& device_name) {
  const at::Device device = device_named(device_name);
  const Rows rows(row_count);
  const evaluation::Scores scores = rows.scores();
  const Evaluate evaluate = device.is_cpu() ? on_host(rows, scores) : on_device(rows, device);
  const evaluation::SplitResult answer = evaluate();
  check(rows, answer);
  if (!device.is_cpu()) check_device(answer, on_host(rows, scores)());
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const evaluation::SplitResult again = evaluate();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (to_json(again) != to_json(answer)) throw std::runtime_error("not the same bits again");
  }
  std::ranges::sort(seconds);
  const double median = seconds[seconds.size() / 2];
  std::printf("rows %lld, groups %d, thresholds 100, %s, %d threads, median of %d\n", static_cast<long long>(row_count),
              kGroups, device.str().c_str(), at::get_num_threads(), repeats);
  std::printf("evaluation  %8.1f ms  %12.0f rows/s  (asked for 10 000 000 rows: at most %s)\n", median * 1e3,
              static_cast<double>(row_count) / median, device.is_cpu() ? "2 s on 2 cores" : "60 ms on a GPU");
  if (!folder.empty()) write_for_peers(folder, rows, answer, median);
}

}  // namespace
}  // namespace equipoise

int main(int count, char** arguments) {
  try {
    std::vector<std::string> words(arguments + 1, arguments + count);
    std::string device = "cpu";
    if (const auto found = std::ranges::find(words, "--device"); found != words.end()) {
      if (found + 1 == words.end()) throw std::runtime_error("--device needs cpu, cuda or cuda:N");
      device = *(found + 1);
      words.erase(found, found + 2);
    }
    words.resize(std::max<std::size_t>(words.size(), 3));
    equipoise::run(words[0].empty() ? 10'000'000 : std::stoll(words[0]), words[1].empty() ? 5 : std::stoi(words[1]),
                   words[2], device);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
