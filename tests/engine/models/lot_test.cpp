#include "engine/models/lot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace equipoise::models {
namespace lot_test {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Lot, DrawsTheFirstWhoseSumIsAboveTheRowsDraw) {
  const Lot lot = {{0.5, 0.125, 0.375}, 77};
  std::array<int, 3> rows{};
  constexpr int kRows = 20000;
  for (std::int64_t row = 0; row < kRows; ++row) {
    const double draw = core::uniform(core::mix(77, static_cast<std::uint64_t>(row)));
    const std::size_t expected = draw < 0.5 ? 0 : draw < 0.625 ? 1 : 2;
    ASSERT_EQ(drawn(lot, row), expected) << row;
    ++rows[expected];
  }
  // Five standard errors of a share of 20,000 rows are .018 at most.
  EXPECT_NEAR(rows[0], 0.5 * kRows, 360);
  EXPECT_NEAR(rows[1], 0.125 * kRows, 360);
}

TEST(Lot, OfNothingOrOfOneIsTheFirst) {
  EXPECT_EQ(drawn({{}, 5}, 9), 0u);
  EXPECT_EQ(drawn({{1.0}, 5}, 9), 0u);
}

// Files that were written stay readable: the seed of a run is what it was when only iterates were drawn.
TEST(Lot, SeedIsThatOfAMixtureOfIteratesAndFitsANumberOfJson) {
  for (const std::uint64_t run_seed : {0u, 3u, 1234567u}) {
    EXPECT_EQ(lot_seed(run_seed), core::seed_for(run_seed, "mixture") / 2048);
    EXPECT_LT(lot_seed(run_seed), std::uint64_t{1} << 53);
  }
}

std::string refusal(const json& description) {
  try {
    lot_from(description, "rules", [](const std::string& what) { return core::UserError(core::Fault::data, what); });
    return "";
  } catch (const core::UserError& error) {
    return error.what();
  }
}

TEST(Lot, IsReadOfADescriptionAndRefusedWhereItIsBroken) {
  const json one = {{"probability", 0.25}}, other = {{"probability", 0.75}};
  const Lot lot = lot_from({{"seed", 7u}, {"rules", {one, other}}}, "rules",
                           [](const std::string& what) { return core::UserError(core::Fault::data, what); });
  EXPECT_EQ(lot.seed, 7u);
  EXPECT_THAT(lot.probabilities, ElementsAre(0.25, 0.75));
  EXPECT_THAT(refusal(3), HasSubstr("it is not an object"));
  EXPECT_THAT(refusal({{"rules", {one, other}}}), HasSubstr("seed is missing"));
  EXPECT_THAT(refusal({{"seed", 7u}, {"rules", json::array({other})}}),
              HasSubstr("rules is not a list of two or more"));
  EXPECT_THAT(refusal({{"seed", 7u}, {"rules", {one, one}}}), HasSubstr("the probabilities add to 0.5, not to 1"));
  EXPECT_THAT(refusal({{"seed", 7u}, {"rules", {one, {{"probability", 0}}}}}), HasSubstr("rules[1].probability"));
}

}  // namespace lot_test
}  // namespace equipoise::models
