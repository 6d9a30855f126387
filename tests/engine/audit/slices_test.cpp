#include "engine/audit/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "engine/audit/counting.h"
#include "engine/audit/exact_tests.h"
#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace slices_test {

using ::testing::ElementsAre;

const AuditParams kParams = {30, 0.95, 3, {}};

// Three inputs of four values and a group of two, all independent. A row is wrong in 10 % of the cases; of those with a=1, b=2 in
// group "f" in 60 %.
struct Wrong {
  People people;
  std::vector<double> errors;
  std::vector<std::int64_t> rows;
  std::vector<bool> is_planted;

  Wrong(std::size_t count, double planted, std::uint64_t seed, double elsewhere = 0.1) : people(count) {
    std::vector<int> a, b, c;
    std::vector<std::int32_t> group;
    for (std::size_t row = 0; row < count; ++row) {
      a.push_back(static_cast<int>(4 * chance(row, seed + 1)));
      b.push_back(static_cast<int>(4 * chance(row, seed + 2)));
      c.push_back(static_cast<int>(4 * chance(row, seed + 3)));
      group.push_back(chance(row, seed + 4) < 0.5);
      is_planted.push_back(a.back() == 1 && b.back() == 2 && group.back() == 1);
      errors.push_back(chance(row, seed + 5) < (is_planted.back() ? planted : elsewhere));
      rows.push_back(static_cast<std::int64_t>(row));
    }
    people.add_category("a", {"0", "1", "2", "3"}, a);
    people.add_category("b", {"0", "1", "2", "3"}, b);
    people.add_category("c", {"0", "1", "2", "3"}, c);
    people.add_group("sex", {"m", "f"}, group);
  }

  SliceSearch search(const AuditParams& params = kParams) const {
    const data::Dataset dataset = people.dataset();
    return find_slices(dataset, inputs_of(dataset, 30), errors, rows, params);
  }
};

std::set<std::string> words(const Slice& slice) {
  std::set<std::string> words;
  for (const SliceCondition& condition : slice.conditions) words.insert(condition.column + "=" + condition.value);
  return words;
}

TEST(SlicesTest, APlantedConjunctionIsFoundWithItsErrors) {
  const Wrong wrong(6000, 0.6, 200);
  const SliceSearch found = wrong.search();
  ASSERT_FALSE(found.slices.empty());
  const Slice& first = found.slices.front();
  EXPECT_THAT(words(first), ElementsAre("a=1", "b=2", "sex=f"));
  EXPECT_TRUE(first.conditions.back().is_group);
  EXPECT_NEAR(first.error, 0.6, 0.12);
  EXPECT_NEAR(first.elsewhere, 0.1, 0.02);
  EXPECT_LT(first.interval.low, 0.6);
  EXPECT_GT(first.interval.high, 0.6);
  EXPECT_LT(first.p_value, 1e-4);
  EXPECT_NEAR(static_cast<double>(first.rows), 6000 / 2 / 32.0, 30);
  EXPECT_GT(found.looked_at, 14);
}

using Conjunction = std::set<std::pair<int, int>>;  // column and value

// All conjunctions of up to three of 14 conditions, of a row's four values.
std::vector<Conjunction> all_conjunctions() {
  std::vector<std::pair<int, int>> conditions;
  for (int column = 0; column < 4; ++column)
    for (int value = 0; value < (column < 3 ? 4 : 2); ++value) conditions.emplace_back(column, value);
  std::set<Conjunction> all;
  for (const auto& a : conditions)
    for (const auto& b : conditions)
      for (const auto& c : conditions) all.insert({a, b, c});
  return {all.begin(), all.end()};
}

