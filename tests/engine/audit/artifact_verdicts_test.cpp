#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/audit/cell_artifacts.h"

namespace equipoise::audit {
namespace artifact_verdicts_test {

using testing::HasSubstr;

// A cell with one figure, judged by the bounds that are the default.
CellArtifacts judged(ArtifactKind kind, double excess, double low, double high, double p_value = 1, double noise = 0.1,
                     std::int64_t rows = 1000) {
  CellArtifacts cell;
  cell.looked_at = cell.made_rows = cell.real_rows = rows;
  ArtifactFigure& figure = cell.figures.emplace_back();
  figure.kind = kind;
  figure.made = figure.excess = excess;
  figure.real = kind == ArtifactKind::two_sample ? 0.5 : 0;
  figure.interval = evaluation::Interval{low, high};
  figure.p_value = p_value;
  figure.noise = noise;
  judge(cell, {});
  return cell;
}

ArtifactVerdict verdict(ArtifactKind kind, double excess, double low, double high, double p_value = 1,
                        double noise = 0.1) {
  return judged(kind, excess, low, high, p_value, noise).verdict;
}

// The bound on copies is .05.
TEST(ArtifactVerdicts, GoByTheIntervalAndTheBound) {
  EXPECT_EQ(verdict(ArtifactKind::copies, 0.02, 0.01, 0.04), ArtifactVerdict::clean);
  EXPECT_EQ(verdict(ArtifactKind::copies, 0.02, -0.02, 0.06), ArtifactVerdict::too_few);
  EXPECT_EQ(verdict(ArtifactKind::copies, 0.06, -0.01, 0.13), ArtifactVerdict::too_few);  // may be chance alone
  EXPECT_EQ(verdict(ArtifactKind::copies, 0.06, 0.01, 0.11), ArtifactVerdict::look);
  EXPECT_EQ(verdict(ArtifactKind::copies, 0.08, 0.051, 0.11), ArtifactVerdict::harmful);
  EXPECT_EQ(verdict(ArtifactKind::copies, -0.2, -0.3, -0.1), ArtifactVerdict::clean);
}

TEST(ArtifactVerdicts, OfNearCopiesAreNeverHarmful) {
  EXPECT_EQ(verdict(ArtifactKind::near_copies, 0.9, 0.88, 0.92), ArtifactVerdict::look);
}

// An area is more than chance from .5 on; the bound is .8.
TEST(ArtifactVerdicts, OfTheClassifierStartFromOneHalf) {
  EXPECT_EQ(verdict(ArtifactKind::two_sample, 0.6, 0.5, 0.7), ArtifactVerdict::clean);
  EXPECT_EQ(verdict(ArtifactKind::two_sample, 0.82, 0.48, 1), ArtifactVerdict::too_few);
  EXPECT_EQ(verdict(ArtifactKind::two_sample, 0.82, 0.7, 0.9), ArtifactVerdict::look);
  EXPECT_EQ(verdict(ArtifactKind::two_sample, 0.9, 0.85, 0.95), ArtifactVerdict::harmful);
}

// The bound is .3. The interval is of the surest change alone: whether others would have been seen, the noise says.
TEST(ArtifactVerdicts, OfCorrelationsAskWhetherAChangeWouldHaveBeenSeen) {
  EXPECT_EQ(verdict(ArtifactKind::drift, 0.2, 0, 0.45, 1, 0.1), ArtifactVerdict::clean);
  EXPECT_EQ(verdict(ArtifactKind::drift, 0.2, 0, 0.6, 1, 0.4), ArtifactVerdict::too_few);
  EXPECT_EQ(verdict(ArtifactKind::drift, 0.4, 0, 0.9, 1, 0.1), ArtifactVerdict::too_few);
  EXPECT_EQ(verdict(ArtifactKind::drift, 0.4, 0.1, 0.7, 0.01, 0.1), ArtifactVerdict::look);
  EXPECT_EQ(verdict(ArtifactKind::drift, 0.4, 0.31, 0.5, 0.001, 0.1), ArtifactVerdict::harmful);
}

TEST(ArtifactVerdicts, WithoutABoundThereIsNone) {
  for (const ArtifactKind kind :
       {ArtifactKind::close, ArtifactKind::cell_range, ArtifactKind::held_out, ArtifactKind::traced}) {
    const CellArtifacts cell = judged(kind, 0.9, 0.8, 1);
    EXPECT_FALSE(cell.figures[0].verdict);
    EXPECT_FALSE(cell.figures[0].bound);
    EXPECT_EQ(cell.verdict, ArtifactVerdict::clean);
  }
}

TEST(ArtifactVerdicts, OfACellAreTheGravestAndSaidInThatOrder) {
  CellArtifacts cell = judged(ArtifactKind::near_copies, 0.9, 0.88, 0.92);
  cell.figures.push_back(judged(ArtifactKind::copies, 0.02, -0.02, 0.06).figures[0]);
  cell.figures.push_back(judged(ArtifactKind::parents, 0.1, 0.08, 0.12).figures[0]);
  judge(cell, {});
  EXPECT_EQ(cell.verdict, ArtifactVerdict::harmful);
  ASSERT_EQ(cell.reasons.size(), 3u);
  EXPECT_EQ(cell.reasons[0], "10.0 % of the made rows are made of a row with another label.");
  EXPECT_THAT(cell.reasons[1], HasSubstr("90.0 % of the made rows are near copies"));
  EXPECT_EQ(cell.reasons[2], "Too few rows to tell (1000 made, 1000 real): Copies.");
}

TEST(ArtifactVerdicts, OfFewerRowsThanAskedForAreTooFew) {
  EXPECT_EQ(judged(ArtifactKind::copies, 0.9, 0.8, 1, 1, 0, 29).verdict, ArtifactVerdict::too_few);
  EXPECT_EQ(judged(ArtifactKind::copies, 0.9, 0.8, 1, 1, 0, 30).verdict, ArtifactVerdict::harmful);
}

TEST(ArtifactVerdicts, HaveNamesThatAreReadAgain) {
  for (int i = 0; i < 4; ++i) {
    const auto one = static_cast<ArtifactVerdict>(i);
    EXPECT_EQ(artifact_verdict_from(name_of(one)), one);
  }
  EXPECT_FALSE(artifact_verdict_from("fine"));
  for (std::size_t i = 0; i < kArtifactKinds; ++i) EXPECT_EQ(static_cast<std::size_t>(artifact_kinds()[i].kind), i);
}

}  // namespace artifact_verdicts_test
}  // namespace equipoise::audit
