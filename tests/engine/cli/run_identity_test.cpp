#include "engine/cli/run_identity.h"

#include <gmock/gmock.h>

#include "engine/core/error.h"

namespace equipoise::cli {
namespace run_identity_test {

using testing::HasSubstr;

std::string lines_of(const checkpoint::Fields& saved, const checkpoint::Fields& now) {
  return checkpoint::to_lines(differences_of_runs(saved, now));
}

TEST(RunIdentity, DoesNotHangOnWhereTheSameBytesLie) {
  const checkpoint::Fields saved = {{"data.files", "[/a/x.csv]"}, {"seed", "1"}, {"contents.files[0]", "00ff"}};
  checkpoint::Fields now = {{"data.files", "[/b/y.csv]"}, {"seed", "1"}, {"contents.files[0]", "00ff"}};
  EXPECT_EQ(lines_of(saved, now), "");
  now[1].second = "2";
  EXPECT_EQ(lines_of(saved, now), "\n  seed: 1 there, 2 now");
  now[2].second = "11ee";
  EXPECT_THAT(lines_of(saved, now), HasSubstr("\n  data.files: [/a/x.csv] there, [/b/y.csv] now"));
}

TEST(RunIdentity, AFileThatWasNotNamedIsNotOneThatWasMoved) {
  const checkpoint::Fields saved = {{"data.split.test_files", "[]"}, {"data.teacher.predictions", "\"\""}};
  const checkpoint::Fields now = {{"data.split.test_files", "[/a.csv]"}, {"data.teacher.predictions", "/b.csv"}};
  EXPECT_EQ(lines_of(saved, now),
            "\n  data.split.test_files: [] there, [/a.csv] now\n  data.teacher.predictions: \"\" there, /b.csv now");
}

// Whoever accepts another part of the config has not accepted other rows.
TEST(RunIdentity, ContentsAreNoPartOfTheConfig) {
  const auto differing = differences_of_runs({{"contents.files[0]", "00"}}, {{"contents.files[0]", "11"}});
  EXPECT_EQ(checkpoint::without(differing, {"data", "data.files"}).size(), 1u);
  EXPECT_TRUE(checkpoint::without(differing, {"contents.files[0]"}).empty());
  EXPECT_TRUE(checkpoint::without(differing, {"contents"}).empty());
}

TEST(RunIdentity, KnowsTheFieldsOfBothRunsAndOfLists) {
  const training::RunConfig config;
  const checkpoint::Fields saved = {{"constraints[1].kind", "churn"}}, now = {{"contents.splits", "00"}};
  for (const std::string word : {"constraints[1]", "constraints[4].kind", "contents", "training.epochs", "sampling"})
    EXPECT_NO_THROW(check_allowed_fields({word}, config, saved, now)) << word;
  for (const std::string word : {"constraint", "output", "content"})
    EXPECT_THROW(check_allowed_fields({word}, config, saved, now), core::UserError) << word;
}

}  // namespace run_identity_test
}  // namespace equipoise::cli
