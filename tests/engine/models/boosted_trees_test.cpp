#include "engine/models/boosted_trees.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/core/error.h"
#include "engine/core/gpu_driver.h"
#include "engine/models/model_file.h"

namespace equipoise::models {
namespace boosted_trees_test {

using testing::HasSubstr;

const at::Tensor kNoStep = at::zeros({1}, at::kLong);
constexpr std::int16_t kMissingFlag = 4;

// A number in four bins and a flag, a number in standard deviations, and a category of three levels.
data::EncodedRows empty_rows() {
  data::EncodedRows rows;
  rows.features = {{"age", data::FeatureKind::ramp, 0, 5, false, {}},
                   {"height", data::FeatureKind::pick, 5, 2, false, {"height", "height missing"}},
                   {"work", data::FeatureKind::pick, 7, 3, false, {"work = a", "work = b", "work = c"}}};
  rows.width = 10;
  return rows;
}

void add(data::EncodedRows& rows, std::int16_t bin, float place, float height, std::int16_t work) {
  rows.codes.insert(rows.codes.end(), {bin, std::int16_t{0}, work});
  rows.values.insert(rows.values.end(), {place, height, 1.0f});
  ++rows.rows;
}

data::EncodedRows some_rows(std::int64_t count, std::uint64_t seed = 3) {
  data::EncodedRows rows = empty_rows();
  std::mt19937_64 draw(seed);
  for (std::int64_t i = 0; i < count; ++i)
    add(rows, static_cast<std::int16_t>(draw() % 4), static_cast<float>(draw() % 1000) / 1000.0f,
        static_cast<float>(draw() % 2000) / 1000.0f - 1.0f, static_cast<std::int16_t>(draw() % 3));
  return rows;
}

TreeParams stumps() {
  TreeParams params;
  params.max_leaves = 2;
  params.learning_rate = 1;
  params.min_child_weight = 0;
  params.reg_lambda = 0;
  params.colsample_bytree = 1;
  return params;
}

ModelParams trees(TreeParams params = {}) {
  ModelParams model;
  model.kind = "boosted_trees";
  model.trees = params;
  return model;
}

at::Tensor all_alive(const Learner& learner) {
  return at::ones({learner.members()}, at::kByte);
}

// A few rounds towards labels that follow the bin and the category; what a learner of a log loss would be told, over the mean.
void grow_some(Learner& learner, const EncodedTensors& encoded, std::int64_t count, int rounds) {
  const at::Tensor rows = at::arange(count, at::kLong);
  const at::Tensor codes = encoded.codes.narrow(0, 0, count).to(at::kFloat);
  const at::Tensor labels = (codes.select(1, 0) + 2 * (codes.select(1, 2) == 1).to(at::kFloat) > 2).to(at::kFloat);
  for (int round = 0; round < rounds; ++round) {
    // In double: the library's vectors and the numbers that are left beside them differ in a float's last bit.
    const at::Tensor p = learner.forward(encoded, rows, kNoStep).to(at::kDouble).sigmoid().to(at::kFloat);
    learner.grow((p - labels) / count, p * (1 - p) / count, all_alive(learner));
  }
}

at::Tensor scores_of(Learner& learner, const EncodedTensors& encoded, std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> shape = {learner.members(), count};
  if (learner.outputs() > 1) shape.push_back(learner.outputs());
  at::Tensor scores = at::empty(shape, at::kFloat);
  learner.score(encoded, first, {}, scores);
  return scores;
}

// Four rows, bins 0 0 1 1 of one number, and gradients -1 -1 3 1 with curvatures 1 1 1 3: a leaf answers minus the sum of its gradients over
// that of its curvatures, -(-2) / 2 = 1 and -4 / 4 = -1. Told as means, which XGBoost is told times four.
TEST(BoostedTrees, ALeafIsANewtonStep) {
  data::EncodedRows host = empty_rows();
  for (const std::int16_t bin : {0, 0, 1, 1}) add(host, bin, 0.5f, 0.0f, 0);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(trees(stumps()), host, {1}, at::kCPU);
  const at::Tensor rows = at::arange(4, at::kLong);
  EXPECT_TRUE(learner->forward(encoded, rows, kNoStep).equal(at::zeros({1, 4})));
  learner->grow(at::tensor({-1.0f, -1.0f, 3.0f, 1.0f}).div(4).unsqueeze(0),
                at::tensor({1.0f, 1.0f, 1.0f, 3.0f}).div(4).unsqueeze(0), all_alive(*learner));
  EXPECT_TRUE(learner->forward(encoded, rows, kNoStep).equal(at::tensor({1.0f, 1.0f, -1.0f, -1.0f}).unsqueeze(0)));
  EXPECT_EQ(learner->flat_parameters().item<float>(), 1);
}

TEST(BoostedTrees, AGradientOfZeroRowsAndOfAStoppedMemberChangesNothing) {
  const data::EncodedRows host = some_rows(60);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(trees(), host, {1, 2}, at::kCPU);
  const at::Tensor rows = at::arange(60, at::kLong);
  const at::Tensor logits = learner->forward(encoded, rows, kNoStep);
  at::manual_seed(1);
  learner->grow(at::randn({2, 60}), at::ones({2, 60}), at::tensor({1, 0}, at::kByte));
  EXPECT_GT(logits[0].abs().max().item<float>(), 0);
  EXPECT_EQ(logits[1].abs().max().item<float>(), 0);
  EXPECT_TRUE(learner->flat_parameters().equal(at::tensor({1.0f, 0.0f}).unsqueeze(1)));
}

TEST(BoostedTrees, ACategoryIsSplitByItsLevelsAndAMissingNumberGoesItsOwnWay) {
  data::EncodedRows host = empty_rows();
  // Level 1 alone has gradient -1: as a number it would take two splits.
  for (const std::int16_t level : {0, 1, 2, 0, 1, 2}) add(host, 0, 0.5f, 0.0f, level);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(trees(stumps()), host, {1}, at::kCPU);
  const at::Tensor rows = at::arange(6, at::kLong);
  const at::Tensor logits = learner->forward(encoded, rows, kNoStep);
  learner->grow(at::tensor({1.0f, -1.0f, 1.0f, 1.0f, -1.0f, 1.0f}).unsqueeze(0), at::ones({1, 6}), all_alive(*learner));
  EXPECT_TRUE(logits.equal(at::tensor({-1.0f, 1.0f, -1.0f, -1.0f, 1.0f, -1.0f}).unsqueeze(0)));

  data::EncodedRows holes = empty_rows();
  for (const std::int16_t bin : {0, 1, 2}) add(holes, bin, 0.5f, 0.0f, 0);
  add(holes, kMissingFlag, 1.0f, 0.0f, 0);
  const EncodedTensors with_holes = to_tensors(holes, at::kCPU);
  const auto second = make_learner(trees(stumps()), holes, {1}, at::kCPU);
  const at::Tensor of_holes = second->forward(with_holes, at::arange(4, at::kLong), kNoStep);
  // The missing one is like the smallest: a flag that counted as the largest number would stand on the other side.
  second->grow(at::tensor({1.0f, -1.0f, -1.0f, 1.0f}).unsqueeze(0), at::ones({1, 4}), all_alive(*second));
  EXPECT_TRUE(of_holes.equal(at::tensor({-1.0f, 1.0f, 1.0f, -1.0f}).unsqueeze(0)));
}

TEST(BoostedTrees, RowsBeyondThoseLearntFromTeachNothingAndAreScoredAsNewOnesAre) {
  const data::EncodedRows host = some_rows(900), fewer = [&] {
    data::EncodedRows part = host;
    part.rows = 600;
    part.codes.resize(3 * 600);
    part.values.resize(3 * 600);
    return part;
  }();
  const EncodedTensors whole = to_tensors(host, at::kCPU), alone = to_tensors(fewer, at::kCPU);
  const auto with_others = make_learner(trees(), host, {1}, at::kCPU),
             without = make_learner(trees(), fewer, {1}, at::kCPU);
  grow_some(*with_others, whole, 600, 20);
  grow_some(*without, alone, 600, 20);
  EXPECT_TRUE(scores_of(*with_others, whole, 0, 600).equal(scores_of(*without, alone, 0, 600)));
  // The tree's own bookkeeping against XGBoost's walk down the trees, in a table that it has not seen.
  const EncodedTensors again = to_tensors(host, at::kCPU);
  EXPECT_TRUE(scores_of(*with_others, whole, 600, 300).equal(scores_of(*without, again, 600, 300)));
  EXPECT_TRUE(scores_of(*with_others, whole, 0, 900).equal(scores_of(*with_others, again, 0, 900)));
}

TEST(BoostedTrees, AMembersBytesHangOnNoOtherMemberAndOnNoNumberOfThreads) {
  const data::EncodedRows host = some_rows(700);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  TreeParams params;
  params.subsample = 0.6;
  params.colsample_bytree = 0.5;
  const int threads = at::get_num_threads();
  std::vector<std::map<std::string, at::Tensor>> banks;
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    const auto bank = make_learner(trees(params), host, {7, 8, 9}, at::kCPU);
    grow_some(*bank, encoded, 700, 12);
    banks.push_back(bank->tensors());
  }
  at::set_num_threads(threads);
  const auto single = make_learner(trees(params), host, {8}, at::kCPU);
  grow_some(*single, encoded, 700, 12);
  for (const auto& tensors : banks) {
    EXPECT_TRUE(tensors.at("members.1.trees").equal(single->tensors().at("trees")));
    EXPECT_FALSE(tensors.at("members.0.trees").equal(tensors.at("members.1.trees"))) << "their seeds draw other rows";
  }
}

// One column of three a round: what a round adds is the same for all rows that are alike in it.
TEST(BoostedTrees, ARoundSplitsItsShareOfTheColumnsAlone) {
  data::EncodedRows host = empty_rows();
  std::mt19937_64 draw(5);
  for (int row = 0; row < 400; ++row)
    add(host, static_cast<std::int16_t>(draw() % 4), 0.5f, static_cast<float>(draw() % 3),
        static_cast<std::int16_t>(draw() % 3));
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  TreeParams params;
  params.colsample_bytree = 0.3;
  params.min_child_weight = 0;
  const auto learner = make_learner(trees(params), host, {1, 2}, at::kCPU);
  const at::Tensor seen[] = {encoded.codes.select(1, 0), encoded.values.select(1, 1), encoded.codes.select(1, 2)};
  const auto hangs_on_alone = [&](const at::Tensor& added, const at::Tensor& column) {
    for (int value = 0; value < 4; ++value) {
      const at::Tensor alike = added.masked_select(column == value);
      if (alike.numel() > 0 && (alike - alike[0]).abs().max().item<float>() > 1e-5f) return false;
    }
    return true;
  };
  at::manual_seed(3);
  std::vector<int> first(3), second(3);
  const at::Tensor rows = at::arange(400, at::kLong);
  for (int round = 0; round < 30; ++round) {
    const at::Tensor before = learner->forward(encoded, rows, kNoStep).clone();
    learner->grow(at::randn({2, 400}) / 400, at::ones({2, 400}) / 400, all_alive(*learner));
    const at::Tensor added = learner->forward(encoded, rows, kNoStep) - before;
    for (std::size_t column = 0; column < 3; ++column) {
      first[column] += hangs_on_alone(added[0], seen[column]) ? 1 : 0;
      second[column] += hangs_on_alone(added[1], seen[column]) ? 1 : 0;
    }
  }
  for (const std::vector<int>& times : {first, second}) {
    EXPECT_EQ(times[0] + times[1] + times[2], 30);
    for (const int often : times) EXPECT_GT(often, 3);
  }
  EXPECT_NE(first, second) << "their seeds draw other columns";
}

// Both in one process, by turns, each with the answer that it has alone.
TEST(BoostedTrees, NeitherXgboostNorLibTorchDisturbsTheOthersThreads) {
  const data::EncodedRows host = some_rows(300);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const int threads = at::get_num_threads();
  at::set_num_threads(2);
  at::manual_seed(2);
  const at::Tensor left = at::randn({300, 200}), right = at::randn({200, 100}), product = left.matmul(right);
  const auto learner = make_learner(trees(), host, {1}, at::kCPU);
  for (int i = 0; i < 5; ++i) {
    grow_some(*learner, encoded, 300, 2);
    EXPECT_EQ(at::get_num_threads(), 2);
    EXPECT_TRUE(left.matmul(right).equal(product));
  }
  at::set_num_threads(threads);
}

TEST(BoostedTrees, AnEarlierIterateIsItsFirstRounds) {
  const data::EncodedRows host = some_rows(400);
  const EncodedTensors encoded = to_tensors(host, at::kCPU), again = to_tensors(host, at::kCPU);
  const auto learner = make_learner(trees(), host, {1, 2}, at::kCPU),
             kept = make_learner(trees(), host, {1, 2}, at::kCPU);
  grow_some(*learner, encoded, 400, 5);
  const at::Tensor early = learner->flat_parameters().clone(), scores = scores_of(*learner, encoded, 0, 400);
  grow_some(*learner, encoded, 400, 5);
  kept->become(*learner, 0, 2, early);
  EXPECT_TRUE(scores_of(*kept, again, 0, 400).equal(scores));
  EXPECT_TRUE(kept->flat_parameters().equal(early));
  // Two iterates of the second member, one of them before its first round.
  kept->become(*learner, 1, 1, at::tensor({0.0f, 10.0f}).unsqueeze(1));
  EXPECT_EQ(scores_of(*kept, again, 0, 400)[0].abs().max().item<float>(), 0);
  EXPECT_TRUE(scores_of(*kept, again, 0, 400)[1].equal(scores_of(*learner, encoded, 0, 400)[1]));
  EXPECT_THAT(kept->description(), HasSubstr("boosted_trees"));
}

class BoostedTreesFiles : public testing::TestWithParam<std::pair<int, std::int64_t>> {};

TEST_P(BoostedTreesFiles, ComeBackAsTheyWereAndGrowOnAsIfTheyHadNeverGone) {
  const auto [members, outputs] = GetParam();
  const data::EncodedRows host = some_rows(300);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const std::vector<std::uint64_t> seeds(static_cast<std::size_t>(members), 4);
  TreeParams params;
  params.subsample = 0.7;
  params.colsample_bytree = 0.4;
  const auto make = [&] { return make_learner(trees(params), host, seeds, at::kCPU, Precision::fp32, outputs); };
  const auto learner = make(), loaded = make();
  const at::Tensor rows = at::arange(300, at::kLong);
  const auto grow = [&](Learner& own, int round) {
    at::manual_seed(static_cast<std::uint64_t>(round));
    const at::Tensor logits = own.forward(encoded, rows, kNoStep);
    own.grow(at::randn(logits.sizes()) + 0.1 * logits, at::ones(logits.sizes()), all_alive(own));
  };
  for (int round = 0; round < 4; ++round) grow(*learner, round);
  load_weights(*loaded, parse_safetensors(safetensors_bytes(weights_of(*learner)), "m"), "m");
  EXPECT_TRUE(scores_of(*loaded, to_tensors(host, at::kCPU), 0, 300).equal(scores_of(*learner, encoded, 0, 300)));
  EXPECT_TRUE(loaded->flat_parameters().equal(learner->flat_parameters()));
  for (int round = 4; round < 8; ++round) {
    grow(*learner, round);
    grow(*loaded, round);
  }
  EXPECT_TRUE(safetensors_bytes(weights_of(*loaded)) == safetensors_bytes(weights_of(*learner)));
}

INSTANTIATE_TEST_SUITE_P(All, BoostedTreesFiles,
                         testing::Values(std::pair(1, 1), std::pair(3, 1), std::pair(1, 4), std::pair(2, 3)));

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "(none)";
}

