// How fast scored rows are evaluated: 8 groups, AUC of each and of everyone, all rates with intervals, equalized odds and
// demographic parity judged, and accuracy, rates and gaps at 100 thresholds.
//
//   evaluation_benchmark [rows] [repeats] [folder]
//
// The answer is checked first, against a sort and counts of the library. Medians. With a folder, rows and figures are
// left in it for benchmarks/peers/evaluation.py, which does the same work with scikit-learn and Fairlearn.
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/core/seed.h"
#include "engine/evaluation/metrics.h"
#include "engine/evaluation/promises.h"

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
  std::vector<constraints::ConstraintParams> constraints = {{"equalized_odds", "group", 0.05},
                                                            {"demographic_parity", "group", 0.05}};
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

struct Answer {
  evaluation::SplitResult result;
  std::vector<evaluation::ThresholdRow> thresholds;
};

Answer evaluate(const Rows& rows, const evaluation::Scores& scores) {
  Answer answer;
  answer.result = evaluation::evaluate("test", scores, rows.table, rows.constraints, kMinRows, {}, 7);
  const auto totals = evaluation::total_cells(scores, rows.table.cells.count(), 0.5);
  const auto estimable = evaluation::estimable_levels(rows.table, totals, kMinRows);
  answer.thresholds = evaluation::sweep_thresholds(scores, rows.table, estimable, hundred_thresholds());
  return answer;
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

void check(const Rows& rows, const Answer& answer) {
  for (int group = -1; group < kGroups; ++group) {
    expect_near("the AUC of group " + std::to_string(group), answer.result.metrics.groups[group + 1].auc.value_or(-1),
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

template <typename T>
void write_column(const std::filesystem::path& path, const std::vector<T>& values) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

void write_for_peers(const std::filesystem::path& folder, const Rows& rows, const Answer& answer, double seconds) {
  std::filesystem::create_directories(folder);
  write_column(folder / "scores.f64", rows.probability);
  write_column(folder / "labels.u8", rows.dataset.labels);
  write_column(folder / "groups.i32", rows.dataset.groupings[0].codes);
  nlohmann::json figures = {{"seconds", seconds}};
  for (int group = 0; group < kGroups; ++group) {
    const evaluation::GroupMetrics& metrics = answer.result.metrics.groups[group + 1];
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

void run(std::int64_t row_count, int repeats, const std::string& folder) {
  const Rows rows(row_count);
  const evaluation::Scores scores = rows.scores();
  const Answer answer = evaluate(rows, scores);
  check(rows, answer);
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Answer again = evaluate(rows, scores);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (again.result.metrics.auc != answer.result.metrics.auc) throw std::runtime_error("not the same bits again");
  }
  std::ranges::sort(seconds);
  const double median = seconds[seconds.size() / 2];
  std::printf("rows %lld, groups %d, thresholds 100, %d threads, median of %d\n", static_cast<long long>(row_count),
              kGroups, at::get_num_threads(), repeats);
  std::printf("evaluation  %8.3f s  %12.0f rows/s  (at most 2 s asked for 10 000 000 rows on 2 cores)\n", median,
              static_cast<double>(row_count) / median);
  if (!folder.empty()) write_for_peers(folder, rows, answer, median);
}

}  // namespace
}  // namespace equipoise

int main(int count, char** arguments) {
  try {
    equipoise::run(count > 1 ? std::atoll(arguments[1]) : 10'000'000, count > 2 ? std::atoi(arguments[2]) : 5,
                   count > 3 ? arguments[3] : "");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
