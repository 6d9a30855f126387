// What is said of rows that the recipes make of Adult, and of people that nobody made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/audit/column_rows.h"
#include "tests/engine/audit/made_people.h"

namespace equipoise::audit {
namespace artifacts_adult_test {

using testing::HasSubstr;

class ArtifactsOfAdult : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const RealRows real = people_of(adult());
    Maker maker(real, 3);
    audit_ = audit_artifacts(real, {maker.smote(1000), maker.jitter(1000), maker.corrupt(1000), maker.copies(1000)}, {},
                             0.95, 1);
  }
  static const RecipeArtifacts& of(const std::string& recipe) {
    return *std::find_if(audit_.recipes.begin(), audit_.recipes.end(),
                         [&](const RecipeArtifacts& one) { return one.recipe == recipe; });
  }
  static inline ArtifactAudit audit_;
};

// What docs/guides/artifacts.md has is among what --gtest_output=xml writes of this case.
TEST_F(ArtifactsOfAdult, HonestRowsAreClean) {
  for (const RecipeArtifacts& recipe : audit_.recipes)
    for (const CellArtifacts& cell : recipe.cells)
      for (const ArtifactFigure& one : cell.figures)
        RecordProperty(
            recipe.recipe + "; " + cell.cell + "; " + artifact_kinds()[static_cast<std::size_t>(one.kind)].name,
            std::to_string(one.made.value_or(-1)) + " " + std::to_string(one.real.value_or(-1)));
  for (const char* recipe : {"smote", "jitter"})
    for (const CellArtifacts& cell : of(recipe).cells) {
      EXPECT_EQ(cell.verdict, ArtifactVerdict::clean) << recipe << ", " << cell.cell;
      EXPECT_TRUE(cell.reasons.empty());
      EXPECT_EQ(cell.looked_at, 1000);
      EXPECT_EQ(cell.figures.size(), static_cast<std::size_t>(kArtifactKinds));
      // Made of rows of the cell, they are nearer to these than to people who were left out.
      EXPECT_GT(figure(cell, ArtifactKind::traced).interval->low, 0.2);
      EXPECT_GT(figure(cell, ArtifactKind::held_out).interval->low, 0);
      EXPECT_LT(cell.distances->to_any[2], cell.distances->made[2]);
    }
}

TEST_F(ArtifactsOfAdult, CorruptionMakesPeopleThatThereAreNot) {
  for (const CellArtifacts& cell : of("corrupt").cells) {
    EXPECT_EQ(cell.verdict, ArtifactVerdict::harmful) << cell.cell;
    EXPECT_EQ(figure(cell, ArtifactKind::combinations).verdict, ArtifactVerdict::harmful);
    EXPECT_GE(figure(cell, ArtifactKind::drift).excess, 0.2);
  }
  EXPECT_THAT(of("corrupt").cells[3].reasons[0], HasSubstr("marital-status and relationship"));
}

TEST_F(ArtifactsOfAdult, CopiesAreSaidToBeCopies) {
  for (const CellArtifacts& cell : of("copies").cells) {
    EXPECT_EQ(cell.verdict, ArtifactVerdict::harmful) << cell.cell;
    EXPECT_EQ(figure(cell, ArtifactKind::copies).made, 1);
    EXPECT_EQ(figure(cell, ArtifactKind::copies).says, "100.0 % are equal to the row they are made of");
    EXPECT_EQ(figure(cell, ArtifactKind::near_copies).verdict, ArtifactVerdict::look);
    EXPECT_GT(*figure(cell, ArtifactKind::traced).made, 0.85);  // but for twins
    // They are no other people than the real ones, so nothing else is wrong with them.
    EXPECT_LT(figure(cell, ArtifactKind::two_sample).interval->low, 0.5);
    EXPECT_EQ(figure(cell, ArtifactKind::labels).verdict, ArtifactVerdict::clean);
  }
}

// Other training people, given as made rows without parents: nothing is wrong with them.
TEST(ArtifactFalseAlarms, OfOtherPeopleAreAsRareAsTheConfidenceSays) {
  const RealRows all = people_of(adult());
  const std::size_t features = adult().encoded.features.size();
  int cells = 0, told = 0, missed = 0, drifted = 0, harmful = 0, looked = 0;
  for (std::uint64_t draw = 0; draw < 40; ++draw) {
    RealRows real = all;
    real.training.clear(), real.training_cells.clear(), real.held_out.clear(), real.held_out_cells.clear();
    MadeSample made;
    made.recipe = "people";
    std::vector<int> count(4), count_made(4);
    for (std::size_t i = 0; i < all.training.size(); ++i) {
      const auto cell = static_cast<std::size_t>(all.training_cells[i]);
      const std::uint64_t chance = core::mix(draw, i) % 16;
      if (chance < 2 && count[cell]++ < 500) {
        real.training.push_back(all.training[i]);
        real.training_cells.push_back(all.training_cells[i]);
      } else if ((chance == 2 || chance == 3) && count_made[cell]++ < 500) {
        const EncodedRow row = row_of(adult().encoded, all.training[i]);
        made.codes.insert(made.codes.end(), row.codes, row.codes + features);
        made.values.insert(made.values.end(), row.values, row.values + features);
        made.cells.push_back(all.training_cells[i]);
        made.parents.push_back(-1);
        made.partners.push_back(-1);
      }
    }
    const ArtifactAudit found = audit_artifacts(real, {made}, {}, 0.95, draw);
    for (const CellArtifacts& cell : found.recipes.at(0).cells) {
      ++cells;
      const evaluation::Interval area = *figure(cell, ArtifactKind::two_sample).interval;
      told += area.low > 0.5;
      missed += area.low > 0.5 || area.high < 0.5;
      drifted += figure(cell, ArtifactKind::drift).p_value.value_or(1) < 0.05;
      harmful += cell.verdict == ArtifactVerdict::harmful;
      looked += cell.verdict == ArtifactVerdict::look;
    }
  }
  RecordProperty("told", told);
  RecordProperty("missed", missed);
  RecordProperty("drifted", drifted);
  RecordProperty("harmful", harmful);
  RecordProperty("looked", looked);
  EXPECT_EQ(cells, 160);
  EXPECT_LE(told, 12);     // 4 expected, 4 deviations more
  EXPECT_LE(missed, 19);   // 8 expected, 4 deviations more
  EXPECT_LE(drifted, 19);  // at most 8 expected, 4 deviations more
  EXPECT_LE(harmful, 2);
  EXPECT_LE(looked, 16);
}

}  // namespace artifacts_adult_test
}  // namespace equipoise::audit
