#include "engine/audit/proxies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace proxies_test {

const AuditParams kParams = {30, 0.95, 3, {}};

const Proxy& proxy(const std::vector<Proxy>& all, const std::string& input, const std::string& level = "b") {
  return *std::ranges::find_if(all, [&](const Proxy& one) { return one.input == input && one.level == level; });
}

// Two groups of unequal size. "told" is 1 in .8 of the one and .3 of the other: its area is .8 * .7 + (.8 * .3 + .2 * .7) / 2 = .75.
// "noise" has nothing to do with it. "first" and "second" each tell the parity of little alone, and together more.
People some_people(std::size_t rows) {
  People people(rows);
  std::vector<std::int32_t> group;
  std::vector<int> told, noise, first, second;
  for (std::size_t row = 0; row < rows; ++row) {
    const bool is_one = chance(row, 1) < 0.3;
    group.push_back(is_one ? 0 : 1);
    told.push_back(chance(row, 2) < (is_one ? 0.8 : 0.3));
    noise.push_back(static_cast<int>(6 * chance(row, 3)));
    first.push_back(chance(row, 4) < (is_one ? 0.6 : 0.4));
    second.push_back(chance(row, 5) < (is_one ? 0.6 : 0.4));
  }
  people.add_group("side", {"b", "a"}, group);
  people.add_category("told", {"no", "yes"}, told);
  people.add_category("noise", {"0", "1", "2", "3", "4", "5"}, noise);
  people.add_category("first", {"no", "yes"}, first);
  people.add_category("second", {"no", "yes"}, second);
  return people;
}

TEST(ProxiesTest, HaveTheAreaThatTheirSharesMake) {
  const data::Dataset dataset = some_people(20000).dataset();
  const std::vector<Proxy> found = find_proxies(dataset, inputs_of(dataset, 30), kParams);
  ASSERT_EQ(found.size(), 5U);  // of two levels one says it
  EXPECT_EQ(found[0].input, "");
  EXPECT_EQ(found[1].input, "told");
  EXPECT_NEAR(found[1].auc, 0.75, 0.01);
  EXPECT_NEAR(proxy(found, "first").auc, 0.6, 0.01);
  EXPECT_NEAR(proxy(found, "noise").auc, 0.5, 0.012);
  EXPECT_GT(found[1].interval.low, 0.735);
  EXPECT_LT(found[1].interval.high, 0.765);
}

// All inputs are independent within a group, so the best score adds up their log odds: its area is summed over all combinations.
TEST(ProxiesTest, TogetherTellWhatTheirOddsAddUpTo) {
  const data::Dataset dataset = some_people(20000).dataset();
  const double is_one[] = {0.8, 0.6, 0.6}, is_other[] = {0.3, 0.4, 0.4};
  std::vector<std::array<double, 3>> combinations;  // odds, and the share of either group
  for (int bits = 0; bits < 8; ++bits) {
    double one = 1, other = 1;
    for (int k = 0; k < 3; ++k) {
      one *= bits >> k & 1 ? is_one[k] : 1 - is_one[k];
      other *= bits >> k & 1 ? is_other[k] : 1 - is_other[k];
    }
    combinations.push_back({one / other, one, other});
  }
  double area = 0;
  for (const auto& a : combinations)
    for (const auto& b : combinations) area += a[1] * b[2] * (std::abs(a[0] - b[0]) < 1e-9 ? 0.5 : a[0] > b[0]);
  const std::vector<Proxy> found = find_proxies(dataset, inputs_of(dataset, 30), kParams);
  EXPECT_NEAR(found[0].auc, area, 0.012);
  EXPECT_GT(found[0].auc, proxy(found, "told").auc + 0.03);
}