TEST(BoostedTrees, RefuseFilesThatAreNotTheirs) {
  const data::EncodedRows host = some_rows(50);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(trees(), host, {1}, at::kCPU);
  grow_some(*learner, encoded, 50, 2);
  const TensorFile right = weights_of(*learner);
  const auto told = [&](const std::function<void(TensorFile&)>& change) {
    TensorFile file = right;
    change(file);
    return refusal([&] { load_weights(*learner, file, "m.safetensors"); });
  };
  EXPECT_EQ(told([](TensorFile&) {}), "(none)");
  EXPECT_THAT(told([](TensorFile& f) { f.tensors.clear(); }), HasSubstr("0 tensors, expected the trees of 1 members"));
  EXPECT_THAT(told([](TensorFile& f) {
                f.tensors = {{"weights", at::zeros({3})}};
              }),
              HasSubstr("tensor 'trees' is missing"));
  EXPECT_THAT(told([](TensorFile& f) { f.tensors["trees"] = at::zeros({3}); }), HasSubstr("has no bytes (U8)"));
  EXPECT_THAT(told([](TensorFile& f) { f.tensors["trees"] = at::zeros({300}, at::kByte); }),
              HasSubstr("holds no trees (it is no UBJSON from byte 1 on)"));
  EXPECT_THAT(told([](TensorFile& f) {
                f.tensors["trees"] = at::tensor({'{', '}'}, at::kByte);
              }),
              HasSubstr("holds no trees (its learner_model_param has no num_feature)"));
  // XGBoost itself would read on behind the end.
  for (std::int64_t left = 0; left < right.tensors.at("trees").numel(); left += 59)
    EXPECT_THAT(told([&](TensorFile& f) { f.tensors["trees"] = f.tensors["trees"].narrow(0, 0, left); }),
                HasSubstr(fmt::format("holds no trees (it is no UBJSON from byte {} on)", left + 1)));
  EXPECT_EQ(scores_of(*learner, encoded, 0, 50).sizes(), at::IntArrayRef({1, 50})) << "still whole";
}

