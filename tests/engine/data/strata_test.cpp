#include "engine/data/strata.h"

#include <array>
#include <cmath>
#include <functional>
#include <set>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace strata_test {

using testing::ElementsAre;

Dataset of(Task task, std::vector<std::string> outcomes, std::vector<std::uint8_t> labels,
           std::vector<std::int32_t> groups) {
  Dataset dataset;
  dataset.task = task;
  dataset.outcomes = std::move(outcomes);
  dataset.labels = std::move(labels);
  dataset.groupings = {{"sex", {"f", "m"}, std::move(groups)}};
  return dataset;
}

TEST(Strata, AreLabelsClassesAndGroupsTogether) {
  const Dataset binary = of(Task::binary, {}, {0, 1, 0, 1}, {0, 0, 1, 1});
  EXPECT_THAT(strata_of(binary, "cells"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(strata_of(binary, "label"), ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(strata_of(binary, "none"), ElementsAre(0, 0, 0, 0));
  const Dataset classes = of(Task::classes, {"a", "b", "c"}, {0, 2, 0, 1, 2}, {0, 0, 1, 1, 1});
  EXPECT_THAT(strata_of(classes, "cells"), ElementsAre(0, 2, 3, 4, 5));
  EXPECT_THAT(strata_of(classes, "label"), ElementsAre(0, 2, 0, 1, 2));
}

TEST(Strata, OfARegressionAreQuarters) {
  EXPECT_THAT(quarters_of({8, 1, 2, 3, 4, 5, 6, 7}), ElementsAre(3, 0, 0, 1, 1, 2, 2, 3));
  EXPECT_THAT(quarters_of({0, 0, 0, 0, 0, 0, 1, 2}),
              ElementsAre(2, 2, 2, 2, 2, 2, 3, 3));  // equal targets stay together
  Dataset dataset = of(Task::regression, {}, {0, 0, 0, 0}, {0, 1, 0, 1});
  dataset.targets = {1, 2, 3, 4};
  EXPECT_THAT(strata_of(dataset, "cells"), ElementsAre(0, 5, 2, 7));
}

// 20 rows of (1, 0), and others of every combination, of which (1, 1) has 19 and (0, 1) one.
TEST(Strata, OfSeveralLabelsJoinRareCombinationsByTheirRarestLabel) {
  std::vector<std::uint8_t> labels;
  const auto add = [&](int rows, std::uint8_t a, std::uint8_t b) {
    for (int i = 0; i < rows; ++i) labels.insert(labels.end(), {a, b});
  };
  add(20, 1, 0);
  add(19, 1, 1);
  add(1, 0, 1);
  add(3, 0, 0);
  const Dataset dataset = of(Task::labels, {"a", "b"}, labels, std::vector<std::int32_t>(43, 0));
  const std::vector<std::int32_t> strata = strata_of(dataset, "label");
  EXPECT_EQ(std::set(strata.begin(), strata.begin() + 20).size(), 1u);
  EXPECT_EQ(std::set(strata.begin() + 20, strata.begin() + 40).size(), 1u);  // b, which 20 rows have, is rarer than a
  EXPECT_EQ(std::set(strata.begin(), strata.end()).size(), 3u);
}

std::array<double, 4> shares_of(const Dataset& dataset, const std::function<bool(std::size_t)>& counts) {
  std::array<double, 4> shares{};
  double total = 0;
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    if (!counts(row)) continue;
    ++shares[static_cast<std::size_t>(dataset.splits[row])];
    ++total;
  }
  for (double& share : shares) share /= total;
  return shares;
}

// 2000 rows "x,sex,kind,pay,l0,...,l5": the label li holds for one row in 2, 4, 8, ..., 64.
std::string many_labels() {
  std::string text = "x,sex,kind,pay,l0,l1,l2,l3,l4,l5\n";
  for (int row = 0; row < 2000; ++row) {
    const std::uint64_t draw = core::mix(3, static_cast<std::uint64_t>(row));
    text += std::to_string(draw % 90) + ((draw >> 8) % 3 ? ",m," : ",f,") + "abcde"[(draw >> 12) % 5] + "," +
            std::to_string((draw >> 16) % 997);
    for (int i = 0; i < 6; ++i) text += core::mix(draw, static_cast<std::uint64_t>(i)) % (2u << i) == 0 ? ",1" : ",0";
    text += "\n";
  }
  return text;
}

DataParams with_many_labels() {
  DataParams params;
  params.files = {temporary_file("many.csv", many_labels())};
  params.groups = {{"", "sex", {}, {}}};
  params.features.keep = {"x"};
  return params;
}

// By how many rows the labels of the test split are off their shares, over all labels.
double rows_off(const DataParams& params, std::uint64_t seed) {
  const Dataset dataset = prepared(params, seed).dataset;
  const std::size_t outcomes = dataset.outcomes.size();
  double off = 0;
  for (std::size_t i = 0; i < outcomes; ++i) {
    double all = 0, test = 0;
    for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
      all += dataset.labels[row * outcomes + i];
      test += dataset.splits[row] == Split::test ? dataset.labels[row * outcomes + i] : 0;
    }
    off += std::abs(test - 0.2 * all);
  }
  return off;
}

TEST(Strata, KeepTheSharesOfSeveralLabels) {
  DataParams params = with_many_labels();
  params.label.task = "labels";
  params.label.columns = {"l0", "l1", "l2", "l3", "l4", "l5"};
  params.label.positive = {"1"};
  DataParams none = params;
  none.split.stratify = "none";
  double off = 0, off_by_chance = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    off += rows_off(params, seed);
    off_by_chance += rows_off(none, seed);
  }
  EXPECT_LT(off, off_by_chance / 2);
}

TEST(Strata, KeepTheSharesOfEveryClassAndQuarter) {
  DataParams params = with_many_labels();
  params.label.task = "classes";
  params.label.column = "kind";
  const double shares[] = {0.6, 0.2, 0.0, 0.2};
  const auto expect_shares = [&](const Dataset& dataset, const std::function<bool(std::size_t)>& counts) {
    for (std::size_t s = 0; s < 4; ++s) EXPECT_NEAR(shares_of(dataset, counts)[s], shares[s], 0.004) << s;
  };
  const Dataset classes = prepared(params).dataset;
  for (std::uint8_t k = 0; k < 5; ++k)
    expect_shares(classes, [&](std::size_t row) { return classes.labels[row] == k; });
  params.label.task = "regression";
  params.label.column = "pay";
  const Dataset numbers = prepared(params).dataset;
  const std::vector<std::int32_t> quarters = quarters_of(numbers.targets);
  for (std::int32_t q = 0; q < 4; ++q) expect_shares(numbers, [&](std::size_t row) { return quarters[row] == q; });
}

}  // namespace strata_test
}  // namespace equipoise::data
