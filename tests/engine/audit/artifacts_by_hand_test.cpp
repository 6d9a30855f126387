// Distances, copies, ranges and ranks of a handful of rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/audit/closest_rows.h"
#include "engine/audit/known_values.h"
#include "engine/audit/real_cell.h"
#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace artifacts_by_hand_test {

using testing::ElementsAre;
using testing::FloatEq;

std::vector<EncodedRow> rows_of(const data::EncodedRows& encoded) {
  std::vector<EncodedRow> rows;
  for (std::int64_t row = 0; row < encoded.rows; ++row) rows.push_back(row_of(encoded, row));
  return rows;
}

// Ages in four bins, so that 10 years are a quarter; jobs. Deviation of the ages 0, 10, 10, 40 (0, .25, .25, 1): sqrt(.28125 - .375^2)
// = .375; two unlike jobs are that far apart, a job and none that over sqrt(2).
data::Dataset four_people() {
  People people(4);
  people.add_ramp("age", 4, {0, 10, 10, 40});
  people.add_category("job", {"a", "b"}, {0, 0, 1, -1});
  data::Dataset dataset = people.dataset();
  dataset.encoded.codes[6] = 3;  // 40 ends the last bin
  dataset.encoded.values[6] = 1;
  return dataset;
}

std::vector<float> squares(const data::Dataset& dataset, std::size_t query) {
  const sampling::PointSpace space(dataset.encoded, {0, 1, 2, 3});
  const ColumnRows columns = columns_of(space, 2, rows_of(dataset.encoded));
  std::vector<float> found(4);
  square_distances(space, columns, query, columns, 0, 4, found.data());
  return found;
}

TEST(ColumnRows, DistancesAreThoseOfThePoints) {
  const float job = 0.375F * 0.375F;
  EXPECT_THAT(squares(four_people(), 0),
              ElementsAre(0, FloatEq(0.0625F), FloatEq(0.0625F + job), FloatEq(1 + job / 2)));
  EXPECT_THAT(squares(four_people(), 3),
              ElementsAre(FloatEq(1 + job / 2), FloatEq(0.5625F + job / 2), FloatEq(0.5625F + job / 2), 0));
}

TEST(ColumnRows, AgreeWithTheSpaceOverManyRows) {
  std::vector<double> ages;
  std::vector<int> jobs;
  std::vector<float> heights;
  for (int i = 0; i < 3000; ++i) {
    ages.push_back(i % 7 == 0 ? -1 : (i * 37) % 40);
    jobs.push_back(i % 5 - 1);
    heights.push_back(static_cast<float>((i * 53) % 100) / 50);
  }
  People people(3000);
  people.add_ramp("age", 4, ages);
  people.add_category("job", {"a", "b", "c", "d"}, jobs);
  people.add_standardized("height", heights);
  const data::Dataset dataset = people.dataset();
  const sampling::PointSpace space(dataset.encoded, {0, 1, 2, 3, 4, 5});
  const ColumnRows columns = columns_of(space, 3, rows_of(dataset.encoded));
  std::vector<float> found(3000);
  square_distances(space, columns, 17, columns, 100, 3000, found.data());
  const auto point = [&](std::int64_t row) {
    std::vector<float> place(static_cast<std::size_t>(space.dimensions()));
    space.write(dataset.encoded, row, place.data());
    return place;
  };
  const std::vector<float> own = point(17);
  for (std::int64_t row = 100; row < 3000; ++row) {
    double sum = 0;
    const std::vector<float> other = point(row);
    for (std::size_t d = 0; d < own.size(); ++d) sum += std::pow(double{own[d]} - other[d], 2);
    ASSERT_NEAR(found[static_cast<std::size_t>(row)], sum, 1e-5 * (1 + sum)) << row;
  }
}