// XGBoost takes trees of one output for those of several, once it is told that there are several.
TEST(BoostedTrees, RefuseTreesOfOtherAnswersOrColumns) {
  const data::EncodedRows host = some_rows(50);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto grown = [&](const data::EncodedRows& rows, std::int64_t outputs) {
    auto learner = make_learner(trees(), rows, {1}, at::kCPU, Precision::fp32, outputs);
    const at::Tensor logits = learner->forward(to_tensors(rows, at::kCPU), at::arange(rows.rows), kNoStep);
    for (int round = 0; round < 2; ++round) learner->grow(logits - 1, at::ones(logits.sizes()), all_alive(*learner));
    return learner;
  };
  for (const std::int64_t own : {1, 3, 4})
    for (const std::int64_t other : {1, 3, 4}) {
      const auto learner = grown(host, own);
      const at::Tensor before = scores_of(*learner, encoded, 0, 50);
      const std::string told =
          refusal([&] { load_weights(*learner, weights_of(*grown(host, other)), "m.safetensors"); });
      if (own == other)
        EXPECT_EQ(told, "(none)");
      else
        EXPECT_THAT(told, HasSubstr(fmt::format("'m.safetensors' does not belong to this model: tensor 'trees' has "
                                                "trees of {} outputs, expected {}",
                                                other, own)));
      EXPECT_TRUE(scores_of(*learner, encoded, 0, 50).equal(before)) << "still whole";
    }

  data::EncodedRows narrow = empty_rows();
  narrow.features.pop_back();
  narrow.width = 7;
  narrow.rows = 4;
  narrow.codes = {0, 0, 1, 0, 2, 0, 3, 0};
  narrow.values = {0.5f, 0, 0.5f, 1, 0.5f, 2, 0.5f, 3};
  EXPECT_THAT(refusal([&] { load_weights(*grown(host, 1), weights_of(*grown(narrow, 1)), "m"); }),
              HasSubstr("trees of 2 columns, expected 3"));
  EXPECT_THAT(refusal([&] { load_weights(*grown(narrow, 1), weights_of(*grown(host, 1)), "m"); }),
              HasSubstr("trees of 3 columns, expected 2"));
}