TEST(ProxiesTest, OfChanceAloneAreHalfAndSaySo) {
  People people(400);
  std::vector<std::int32_t> group;
  std::vector<int> noise;
  for (std::size_t row = 0; row < 400; ++row) {
    group.push_back(static_cast<std::int32_t>(3 * chance(row, 8)));
    noise.push_back(static_cast<int>(40 * chance(row, 9)));
  }
  people.add_group("side", {"a", "b", "c"}, group);
  people.add_category("noise", std::vector<std::string>(40, "x"), noise);
  const data::Dataset dataset = people.dataset();
  // Forty values of ten rows each: learnt and measured on the same rows they would tell the group well.
  for (const Proxy& one : find_proxies(dataset, inputs_of(dataset, 1), kParams)) {
    EXPECT_NEAR(one.auc, 0.5, 0.08) << one.input << one.level;
    EXPECT_LT(one.interval.low, 0.5);
  }
}

// Where inputs tell little the areas of both halves go up and down together: each alone, of ten values, and all of them.
TEST(ProxiesTest, IntervalsOfWhatTellsNothingHoldHalfAsOftenAsTheySay) {
  int alone = 0, together = 0;
  constexpr int kDraws = 300;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    People people(1000);
    std::vector<std::int32_t> group;
    std::vector<int> noise, more;
    for (std::size_t row = 0; row < 1000; ++row) {
      group.push_back(chance(row, 2000 + 3 * draw) < 0.3 ? 0 : 1);
      noise.push_back(static_cast<int>(10 * chance(row, 2001 + 3 * draw)));
      more.push_back(static_cast<int>(10 * chance(row, 2002 + 3 * draw)));
    }
    people.add_group("side", {"b", "a"}, group);
    people.add_category("noise", std::vector<std::string>(10, "x"), noise);
    people.add_category("more", std::vector<std::string>(10, "x"), more);
    const data::Dataset dataset = people.dataset();
    const std::vector<Proxy> found = find_proxies(dataset, inputs_of(dataset, 30), kParams);
    const auto holds_half = [](const Proxy& one) { return one.interval.low <= 0.5 && 0.5 <= one.interval.high; };
    alone += holds_half(proxy(found, "noise"));
    together += holds_half(proxy(found, ""));
  }
  EXPECT_GE(alone, 274);  // 95 % of 300 and 3 standard errors
  EXPECT_GE(together, 274);
}

// A level of which 1 % are, that one input tells nearly always: Newton's steps would go too far.
TEST(ProxiesTest, OfARareLevelAreNoWorseTogetherThanOneAlone) {
  People people(20000);
  std::vector<std::int32_t> group;
  std::vector<int> land, noise;
  for (std::size_t row = 0; row < 20000; ++row) {
    group.push_back(chance(row, 11) < 0.01 ? 0 : 1);
    land.push_back(chance(row, 12) < (group.back() == 0 ? 0.9 : 0.002) ? 0 : 1 + static_cast<int>(5 * chance(row, 13)));
    noise.push_back(static_cast<int>(20 * chance(row, 14)));
  }
  people.add_group("side", {"b", "a"}, group);
  people.add_category("land", {"0", "1", "2", "3", "4", "5"}, land);
  people.add_category("noise", std::vector<std::string>(20, "x"), noise);
  const data::Dataset dataset = people.dataset();
  const std::vector<Proxy> found = find_proxies(dataset, inputs_of(dataset, 30), kParams);
  double told = 0, of = 0, wrong = 0;
  for (std::size_t row = 0; row < 20000; ++row) {
    of += group[row] == 0;
    told += group[row] == 0 && land[row] == 0;
    wrong += group[row] == 1 && land[row] == 0;
  }
  const double hit = told / of, false_hit = wrong / (20000 - of);
  EXPECT_NEAR(proxy(found, "land").auc, hit * (1 - false_hit) + (hit * false_hit + (1 - hit) * (1 - false_hit)) / 2,
              0.015);
  EXPECT_GT(found[0].auc, proxy(found, "land").auc - 0.02);
}