// Ages of training: positive 10, 20, 20; negative 22, 30. A made row at 20, made of the first person of 20.
class Neighbourhood : public testing::Test {
 protected:
  Neighbourhood() {
    People people(6);
    people.add_ramp("age", 4, {10, 20, 20, 22, 30, 20});
    dataset_ = people.dataset();
  }
  Surroundings around(const Seeker& seeker, std::size_t neighbors, const std::vector<EncodedRow>& held_out = {}) {
    const sampling::PointSpace space(dataset_.encoded, {0, 1, 2, 3, 4});
    std::vector<EncodedRow> rows = rows_of(dataset_.encoded);
    const ColumnRows made = columns_of(space, 1, {rows[5]});
    rows.pop_back();
    const Neighborhood all{{0, 1, 2, 3, 4}, {1, 1, 1, 0, 0}, columns_of(space, 1, rows)};
    return surroundings(space, made, {seeker}, all, {0, 3}, columns_of(space, 1, held_out), neighbors).front();
  }
  data::Dataset dataset_;
};

TEST_F(Neighbourhood, TheParentIsLeftOutAndFoundAmongThoseAsNear) {
  const Surroundings found = around({1, 1}, 2);
  EXPECT_EQ(found.closest, 0);
  EXPECT_EQ(found.closest_other, 0);  // the other person of 20
  EXPECT_EQ(found.closest_row, 1);
  EXPECT_EQ(found.nearer, 0);
  EXPECT_EQ(found.as_near, 2);
  EXPECT_EQ(found.traced(), 0.5);
  const Surroundings of_first = around({0, 1}, 2);
  EXPECT_FLOAT_EQ(static_cast<float>(of_first.own), 0.25F);  // 10 of 40 years
  EXPECT_EQ(of_first.nearer, 2);
  EXPECT_EQ(of_first.traced(), 0);
  EXPECT_EQ(around({4, 1}, 2).as_near, 0);  // not of the cell
  EXPECT_FALSE(std::isfinite(around({-1, 1}, 2).own));
}

// Without the parent: 20 (positive), 22 (negative), 10 and 30 at ten years (one of each label).
TEST_F(Neighbourhood, LabelsOfEquallyFarRowsShareThePlacesThatAreLeft) {
  EXPECT_EQ(around({1, 1}, 1).disagreeing, 0);
  EXPECT_EQ(around({1, 1}, 2).disagreeing, 0.5);
  EXPECT_DOUBLE_EQ(around({1, 1}, 3).disagreeing, 1.5 / 3);
  EXPECT_DOUBLE_EQ(around({1, 1}, 4).disagreeing, 2.0 / 4);
  EXPECT_DOUBLE_EQ(around({1, 1}, 9).disagreeing, 2.0 / 4);  // there are no more
  EXPECT_DOUBLE_EQ(around({1, 0}, 2).disagreeing, 0.5);
  EXPECT_DOUBLE_EQ(around({1, 0}, 1).disagreeing, 1);
}

TEST_F(Neighbourhood, TheClosestHeldOutRow) {
  const std::vector<EncodedRow> rows = rows_of(dataset_.encoded);
  EXPECT_FLOAT_EQ(static_cast<float>(around({1, 1}, 1, {rows[0], rows[3]}).closest_held_out), 0.05F);
  EXPECT_FALSE(std::isfinite(around({1, 1}, 1).closest_held_out));
}

class Known : public testing::Test {
 protected:
  // Sizes 1, 2, 4 (the last row is not of training); jobs a, a, b, c; towns x, y, y, y.
  Known() {
    People people(4);
    people.add_standardized("size", {1, 2, 4, 9});
    people.add_category("job", {"a", "b", "c"}, {0, 0, 1, 2});
    people.add_category("town", {"x", "y"}, {0, 1, 1, 1});
    dataset_ = people.dataset();
  }
  data::Dataset dataset_;
  const std::vector<std::int64_t> training_ = {0, 1, 2};
};

struct Row {
  std::vector<std::int16_t> codes;
  std::vector<float> values;
  operator EncodedRow() const { return {codes.data(), values.data()}; }
};