// The conjunction furthest above the mean on the half that is searched, by going through all of them.
std::set<std::string> furthest(const Wrong& wrong) {
  const data::Dataset dataset = wrong.people.dataset();
  const Rows half = halves_of({wrong.rows, std::vector<double>(wrong.rows.size(), 1)}, core::seed_for(3, "slices"))[0];
  double mean = 0;
  for (const std::int64_t row : half.index) mean += wrong.errors[row];
  mean /= static_cast<double>(half.index.size());
  const double deviation = std::sqrt(mean * (1 - mean));
  double best = 0;
  Conjunction best_one;
  for (const Conjunction& conjunction : all_conjunctions()) {
    double rows = 0, errors = 0;
    for (const std::int64_t row : half.index) {
      const bool is_in = std::ranges::all_of(conjunction, [&](const auto& condition) {
        const int value =
            condition.first < 3 ? dataset.encoded.codes[row * 3 + condition.first] : dataset.groupings[0].codes[row];
        return value == condition.second;
      });
      rows += is_in;
      errors += is_in * wrong.errors[row];
    }
    const double distance = rows < 30 ? 0 : (errors / rows - mean) * std::sqrt(rows) / deviation;
    if (distance <= best) continue;
    best = distance;
    best_one = conjunction;
  }
  std::set<std::string> words;
  for (const auto& [column, value] : best_one)
    words.insert(column < 3 ? std::string(1, static_cast<char>('a' + column)) + "=" + std::to_string(value)
                            : std::string("sex=") + (value ? "f" : "m"));
  return words;
}

TEST(SlicesTest, PruningLosesNone) {
  AuditParams params = kParams;
  params.confidence = 0;  // all that were measured and are above the rest
  for (const std::uint64_t seed : {400, 500, 600, 700, 800}) {
    const Wrong wrong(3000, 0.4, seed);
    const std::set<std::string> best = furthest(wrong);
    const SliceSearch found = wrong.search(params);
    EXPECT_LE(found.looked_at, static_cast<std::int64_t>(all_conjunctions().size()));
    EXPECT_TRUE(std::ranges::any_of(found.slices, [&](const Slice& slice) { return words(slice) == best; })) << seed;
  }
}

TEST(SlicesTest, OfChanceAloneAreFoundAsRarelyAsTheConfidenceSays) {
  int found = 0, measured = 0;
  constexpr int kDraws = 200;
  // Not corrected for how many slices were measured they would be found in 24 of the 200.
  for (int draw = 0; draw < kDraws; ++draw) {
    AuditParams params = kParams;
    params.min_rows = 8;
    const SliceSearch search = Wrong(1500, 0.3, 5000 + 10 * static_cast<std::uint64_t>(draw), 0.3).search(params);
    found += !search.slices.empty();
    measured += static_cast<int>(search.measured);
  }
  EXPECT_GT(measured, 3 * kDraws);  // enough of them for their number to matter
  EXPECT_LE(found, 18);             // 5 % of 200 and 2.6 standard errors
}

// Heavy rows are few, and more of them in one value than elsewhere.
TEST(SlicesTest, OfChanceAloneAreFoundAsRarelyWithWeights) {
  int found = 0, measured = 0;
  constexpr int kDraws = 200;
  for (int draw = 0; draw < kDraws; ++draw) {
    AuditParams params = kParams;
    params.min_rows = 8;
    Wrong wrong(1500, 0.1, 9000 + 10 * static_cast<std::uint64_t>(draw));
    for (std::size_t row = 0; row < 1500; ++row)
      wrong.people.dataset_.weights.push_back(chance(row, 9006 + 10 * static_cast<std::uint64_t>(draw)) < 0.2 ? 9 : 1);
    const SliceSearch search = wrong.search(params);
    found += !search.slices.empty();
    measured += static_cast<int>(search.measured);
  }
  EXPECT_GT(measured, 2 * kDraws);
  EXPECT_LE(found, 18);
}

// A slice that is wrong in every row varies not at all; and rare errors are skewed.
TEST(SlicesTest, OfRareErrorsByChanceAreFoundAsRarely) {
  int found = 0;
  constexpr int kDraws = 200;
  for (int draw = 0; draw < kDraws; ++draw) {
    AuditParams params = kParams;
    params.min_rows = 4;
    found += !Wrong(1500, 0.02, 15000 + 10 * static_cast<std::uint64_t>(draw), 0.02).search(params).slices.empty();
  }
  EXPECT_LE(found, 18);
}

