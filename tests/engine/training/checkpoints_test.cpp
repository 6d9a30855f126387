#include "engine/training/checkpoints.h"

#include <ATen/Functions.h>
#include <gmock/gmock.h>

#include "engine/core/error.h"

namespace equipoise::training {
namespace checkpoints_test {

using testing::HasSubstr;

std::vector<models::NamedTensor> network(std::int64_t inputs, std::int64_t hidden) {
  return {{"layers.0.weight", at::zeros({1, inputs, hidden})}, {"layers.0.bias", at::zeros({1, hidden})}};
}

std::string refusal(const std::vector<models::NamedTensor>& saved, const std::vector<models::NamedTensor>& own) {
  checkpoint::State state;
  walk_layout(checkpoint::StateWalk::saving_into(state), saved, "");
  try {
    walk_layout(checkpoint::StateWalk::restoring_from(state, "c"), own, "step-7");
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "accepted";
}

TEST(CheckpointLayout, IsThatOfTheLearner) {
  EXPECT_EQ(refusal(network(56, 8), network(56, 8)), "accepted");
  EXPECT_EQ(refusal({}, {}), "accepted") << "trees have no parameters";
}

// All of these can be as many numbers in one buffer.
TEST(CheckpointLayout, OfAnotherModelNamesTheFirstThatDiffers) {
  const std::vector<models::NamedTensor> saved = network(56, 8);
  EXPECT_THAT(refusal(saved, network(55, 8)),
              HasSubstr("the checkpoint 'step-7' does not fit this run: its model has the parameter 'layers.0.weight' "
                        "F32 [1, 56, 8] where this run's has the parameter 'layers.0.weight' F32 [1, 55, 8]"));
  std::vector<models::NamedTensor> other = saved;
  other[1].name = "layers.0.scale";
  EXPECT_THAT(refusal(saved, other),
              HasSubstr("'layers.0.bias' F32 [1, 8] where this run's has the parameter 'layers.0.scale' F32"));
  other = saved;
  other.push_back({"layers.1.weight", at::zeros({1, 8, 1})});
  EXPECT_THAT(refusal(saved, other),
              HasSubstr("its model has no further parameter where this run's has the parameter 'layers.1.weight' F32"));
  EXPECT_THAT(refusal(other, saved),
              HasSubstr("'layers.1.weight' F32 [1, 8, 1] where this run's has no further parameter"));
}

TEST(CheckpointLayout, OfACheckpointWithoutOneIsMissing) {
  std::vector<models::NamedTensor> own = network(3, 2);
  EXPECT_THROW(walk_layout(checkpoint::StateWalk::restoring_from({}, "c").under("layout"), own, "c"), core::UserError);
}

}  // namespace checkpoints_test
}  // namespace equipoise::training
