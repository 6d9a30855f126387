// What groups are called, and which code they have, changes no figure: to the bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "engine/core/seed.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {
namespace invariance_test {

// A grouping with its levels in another order, or under other names: level `name` is at place `code`.
using Names = std::vector<std::string>;

struct Coded {
  Names order;                               // original names in the order of their codes
  std::map<std::string, std::string> named;  // what they are called
};

// Rows of two groupings, of unequal sizes and rates.
class People {
 public:
  People(const Coded& race, const Coded& degree, bool weighted) : race_(race), degree_(degree) {
    data::Grouping races = grouping("race", race), degrees = grouping("degree", degree);
    for (std::uint64_t row = 0; row < kRows; ++row) {
      const auto draw = [row](std::uint64_t use) { return core::uniform(core::mix(core::mix(5, row), use)); };
      const int group = static_cast<int>(5 * draw(0) * (0.4 + 0.6 * draw(1))), level = static_cast<int>(3 * draw(2));
      const int label = draw(3) < 0.3 + 0.05 * group;
      races.codes.push_back(code_of(race, kRaces[group]));
      degrees.codes.push_back(code_of(degree, kDegrees[level]));
      dataset_.labels.push_back(static_cast<std::uint8_t>(label));
      dataset_.splits.push_back(data::Split::test);
      probability_.push_back(std::clamp(0.3 * label + 0.04 * level + 0.6 * draw(4), 0.0, 1.0));
      if (weighted) dataset_.weights.push_back(static_cast<float>(0.3 + draw(5)));
    }
    dataset_.encoded.rows = kRows;
    dataset_.groupings = {races, degrees};
  }

  SplitResult evaluated() const {
    core::Journal journal;
    const std::vector<constraints::ConstraintParams> wanted = constraints();
    const constraints::ConstraintTable table = constraints::compile(wanted, dataset_, 30, config::Origin(), journal);
    const Scores scores{probability_, dataset_.labels, dataset_.weights, table.cells.of_row, {}};
    EvaluationParams params;
    params.resamples = 300;
    return evaluate("test", scores, table, wanted, 30, params, 7);
  }

  std::string race(const std::string& original) const { return race_.named.at(original); }
  std::string degree(const std::string& original) const { return degree_.named.at(original); }

  static inline const Names kRaces = {"a", "b", "c", "d", "e"}, kDegrees = {"none", "school", "college"};

 private:
  static constexpr std::uint64_t kRows = 6000;

  static data::Grouping grouping(const std::string& name, const Coded& coded) {
    data::Grouping grouping{name, {}, {}};
    for (const std::string& level : coded.order) grouping.levels.push_back(coded.named.at(level));
    return grouping;
  }
  static std::int32_t code_of(const Coded& coded, const std::string& level) {
    return static_cast<std::int32_t>(std::ranges::find(coded.order, level) - coded.order.begin());
  }

  std::vector<constraints::ConstraintParams> constraints() const {
    std::vector<constraints::ConstraintParams> wanted = {{"demographic_parity", {"race"}, 0.1},
                                                         {"equal_opportunity", {"race"}, 0.1, "overall"},
                                                         {"predictive_equality", {"race"}, 0.1, "reference", race("c")},
                                                         {"demographic_parity", {"race"}, 0.2, "ratio"},
                                                         {"equalized_odds", {"race"}, 0.1},
                                                         {"parity", {"race"}, 0.1},
                                                         {"loss_parity", {"race"}, 0.1},
                                                         {"bounded_group_loss", {"race"}},
                                                         {"min_recall", {"race"}},
                                                         {"linear", {}}};
    wanted[4].within = "degree";
    wanted[5].rate = "f1";
    wanted[7].at_most = 0.9;
    wanted[8].at_least = 0.2;
    wanted[9].at_most = 0.3;
    wanted[9].terms = {{"tpr", {{"race", race("a")}}, 1}, {"selection_rate", {{"degree", degree("none")}}, -0.5}};
    return wanted;
  }