TEST(SlicesTest, PValuesAreFishers) {
  People people(800);
  std::vector<int> a;
  std::vector<double> errors;
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < 800; ++row) {
    a.push_back(row % 4 == 0);
    errors.push_back(chance(row, 51) < (a.back() ? 0.3 : 0.1));
    rows.push_back(static_cast<std::int64_t>(row));
  }
  people.add_category("a", {"0", "1"}, a);
  const data::Dataset dataset = people.dataset();
  const SliceSearch found = find_slices(dataset, inputs_of(dataset, 30), errors, rows, kParams);
  ASSERT_EQ(found.measured, 1);
  ASSERT_EQ(found.slices.size(), 1U);
  double count[2] = {}, wrong[2] = {};
  const std::vector<Rows> halves = halves_of(weighed(dataset, rows), core::seed_for(3, "slices"));
  for (const std::int64_t row : halves[1].index) {
    ++count[a[row]];
    wrong[a[row]] += errors[row];
  }
  EXPECT_EQ(static_cast<double>(found.slices[0].rows), count[1]);
  EXPECT_DOUBLE_EQ(found.slices[0].p_value,
                   fisher_p_value_above({wrong[1] / count[1], count[1]}, {wrong[0] / count[0], count[0]}));
}

// 100,000 rows sorted so that those the model fails on come last.
TEST(SlicesTest, TheEndOfALongFileIsSearchedToo) {
  People people(100000);
  std::vector<int> a, b;
  std::vector<double> errors;
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < 100000; ++row) {
    a.push_back(row < 95000 ? 0 : 1);
    b.push_back(static_cast<int>(4 * chance(row, 31)));
    errors.push_back(chance(row, 32) < (row < 95000 ? 0.1 : 0.5));
    rows.push_back(static_cast<std::int64_t>(row));
  }
  people.add_category("a", {"0", "1"}, a);
  people.add_category("b", {"0", "1", "2", "3"}, b);
  const data::Dataset dataset = people.dataset();
  const SliceSearch found = find_slices(dataset, inputs_of(dataset, 30), errors, rows, kParams);
  ASSERT_FALSE(found.slices.empty());
  EXPECT_THAT(words(found.slices.front()), ElementsAre("a=1"));
}

TEST(SlicesTest, ErrorsOfEveryTask) {
  People people(3);
  people.dataset_.labels = {0, 1, 1};
  EXPECT_THAT(errors_of(people.dataset_, {0.2, 0.5, 0.9}), ElementsAre(0, 1, 0));
  people.dataset_.task = data::Task::classes;
  people.dataset_.outcomes = {"a", "b"};
  EXPECT_THAT(errors_of(people.dataset_, {0.7, 0.3, 0.6, 0.4, 0.1, 0.9}), ElementsAre(0, 1, 0));
  people.dataset_.task = data::Task::labels;
  people.dataset_.labels = {0, 1, 1, 1, 0, 0};
  EXPECT_THAT(errors_of(people.dataset_, {0.7, 0.8, 0.6, 0.9, 0.1, 0.2}), ElementsAre(0.5, 0, 0));
  people.dataset_.task = data::Task::regression;
  people.dataset_.targets = {1, 2, 3};
  EXPECT_THAT(errors_of(people.dataset_, {1.5, 2, 1}), ElementsAre(0.5, 0, 2));
}

TEST(SlicesTest, ModelsWithoutErrorsOrRowsHaveNone) {
  Wrong wrong(500, 0.1, 300);
  wrong.errors.assign(500, 0);
  EXPECT_TRUE(wrong.search().slices.empty());
  wrong.rows = {1};
  EXPECT_TRUE(wrong.search().slices.empty());
}

}  // namespace slices_test
}  // namespace equipoise::audit
