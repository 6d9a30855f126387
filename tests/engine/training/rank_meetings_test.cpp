// What ranks compare while they train.
#include "engine/training/rank_meetings.h"

#include <gmock/gmock.h>

#include "tests/engine/distributed/ranks_in_threads.h"
#include "tests/engine/training/step_sample.h"

namespace equipoise::training {
namespace rank_meetings_test {

using testing::HasSubstr;

// A bit of one weight of a rank, as a memory that fails would turn it.
TEST(RankMeetings, SayWhichRankHasLeftTheOthers) {
  std::vector<std::string> said(3);
  std::vector<bool> is_numerical(3);
  const std::vector<std::string> thrown = distributed::run_ranks(3, [&](const distributed::Ranks& ranks) {
    StepSample sample({}, at::kCPU, ranks);
    const RankMeetings meetings(ranks, 2, false);
    meetings.start(0, sample.learner(), {});
    sample.run(2);
    meetings.after(2, sample.learner(), {});
    if (ranks.rank() == 1) {
      at::Tensor weight = sample.learner().flat_parameters().select(0, 0).select(0, 0);
      weight.fill_(std::nextafter(weight.item<float>(), 1e9f));
    }
    sample.run(1);
    meetings.after(3, sample.learner(), {});  // not a step at which they compare
    sample.run(1);
    const auto rank = static_cast<std::size_t>(ranks.rank());
    try {
      meetings.after(4, sample.learner(), {});
    } catch (const core::UserError& error) {
      said[rank] = error.what();
      is_numerical[rank] = error.fault() == core::Fault::numerical;
    }
  });
  for (const std::string& message : thrown) EXPECT_EQ(message, "");
  for (std::size_t rank = 0; rank < said.size(); ++rank) {
    EXPECT_THAT(said[rank], HasSubstr("rank 1 has another state after step 4 than rank 0: line 1: 'weights "));
    EXPECT_TRUE(is_numerical[rank]) << rank;
  }
}

// Weights that differ before anything was learnt come from another program or file.
TEST(RankMeetings, CompareBeforeTheFirstStep) {
  const std::vector<std::string> thrown = distributed::run_ranks(2, [&](const distributed::Ranks& ranks) {
    StepSample sample({}, at::kCPU, ranks);
    if (!ranks.is_first()) sample.learner().flat_parameters().add_(1);
    RankMeetings(ranks, ranks.is_first() ? 500 : 0, false).start(0, sample.learner(), {});
  });
  for (const std::string& message : thrown)
    EXPECT_THAT(message, HasSubstr("rank 1 has another state before its first step than rank 0"));
}

TEST(RankMeetings, CompareNothingAfterStepsWhereNobodyAsks) {
  const std::vector<std::string> thrown = distributed::run_ranks(2, [&](const distributed::Ranks& ranks) {
    StepSample sample({}, at::kCPU, ranks);
    const RankMeetings meetings(ranks, 0, false);
    meetings.start(0, sample.learner(), {});
    if (!ranks.is_first()) sample.learner().flat_parameters().add_(1);
    meetings.after(1, sample.learner(), {});
  });
  for (const std::string& message : thrown) EXPECT_EQ(message, "");
}

}  // namespace rank_meetings_test
}  // namespace equipoise::training