  Coded race_, degree_;
  data::Dataset dataset_;
  std::vector<double> probability_;
};

Coded as_is(const Names& names) {
  Coded coded{names, {}};
  for (const std::string& name : names) coded.named[name] = name;
  return coded;
}

void expect_same(const std::optional<Interval>& a, const std::optional<Interval>& b) {
  ASSERT_EQ(a.has_value(), b.has_value());
  if (!a) return;
  EXPECT_EQ(a->low, b->low);
  EXPECT_EQ(a->high, b->high);
}

void expect_same(const PromiseResult& a, const PromiseResult& b, const People& named) {
  SCOPED_TRACE(a.rate_name + " " + a.form + " " + a.within);
  EXPECT_EQ(a.gap, b.gap);
  EXPECT_EQ(a.upper_bound, b.upper_bound);
  EXPECT_EQ(a.noise_floor, b.noise_floor);
  EXPECT_EQ(a.everyone_rate, b.everyone_rate);
  EXPECT_EQ(a.verdict, b.verdict);
  expect_same(a.interval, b.interval);
  if (a.form == "linear") return;
  for (const PromiseResult::LevelRate& level : a.levels) {
    const auto other = std::ranges::find(b.levels, named.race(level.level), &PromiseResult::LevelRate::level);
    ASSERT_NE(other, b.levels.end());
    EXPECT_EQ(level.rows, other->rows);
    EXPECT_EQ(level.effective_rows, other->effective_rows);
    EXPECT_EQ(level.estimable, other->estimable);
    EXPECT_EQ(level.rate, other->rate);
    expect_same(level.interval, other->interval);
  }
}

const PromiseResult& like(const PromiseResult& promise, const std::vector<PromiseResult>& others, const People& named) {
  for (const PromiseResult& other : others) {
    const std::string degree = promise.within.empty() ? "" : promise.within.substr(promise.within.find('=') + 1);
    if (other.rate == promise.rate && (degree.empty() || other.within == "degree=" + named.degree(degree)))
      return other;
  }
  throw std::logic_error("no such promise");
}

void expect_same(const SplitResult& a, const SplitResult& b, const People& named) {
  ASSERT_EQ(a.constraints.size(), b.constraints.size());
  for (std::size_t c = 0; c < a.constraints.size(); ++c) {
    const ConstraintResult &one = a.constraints[c], &other = b.constraints[c];
    SCOPED_TRACE(one.title);
    EXPECT_EQ(one.gap, other.gap);
    EXPECT_EQ(one.upper_bound, other.upper_bound);
    EXPECT_EQ(one.joint_upper_bound, other.joint_upper_bound);
    EXPECT_EQ(one.jointly_met, other.jointly_met);
    EXPECT_EQ(one.verdict, other.verdict);
    expect_same(one.interval, other.interval);
    ASSERT_EQ(one.promises.size(), other.promises.size());
    for (const PromiseResult& promise : one.promises) expect_same(promise, like(promise, other.promises, named), named);
  }
}

class Invariance : public testing::TestWithParam<bool> {};

TEST_P(Invariance, TheOrderOfCodesChangesNothing) {
  const People original(as_is(People::kRaces), as_is(People::kDegrees), GetParam());
  const SplitResult result = original.evaluated();
  for (const auto& [races, degrees] :
       {std::pair<Names, Names>{{"e", "d", "c", "b", "a"}, {"none", "school", "college"}},
        {{"c", "a", "e", "b", "d"}, {"college", "none", "school"}}})
    expect_same(result, People(as_is(races), as_is(degrees), GetParam()).evaluated(), original);
}

TEST_P(Invariance, NamesChangeNothing) {
  Coded races = as_is(People::kRaces), degrees = as_is(People::kDegrees);
  races.named = {{"a", "z"}, {"b", "M"}, {"c", "1"}, {"d", "b"}, {"e", "a"}};
  degrees.named = {{"none", "3"}, {"school", "2"}, {"college", "1"}};
  const People original(as_is(People::kRaces), as_is(People::kDegrees), GetParam()),
      renamed(races, degrees, GetParam());
  expect_same(original.evaluated(), renamed.evaluated(), renamed);
}

INSTANTIATE_TEST_SUITE_P(Weights, Invariance, testing::Bool(),
                         [](const auto& weighted) { return weighted.param ? "Weighted" : "Unweighted"; });

}  // namespace invariance_test
}  // namespace equipoise::evaluation
