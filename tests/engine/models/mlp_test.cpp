#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/models/learner.h"
#include "tests/engine/models/row_sample.h"

namespace equipoise::models {
namespace mlp_test {

ModelParams params(std::vector<std::int64_t> hidden, double dropout) {
  ModelParams p;
  p.kind = hidden.empty() ? "linear" : "mlp";
  p.hidden = std::move(hidden);
  p.dropout = dropout;
  p.embedding_size = 2;
  return p;
}

std::map<std::string, at::Tensor> in_double(const Learner& learner) {
  std::map<std::string, at::Tensor> result;
  for (const NamedTensor& parameter : learner.parameters()) {
    result[parameter.name] = parameter.value.to(at::kDouble);
  }
  return result;
}

// The same network in double, by dense products.
at::Tensor oracle_logits(const std::map<std::string, at::Tensor>& parameters, const at::Tensor& dense,
                         std::int64_t layers, bool embedded) {
  const auto parameter = [&](const std::string& name) { return parameters.at(name); };
  at::Tensor weight = parameter("layers.0.weight");
  if (embedded) {
    const at::Tensor job = at::bmm(parameter("embeddings.job.table"), parameter("embeddings.job.map"));
    weight = at::cat({weight.narrow(1, 0, 8), job, weight.narrow(1, 8, 2)}, 1);
  }
  at::Tensor x = at::matmul(dense.unsqueeze(0), weight) + parameter("layers.0.bias").unsqueeze(1);
  for (std::int64_t layer = 1; layer < layers; ++layer) {
    const std::string name = "layers." + std::to_string(layer);
    x = at::matmul(x.clamp_min(0), parameter(name + ".weight")) + parameter(name + ".bias").unsqueeze(1);
  }
  return x.squeeze(2);
}

class MlpShapes : public testing::TestWithParam<std::tuple<int, bool, std::vector<std::int64_t>>> {};

TEST_P(MlpShapes, ForwardAndScoreAgreeWithTheDenseNetworkInDouble) {
  const auto [members, embedded, hidden] = GetParam();
  const data::EncodedRows host = make_rows(700, embedded);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  std::vector<std::uint64_t> seeds;
  for (int k = 0; k < members; ++k) seeds.push_back(100 + static_cast<std::uint64_t>(k));
  const auto learner = make_learner(params(hidden, 0), host, seeds, at::kCPU);
  const at::Tensor dense = dense_rows(host);
  const auto layers = static_cast<std::int64_t>(hidden.size()) + 1;
  at::Tensor scores = at::empty({members, 650}, at::kFloat);
  learner->score(encoded, 20, {}, scores);
  EXPECT_TRUE(at::allclose(scores.to(at::kDouble),
                           oracle_logits(in_double(*learner), dense.narrow(0, 20, 650), layers, embedded), 1e-4, 1e-5));
  const at::Tensor rows = at::tensor({3, 699, 3, 0, 77}, at::kLong);
  const at::Tensor logits = learner->forward(encoded, rows, at::zeros({1}, at::kLong));
  EXPECT_TRUE(at::allclose(logits.to(at::kDouble),
                           oracle_logits(in_double(*learner), dense.index_select(0, rows), layers, embedded), 1e-4,
                           1e-5));
}

// The oracle's gradient is LibTorch's own automatic differentiation of the dense network in double.
TEST_P(MlpShapes, GradientAgreesWithAutomaticDifferentiationInDouble) {
  const auto [members, embedded, hidden] = GetParam();
  const data::EncodedRows host = make_rows(300, embedded);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  std::vector<std::uint64_t> seeds;
  for (int k = 0; k < members; ++k) seeds.push_back(200 + static_cast<std::uint64_t>(k));
  const auto learner = make_learner(params(hidden, 0), host, seeds, at::kCPU);
  at::manual_seed(5);
  const at::Tensor rows = at::randint(0, 300, {257}, at::kLong);
  const at::Tensor outer = at::randn({members, 257});
  learner->forward(encoded, rows, at::zeros({1}, at::kLong));
  learner->backward(encoded, rows, outer);

  std::map<std::string, at::Tensor> leaves;
  for (const NamedTensor& parameter : learner->parameters()) {
    leaves[parameter.name] = parameter.value.to(at::kDouble).requires_grad_();
  }
  const at::Tensor logits = oracle_logits(leaves, dense_rows(host).index_select(0, rows),
                                          static_cast<std::int64_t>(hidden.size()) + 1, embedded);
  (logits * outer.to(at::kDouble)).sum().backward();
  for (const NamedTensor& parameter : learner->parameters()) {
    const at::Tensor gradient =
        learner->flat_gradients().narrow(1, parameter.value.storage_offset(), parameter.value.numel() / members);
    const at::Tensor expected = leaves[parameter.name].grad().flatten(1);
    EXPECT_TRUE(at::allclose(gradient.to(at::kDouble), expected, 1e-3, 1e-4)) << parameter.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, MlpShapes,
                         testing::Combine(testing::Values(1, 3), testing::Bool(),
                                          testing::Values(std::vector<std::int64_t>{}, std::vector<std::int64_t>{7},
                                                          std::vector<std::int64_t>{64, 33})));

TEST(Mlp, SameBitsForOneAndTwoThreads) {
  const data::EncodedRows host = make_rows(900, true);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const int before = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    const auto learner = make_learner(params({100, 70}, 0.3), host, {7}, at::kCPU);
    at::manual_seed(6);
    // 100 rows: a single block, which must not be cut by the library beneath either.
    for (const std::int64_t batch : {100, 512}) {
      const at::Tensor rows = at::randint(0, 900, {batch}, at::kLong);
      learner->forward(encoded, rows, at::zeros({1}, at::kLong));
      learner->backward(encoded, rows, at::randn({1, batch}));
      learner->flat_parameters().sub_(learner->flat_gradients() * 1e-3);
    }
    at::Tensor scores = at::empty({1, 900}, at::kFloat);
    learner->score(encoded, 0, {}, scores);
    results.push_back(at::cat({learner->flat_parameters().flatten(), scores.flatten()}));
  }
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(results[0], results[1]));
}

TEST(Mlp, AMembersWeightsHangOnItsSeedAlone) {
  const data::EncodedRows host = make_rows(10, false);
  const auto bank = make_learner(params({5}, 0), host, {11, 12, 13}, at::kCPU);
  const auto alone = make_learner(params({5}, 0), host, {12}, at::kCPU);
  for (std::size_t i = 0; i < bank->parameters().size(); ++i) {
    EXPECT_TRUE(at::equal(bank->parameters()[i].value.select(0, 1), alone->parameters()[i].value.select(0, 0)));
  }
}

// Narrow members are scored side by side, in groups that do not divide eleven.
TEST(Mlp, AMembersScoresHangOnNoOtherMember) {
  const data::EncodedRows host = make_rows(700, true);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t k = 0; k < 11; ++k) seeds.push_back(300 + k);
  for (const std::vector<std::int64_t>& hidden :
       {std::vector<std::int64_t>{}, std::vector<std::int64_t>{32}, std::vector<std::int64_t>{90, 40}}) {
    const auto bank = make_learner(params(hidden, 0), host, seeds, at::kCPU);
    at::Tensor all = at::full({11, 650}, 9.0, at::kFloat), every_third = at::full({4, 650}, 9.0, at::kFloat);
    bank->score(encoded, 20, {}, all);
    bank->score(encoded, 20, {1, 3}, every_third);
    for (std::int64_t k = 0; k < 11; ++k) {
      const auto alone = make_learner(params(hidden, 0), host, {seeds[static_cast<std::size_t>(k)]}, at::kCPU);
      at::Tensor own = at::empty({1, 650}, at::kFloat);
      alone->score(encoded, 20, {}, own);
      EXPECT_TRUE(at::equal(all.select(0, k), own.select(0, 0))) << k;
      if (k % 3 == 1) {
        EXPECT_TRUE(at::equal(every_third.select(0, k / 3), own.select(0, 0))) << k;
      }
    }
  }
}

TEST(Mlp, DescribesItself) {
  const auto learner = make_learner(params({256, 256}, 0), make_rows(1, false), {1}, at::kCPU);
  // 15 * 256 + 256 + 256 * 256 + 256 + 256 + 1
  EXPECT_EQ(learner->description(), "mlp 15-256-256-1, 70,145 parameters");
}

TEST(ToTensors, RefusesACodeOutsideItsFeature) {
  data::EncodedRows host = make_rows(4, false);
  host.codes[5] = 3;  // row 1, color: codes 0 to 2
  EXPECT_THROW(to_tensors(host, at::kCPU), c10::Error);
}

}  // namespace mlp_test
}  // namespace equipoise::models