TEST_F(Known, RangesLevelsAndPairs) {
  const sampling::PointSpace space(dataset_.encoded, training_);
  const KnownValues known(space, dataset_.encoded, training_);
  const auto row = [](float size, std::int16_t job, std::int16_t town) { return Row{{0, job, town}, {size, 1, 1}}; };
  EXPECT_EQ(known.outside(row(1, 0, 0)), -1);
  EXPECT_EQ(known.outside(row(4.01F, 0, 0)), 0);
  EXPECT_EQ(known.outside(row(0.9F, 0, 0)), 0);
  EXPECT_EQ(known.outside(row(2, 2, 0)), 1);                // nobody in training has job c
  EXPECT_EQ(known.outside(Row{{1, 0, 0}, {0, 1, 1}}), 0);   // nobody's size is missing
  EXPECT_EQ(known.outside(Row{{0, 0, -1}, {2, 1, 0}}), 2);  // everyone has a town
  EXPECT_EQ(known.unknown_pair(row(2, 0, 1)).first, -1);    // the second person
  EXPECT_EQ(known.unknown_pair(row(2, 1, 0)).first, 1);     // b in x: nobody
  EXPECT_EQ(known.unknown_pair(row(2, 1, 0)).second, 2);
  EXPECT_EQ(known.unknown_pair(row(2, 2, 0)).first, -1);  // c is unheard of by itself
  // The others of a row that is one of them.
  EXPECT_EQ(known.outside(row_of(dataset_.encoded, 0), true), 2);                              // the only one in x
  EXPECT_EQ(known.outside(row_of(dataset_.encoded, 0), known.ranges_of(training_), true), 0);  // and that small
  EXPECT_EQ(known.outside(row_of(dataset_.encoded, 1), true), -1);
  EXPECT_EQ(known.unknown_pair(row_of(dataset_.encoded, 1), true).first, 1);   // the only a in y; others have a, and y
  EXPECT_EQ(known.unknown_pair(row_of(dataset_.encoded, 0), true).first, -1);  // nobody else is in x at all
}

TEST_F(Known, TwinsAreEqualInEveryInput) {
  const sampling::PointSpace space(dataset_.encoded, training_);
  const KnownValues known(space, dataset_.encoded, training_);
  EXPECT_EQ(known.twin(Row{{0, 0, 1}, {2, 1, 1}}), 1);
  EXPECT_EQ(known.twin(Row{{0, 0, 1}, {2.01F, 1, 1}}), -1);
  EXPECT_EQ(known.twin(Row{{0, 0, 0}, {2, 1, 1}}), -1);
  EXPECT_EQ(known.twin(row_of(dataset_.encoded, 3)), -1);  // not of training
  EXPECT_EQ(known.twin(row_of(dataset_.encoded, 2), 2), -1);
}

// The end of a bin and the beginning of the next are one number.
TEST(KnownValues, TheSameNumberInTwoBinsIsOneNumber) {
  People people(2);
  people.add_ramp("age", 4, {20, 35});
  const data::Dataset dataset = people.dataset();
  const sampling::PointSpace space(dataset.encoded, {0, 1});
  const KnownValues known(space, dataset.encoded, {0, 1});
  EXPECT_EQ(known.twin(Row{{2}, {0}}), 0);
  EXPECT_EQ(known.twin(Row{{1}, {1}}), 0);
  EXPECT_EQ(known.twin(Row{{4}, {0}}), -1);
}

TEST(RealCell, QuantilesAndSomePlaces) {
  const std::vector<double> sorted = {1, 2, 3, 4};
  EXPECT_EQ(quantile(sorted, 0.05), 1);
  EXPECT_EQ(quantile(sorted, 0.5), 2);
  EXPECT_EQ(quantile(sorted, 0.51), 3);
  EXPECT_EQ(quantile(sorted, 1), 4);
  EXPECT_THAT(some_places(3, 5, 1), ElementsAre(0, 1, 2));
  const std::vector<std::int64_t> some = some_places(1000, 100, 1);
  EXPECT_EQ(some.size(), 100u);
  EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
  EXPECT_LT(some.front(), 50);
  EXPECT_GT(some.back(), 950);
  EXPECT_NE(some, some_places(1000, 100, 2));
}

}  // namespace artifacts_by_hand_test
}  // namespace equipoise::audit