TEST(BoostedTrees, GrowAndDoNotMoveAndNetworksTheOtherWayRound) {
  const data::EncodedRows host = some_rows(20);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(trees(), host, {1}, at::kCPU), network = make_learner({}, host, {1}, at::kCPU);
  EXPECT_TRUE(learner->grows());
  EXPECT_FALSE(network->grows());
  EXPECT_THROW(learner->backward(encoded, at::arange(20), at::zeros({1, 20})), std::logic_error);
  EXPECT_THROW(learner->flat_gradients(), std::logic_error);
  EXPECT_THROW(network->grow(at::zeros({1, 20}), at::zeros({1, 20}), at::ones({1}, at::kByte)), std::logic_error);
}

TEST(BoostedTrees, GrowOnAGpuByAnXgboostWithCudaAlone) {
  if (xgboost::obstacle_to_cuda().empty()) GTEST_SKIP() << "this XGBoost has CUDA";
  EXPECT_THAT(refusal([&] { make_learner(trees(), some_rows(20), {1}, at::Device(at::kCUDA, 0)); }),
              HasSubstr("cannot grow on a GPU: the XGBoost that is installed was built without CUDA (scripts/setup.sh "
                        "--gpu-trees, and scripts/build.sh after it, add one"));
}

// Which is why training asks where trees grow, and does not believe what was asked for.
TEST(BoostedTrees, ABoosterSaysWhereItGrows) {
  const std::vector<float> values = {0, 1, 2, 3, 4, 5}, gradient(6, 0.5f), curvature(6, 1.0f);
  const xgboost::Matrix rows(values.data(), 6, 1, {false}, 1);
  const auto device_of = [&](const std::string& asked) {
    xgboost::Booster booster({{"device", asked}, {"num_feature", "1"}, {"tree_method", "hist"}, {"verbosity", "0"}});
    booster.grow(rows, gradient.data(), curvature.data(), 1);
    return booster.device();
  };
  EXPECT_EQ(device_of("cpu"), "cpu");
  if (!core::describe_gpus().missing.empty()) EXPECT_EQ(device_of("cuda:0"), "cpu");
}

}  // namespace boosted_trees_test
}  // namespace equipoise::models
