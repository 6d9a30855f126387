#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "engine/core/error.h"
#include "tests/engine/audit/made_people.h"
#include "tests/engine/sampling/census.h"

namespace equipoise::audit {
namespace artifacts_edges_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const sampling::ArtifactParams kParams;

ArtifactAudit audited(const RealRows& real, const std::vector<MadeSample>& made,
                      const sampling::ArtifactParams& params = kParams) {
  return audit_artifacts(real, made, params, 0.95, 1);
}

TEST(Artifacts, OfRowsWithMissingValuesAreClean) {
  const data::Dataset dataset = plain_people(4000, 3, 20);
  const RealRows real = people_of(dataset);
  Maker maker(real, 4);
  const ArtifactAudit of_missing = audited(real, {maker.smote(1000)});
  for (const CellArtifacts& cell : of_missing.recipes[0].cells)
    EXPECT_EQ(cell.verdict, ArtifactVerdict::clean) << cell.cell << testing::PrintToString(cell.reasons);
  // Nobody of these lacks the number; somebody made does.
  const data::Dataset whole = plain_people(4000, 3);
  const RealRows whole_real = people_of(whole);
  Maker whole_maker(whole_real, 4);
  MadeSample made = whole_maker.smote(1000);
  for (std::size_t row = 0; row < made.cells.size(); row += 10) made.codes[5 * row + 1] = 8;
  const ArtifactAudit found = audited(whole_real, {made});
  for (const CellArtifacts& cell : found.recipes[0].cells) {
    EXPECT_EQ(figure(cell, ArtifactKind::outside).verdict, ArtifactVerdict::harmful);
    EXPECT_THAT(figure(cell, ArtifactKind::outside).says, HasSubstr("most often age (10.0 % of the rows)"));
  }
}

TEST(Artifacts, OfTooFewRowsAreNeverClean) {
  const data::Dataset dataset = plain_people(4000, 3);
  const RealRows all = people_of(dataset);
  Maker maker(all, 4);
  const ArtifactAudit of_few_made = audited(all, {maker.smote(20)});
  for (const CellArtifacts& cell : of_few_made.recipes[0].cells) {
    EXPECT_EQ(cell.verdict, ArtifactVerdict::too_few);
    EXPECT_FALSE(figure(cell, ArtifactKind::two_sample).excess);
    EXPECT_THAT(cell.reasons.back(), HasSubstr("Too few rows to tell (20 made, 800 real): Copies"));
  }
  // Enough made rows of few real ones.
  RealRows few = all;
  few.training.clear(), few.training_cells.clear();
  std::vector<int> count(4);
  for (std::size_t i = 0; i < all.training.size(); ++i)
    if (count[static_cast<std::size_t>(all.training_cells[i])]++ < 12) {
      few.training.push_back(all.training[i]);
      few.training_cells.push_back(all.training_cells[i]);
    }
  Maker of_few(few, 4);
  const ArtifactAudit found = audited(few, {of_few.smote(600)});
  for (const CellArtifacts& cell : found.recipes[0].cells) {
    EXPECT_EQ(cell.verdict, ArtifactVerdict::too_few) << testing::PrintToString(cell.reasons);
    EXPECT_EQ(figure(cell, ArtifactKind::copies).verdict, ArtifactVerdict::clean);  // that needs no more real rows
  }
  EXPECT_EQ(found.verdict(), ArtifactVerdict::too_few);
}

TEST(Artifacts, OfACellWithOneRowOrNone) {
  const data::Dataset dataset = plain_people(400, 3);
  RealRows real = people_of(dataset);
  Maker maker(real, 4);
  MadeSample made = maker.jitter(400);
  RealRows one = real;
  one.training.clear(), one.training_cells.clear();
  bool has_one = false;
  for (std::size_t i = 0; i < real.training.size(); ++i) {
    const std::int32_t cell = real.training_cells[i];
    if (cell == 1 || (cell == 0 && has_one)) continue;  // none of cell 1, one of cell 0
    has_one = has_one || cell == 0;
    one.training.push_back(real.training[i]);
    one.training_cells.push_back(cell);
  }
  std::fill(made.parents.begin(), made.parents.end(), -1);
  const ArtifactAudit found = audited(one, {made});
  const CellArtifacts &single = found.recipes[0].cells[0], &none = found.recipes[0].cells[1];
  EXPECT_EQ(single.real_rows, 1);
  EXPECT_EQ(none.real_rows, 0);
  for (const CellArtifacts* cell : {&single, &none}) {
    EXPECT_GE(cell->verdict, ArtifactVerdict::too_few);
    EXPECT_FALSE(cell->distances);
    EXPECT_EQ(figure(*cell, ArtifactKind::near_copies).says, "the cell has no two training rows");
    EXPECT_EQ(figure(*cell, ArtifactKind::near_copies).verdict, ArtifactVerdict::too_few);
    EXPECT_EQ(figure(*cell, ArtifactKind::drift).verdict, ArtifactVerdict::too_few);
  }
  EXPECT_EQ(found.recipes[0].cells[2].real_rows, 80);
}

// Columns of one kind alone.
RealRows people_with(data::Dataset& dataset, bool numbers) {
  data::Dataset all = plain_people(3000, 5);
  const std::vector<std::size_t> kept = numbers ? std::vector<std::size_t>{0, 1, 2} : std::vector<std::size_t>{3, 4};
  dataset = all;
  dataset.encoded.features.clear();
  dataset.encoded.codes.clear();
  dataset.encoded.values.clear();
  for (const std::size_t f : kept) dataset.encoded.features.push_back(all.encoded.features[f]);
  for (std::size_t row = 0; row < 3000; ++row)
    for (const std::size_t f : kept) {
      dataset.encoded.codes.push_back(all.encoded.codes[5 * row + f]);
      dataset.encoded.values.push_back(all.encoded.values[5 * row + f]);
    }
  return people_of(dataset);
}

TEST(Artifacts, OfNumbersAloneOrCategoriesAlone) {
  data::Dataset dataset;
  const RealRows numbers = people_with(dataset, true);
  Maker maker(numbers, 6);
  const ArtifactAudit of_numbers = audited(numbers, {maker.smote(1000)});
  for (const CellArtifacts& cell : of_numbers.recipes[0].cells) {
    EXPECT_EQ(cell.verdict, ArtifactVerdict::clean) << testing::PrintToString(cell.reasons);
    EXPECT_EQ(figure(cell, ArtifactKind::combinations).made, 0);
  }
  // Twelve combinations of levels: every row has twins, the median distance is 0, and only equal rows are near copies.
  data::Dataset of_levels;
  const RealRows categories = people_with(of_levels, false);
  Maker of_categories(categories, 6);
  const ArtifactAudit of_levels_alone = audited(categories, {of_categories.corrupt(1000)});
  for (const CellArtifacts& cell : of_levels_alone.recipes[0].cells) {
    EXPECT_EQ(figure(cell, ArtifactKind::copies).real, 1);
    EXPECT_EQ(figure(cell, ArtifactKind::copies).verdict, ArtifactVerdict::clean);
    EXPECT_EQ(figure(cell, ArtifactKind::near_copies).verdict, ArtifactVerdict::clean);
    EXPECT_EQ(cell.distances->real[2], 0);
  }
}

TEST(Artifacts, AreThoseOfTheSeedWhateverTheThreadsAndOfAtMostSoManyRows) {
  const data::Dataset dataset = plain_people(2000, 7);
  const RealRows real = people_of(dataset);
  Maker maker(real, 6);
  const MadeSample made = maker.smote(500);
  sampling::ArtifactParams params;
  params.rows = 200;
  const ArtifactAudit one = audit_artifacts(real, {made}, params, 0.95, 1);
  const int threads = at::get_num_threads();
  at::set_num_threads(threads == 1 ? 2 : 1);
  const ArtifactAudit same = audit_artifacts(real, {made}, params, 0.95, 1);
  at::set_num_threads(threads);
  const ArtifactAudit other = audit_artifacts(real, {made}, params, 0.95, 2);
  const CellArtifacts& cell = one.recipes[0].cells[0];
  EXPECT_EQ(cell.made_rows, 500);
  EXPECT_EQ(cell.looked_at, 200);
  EXPECT_EQ(figure(cell, ArtifactKind::two_sample).real_rows, 200);
  for (std::size_t f = 0; f < cell.figures.size(); ++f) {
    const ArtifactFigure& again = same.recipes[0].cells[0].figures[f];
    EXPECT_EQ(cell.figures[f].made, again.made);
    EXPECT_EQ(cell.figures[f].p_value, again.p_value);
    EXPECT_EQ(cell.figures[f].interval ? cell.figures[f].interval->low : 0, again.interval ? again.interval->low : 0);
  }
  EXPECT_NE(figure(cell, ArtifactKind::two_sample).made,
            figure(other.recipes[0].cells[0], ArtifactKind::two_sample).made);
}

// Rows of the first cell are a little taller: its p-value is the smallest of four, and so counts fourfold.
TEST(Artifacts, CorrectTheClassifiersForTheirNumber) {
  const data::Dataset dataset = plain_people(2000, 8);
  const RealRows real = people_of(dataset);
  Maker maker(real, 6);
  MadeSample made = maker.jitter(300);
  for (std::size_t row = 0; row < 300; ++row) made.values[5 * row + 2] += 0.25F;
  MadeSample first = made;
  first.cells.resize(300), first.parents.resize(300), first.partners.resize(300);
  first.codes.resize(5 * 300), first.values.resize(5 * 300);
  const ArtifactAudit of_one = audited(real, {first}), of_four = audited(real, {made});
  const double alone = *figure(of_one.recipes[0].cells[0], ArtifactKind::two_sample).p_value;
  EXPECT_GT(alone, 1e-12);
  EXPECT_LT(alone, 0.1);
  EXPECT_DOUBLE_EQ(*figure(of_four.recipes[0].cells[0], ArtifactKind::two_sample).p_value, 4 * alone);
}

TEST(Artifacts, StopARunThatSaysSo) {
  const data::Dataset dataset = plain_people(2000, 9);
  const RealRows real = people_of(dataset);
  Maker maker(real, 6);
  const ArtifactAudit copies = audited(real, {maker.smote(500), maker.copies(500)});
  EXPECT_EQ(copies.verdict(), ArtifactVerdict::harmful);
  const std::vector<std::string> warnings = artifact_warnings(copies);
  ASSERT_EQ(warnings.size(), 4u);
  EXPECT_THAT(warnings[0], AllOf(HasSubstr("rows that copies makes of sex=f, label=negative are harmful: "),
                                 HasSubstr("100.0 % of the made rows are equal to a training row")));
  sampling::ArtifactParams stop;
  EXPECT_NO_THROW(stop_on_artifacts(copies, stop));
  stop.on_artifacts = "stop";
  try {
    stop_on_artifacts(copies, stop);
    FAIL() << "went on";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("on_artifacts is stop"), HasSubstr("copies, sex=m, label=positive: "),
                                    Not(HasSubstr("smote"))));
  }
  EXPECT_NO_THROW(stop_on_artifacts(audited(real, {maker.smote(500)}), stop));
}