// Of 120,000 rows 40,000 are looked at together; of 120 in a rare level all.
TEST(ProxiesTest, ARareLevelIsLookedAtWholeAndItsIntervalSaysSo) {
  People people(120000);
  std::vector<std::int32_t> group;
  std::vector<int> told;
  for (std::size_t row = 0; row < 120000; ++row) {
    group.push_back(row % 1000 == 0 ? 0 : row % 1000 < 500 ? 1 : 2);
    told.push_back(chance(row, 21) < (group.back() == 0 ? 0.8 : 0.4));
  }
  people.add_group("side", {"b", "a", "c"}, group);
  people.add_category("told", {"no", "yes"}, told);
  const data::Dataset dataset = people.dataset();
  const std::vector<Proxy> found = find_proxies(dataset, inputs_of(dataset, 30), kParams);
  EXPECT_NEAR(proxy(found, "").auc, proxy(found, "told").auc, 0.02);
  // Both rest on 120 rows of the level.
  const auto width = [](const Proxy& one) { return one.interval.high - one.interval.low; };
  EXPECT_NEAR(width(proxy(found, "")) / width(proxy(found, "told")), 1, 0.1);
  // The others were drawn one in three.
  EXPECT_GT(width(proxy(found, "", "a")), 1.3 * width(proxy(found, "told", "a")));
}

// Heavy rows of the one group are few: the interval holds .75 as often as it says.
TEST(ProxiesTest, IntervalsOfWeighedRowsHoldTheAreaAsOftenAsTheySay) {
  int held = 0;
  constexpr int kDraws = 200;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    People people(600);
    std::vector<std::int32_t> group;
    std::vector<int> told;
    for (std::size_t row = 0; row < 600; ++row) {
      group.push_back(chance(row, 100 + 4 * draw) < 0.2 ? 0 : 1);
      told.push_back(chance(row, 101 + 4 * draw) < (group.back() == 0 ? 0.8 : 0.3));
      people.dataset_.weights.push_back((group.back() == 0 ? 30.0F : 1.0F) *
                                        (chance(row, 102 + 4 * draw) < 0.3 ? 8.0F : 1.0F));
    }
    people.add_group("side", {"b", "a"}, group);
    people.add_category("told", {"no", "yes"}, told);
    const data::Dataset dataset = people.dataset();
    const Proxy found = proxy(find_proxies(dataset, inputs_of(dataset, 30), kParams), "told");
    held += found.interval.low < 0.75 && 0.75 < found.interval.high;
  }
  EXPECT_GE(held, 180);  // 95 % of 200 and 3 standard errors
}

TEST(ProxiesTest, AGroupingsOwnColumnIsNone) {
  const data::Dataset dataset = some_people(2000).dataset();
  AuditParams params = kParams;
  params.own_columns["side"] = "told";
  const std::vector<Proxy> found = find_proxies(dataset, inputs_of(dataset, 30), params);
  EXPECT_EQ(found.size(), 4U);
  EXPECT_EQ(std::ranges::find(found, "told", &Proxy::input), found.end());
  EXPECT_LT(found[0].auc, 0.72);  // nor does it help the others
}

TEST(ProxiesTest, WeightsCountAndSmallLevelsAreLeftOut) {
  People people = some_people(4000);
  people.dataset_.weights.assign(4000, 1);
  // Among the rows of the one group those that are told weigh a quarter: .8 / 4 against .2.
  const data::Dataset plain = people.dataset();
  for (std::size_t row = 0; row < 4000; ++row)
    if (plain.groupings[0].codes[row] == 0 && plain.encoded.codes[row * 4] == 1) people.dataset_.weights[row] = 0.25;
  const data::Dataset dataset = people.dataset();
  EXPECT_NEAR(proxy(find_proxies(dataset, inputs_of(dataset, 30), kParams), "told").auc, 0.5 * 0.7 + 0.25, 0.03);
  AuditParams strict = kParams;
  strict.min_rows = 3500;
  EXPECT_TRUE(find_proxies(dataset, inputs_of(dataset, 30), strict).empty());
}

}  // namespace proxies_test
}  // namespace equipoise::audit