TEST(Artifacts, ABoundThatIsMovedMovesTheVerdict) {
  const data::Dataset dataset = plain_people(4000, 9);
  const RealRows real = people_of(dataset);
  Maker maker(real, 6);
  const std::vector<MadeSample> made = {maker.jitter(1000)};
  sampling::ArtifactParams strict;
  strict.traced = 0.5;
  EXPECT_EQ(audited(real, made).recipes[0].cells[0].verdict, ArtifactVerdict::clean);
  EXPECT_FALSE(figure(audited(real, made).recipes[0].cells[0], ArtifactKind::traced).verdict);
  const CellArtifacts traced = audited(real, made, strict).recipes[0].cells[0];
  EXPECT_EQ(traced.verdict, ArtifactVerdict::harmful);
  EXPECT_THAT(traced.reasons[0], HasSubstr("have their parent as the closest training row"));
}

TEST(Artifacts, RefuseWhatDoesNotFitTogether) {
  const data::Dataset dataset = plain_people(100, 9);
  const RealRows real = people_of(dataset);
  Maker maker(real, 6);
  const MadeSample made = maker.copies(3);
  const auto refused = [&](const RealRows& rows, const MadeSample& sample) {
    try {
      audited(rows, {sample});
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(refused(real, made), "no error");
  MadeSample wrong = made;
  wrong.codes.pop_back();
  EXPECT_THAT(refused(real, wrong), HasSubstr("one code and one value for each feature"));
  wrong = made;
  wrong.cells[0] = 4;
  EXPECT_THAT(refused(real, wrong), HasSubstr("a cell that there is none of"));
  wrong = made;
  wrong.parents[0] = 100;
  EXPECT_THAT(refused(real, wrong), HasSubstr("none of the data's rows"));
  wrong = made;
  wrong.codes[0] = 9;
  EXPECT_THAT(refused(real, wrong), HasSubstr("beyond its feature's last"));
  RealRows uncelled = real;
  uncelled.training_cells.pop_back();
  EXPECT_THAT(refused(uncelled, made), HasSubstr("not every real row has a cell"));
}

TEST(RealRows, AreThoseThatASamplerDraws) {
  data::Dataset dataset = sampling::census();
  const std::vector<std::int64_t> training = dataset.rows_of(data::Split::train);
  dataset.weights.assign(110, 1);
  dataset.weights[0] = 0;
  sampling::SamplingParams params;
  params.recipes = {sampling::recipe("balance", {"sex", "label"})};
  const sampling::SampledCells cells = sampling::make_cells(params, dataset, training, config::Origin());
  const RealRows real = real_rows(dataset.encoded, cells, training);
  ASSERT_EQ(real.cells.size(), cells.cells.size());
  EXPECT_EQ(real.training.size(), 99u);
  EXPECT_EQ(real.training[0], 1);
  EXPECT_EQ(real.cells[static_cast<std::size_t>(real.training_cells[0])].name, "sex=f, label=negative");
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t b = 0; b < a; ++b)
      EXPECT_EQ(real.cells[a].group == real.cells[b].group, real.cells[a].name[4] == real.cells[b].name[4]);
}

}  // namespace artifacts_edges_test
}  // namespace equipoise::audit
