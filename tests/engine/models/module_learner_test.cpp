#include "engine/models/module_learner.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/core/error.h"
#include "engine/models/model_file.h"
#include "engine/models/no_autograd.h"
#include "tests/engine/models/module_oracles.h"
#include "tests/engine/models/row_sample.h"

namespace equipoise::models {
namespace module_learner_test {

using testing::HasSubstr;

const at::Tensor kNoStep = at::zeros({1}, at::kLong);

ModelParams small(const std::string& kind, double dropout = 0) {
  ModelParams params;
  params.kind = kind;
  params.dropout = dropout;
  params.embedding_size = 2;
  params.hidden = {6, 5};
  params.width = 8;
  params.inner_width = 5;
  params.heads = 2;
  params.submodels = 3;
  return params;
}

std::vector<std::uint64_t> seeds_of(int members) {
  std::vector<std::uint64_t> seeds;
  for (int k = 0; k < members; ++k) seeds.push_back(100 + static_cast<std::uint64_t>(k));
  return seeds;
}

// [rows, width] as a learner lays its scores out.
at::Tensor scores_of(Learner& learner, const EncodedTensors& encoded, std::int64_t first, std::int64_t rows) {
  std::vector<std::int64_t> sizes = {learner.members(), rows};
  if (learner.outputs() > 1) sizes.push_back(learner.outputs());
  at::Tensor scores = at::full(sizes, 9.0, at::kFloat);
  learner.score(encoded, first, {}, scores);
  return scores;
}

// A few steps of descent on made-up gradients, under the guard that a trainer holds.
void descend(Learner& learner, const EncodedTensors& encoded, std::int64_t batch, int steps = 2) {
  const NoAutograd no_autograd;
  for (int i = 0; i < steps; ++i) {
    const at::Tensor rows = at::arange(i, i + batch, at::kLong) * 7 % encoded.codes.size(0);
    const at::Tensor& logits = learner.forward(encoded, rows, at::full({1}, i, at::kLong));
    // No function of whose rounding hangs on a number's place among others.
    learner.backward(encoded, rows, logits * 0.25 - (rows % 2).view({1, -1}) * 0.5);
    learner.flat_parameters().sub_(learner.flat_gradients() * 1e-3);
  }
}

class EveryArchitecture : public testing::TestWithParam<const char*> {
 protected:
  std::string kind() const { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Kinds, EveryArchitecture, testing::Values("residual_mlp", "tabm", "ft_transformer"));

// Logits of a training pass and gradients, by the definitions in double and LibTorch's derivative of these; of two batches, one of
// more than one part.
TEST_P(EveryArchitecture, LogitsAndGradientsAreThoseOfItsDefinition) {
  for (const auto& [members, embedded, outputs] :
       {std::tuple(1, false, 1L), std::tuple(2, true, 1L), std::tuple(2, true, 3L)}) {
    const data::EncodedRows host = make_rows(300, embedded);
    const EncodedTensors encoded = to_tensors(host, at::kCPU);
    const ModelParams params = small(kind());
    const auto learner = make_learner(params, host, seeds_of(members), at::kCPU, Precision::fp32, outputs);
    for (const std::int64_t batch : {5, 259}) {
      const at::Tensor rows = at::arange(batch, at::kLong) * 77 % 300;
      const at::Tensor logits = learner->forward(encoded, rows, kNoStep).clone();
      at::manual_seed(4);
      const at::Tensor gradient = at::randn(logits.sizes());
      learner->backward(encoded, rows, gradient);
      ASSERT_EQ(logits.size(0), members * learner->streams());
      for (std::int64_t k = 0; k < members; ++k) {
        Oracle oracle{params, {}, embedded};
        for (const NamedTensor& parameter : learner->parameters())
          oracle.own[parameter.name] = parameter.value[k].to(at::kDouble).clone().requires_grad_();
        const at::Tensor expected = oracle.logits(dense_rows(host).index_select(0, rows));
        const auto of_member = [&](const at::Tensor& all) {
          return all.narrow(0, k * learner->streams(), learner->streams()).reshape(expected.sizes()).to(at::kDouble);
        };
        EXPECT_TRUE(at::allclose(of_member(logits), expected, 1e-4, 1e-5));
        ((expected * of_member(gradient)).sum() / static_cast<double>(learner->streams())).backward();
        for (const NamedTensor& parameter : learner->parameters()) {
          const at::Tensor found =
              learner->flat_gradients()[k].narrow(0, parameter.value.storage_offset(), parameter.value[k].numel());
          const at::Tensor wanted = oracle.own[parameter.name].grad();
          ASSERT_TRUE(wanted.defined()) << parameter.name;
          EXPECT_TRUE(at::allclose(found.to(at::kDouble), wanted.flatten(), 1e-3, 1e-4)) << parameter.name;
          EXPECT_GT(wanted.abs().max().item<double>(), 0) << parameter.name;
        }
      }
    }
  }
}

TEST_P(EveryArchitecture, ScoresAreTheLogitsOfTheMeanOfItsStreams) {
  const data::EncodedRows host = make_rows(700, true);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const ModelParams params = small(kind());
  for (const auto& [task, outputs] : {std::pair(data::Task::binary, 1L), std::pair(data::Task::classes, 3L),
                                      std::pair(data::Task::labels, 2L), std::pair(data::Task::regression, 1L)}) {
    const auto learner = make_learner(params, host, {5}, at::kCPU, Precision::fp32, outputs, task);
    Oracle oracle{params, {}, true};
    for (const NamedTensor& parameter : learner->parameters())
      oracle.own[parameter.name] = parameter.value[0].to(at::kDouble);
    const at::Tensor streams = oracle.logits(dense_rows(host).narrow(0, 20, 650));
    at::Tensor expected = task == data::Task::regression ? streams.mean(0) : streams.sigmoid().mean(0).logit();
    if (task == data::Task::classes) expected = streams.softmax(-1).mean(0).log();
    // Of classes a constant may be added: what is compared is what decides.
    const at::Tensor scores = scores_of(*learner, encoded, 20, 650).view(expected.sizes()).to(at::kDouble);
    if (task == data::Task::classes)
      EXPECT_TRUE(at::allclose(scores.softmax(-1), expected.softmax(-1), 1e-4, 1e-5));
    else
      EXPECT_TRUE(at::allclose(scores, expected, 1e-4, 1e-5)) << static_cast<int>(task);
  }
}

// With dropout, whose units a step and a seed decide. Between the two sides of a few differences a rectifier opens.
TEST_P(EveryArchitecture, GradientsWithDropoutAreDifferencesOfTheLoss) {
  const data::EncodedRows host = make_rows(40, true);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(small(kind(), 0.5), host, {5}, at::kCPU);
  const at::Tensor rows = at::arange(40, at::kLong), step = at::full({1}, 8, at::kLong);
  const std::int64_t streams = learner->streams();
  const at::Tensor weights = at::linspace(-1, 1, 40 * streams).view({streams, 40});
  const auto loss = [&] {
    return (learner->forward(encoded, rows, step).to(at::kDouble) * weights).sum().item<double>() /
           static_cast<double>(streams);
  };
  const double once = loss();
  learner->backward(encoded, rows, weights);
  const at::Tensor gradients = learner->flat_gradients().clone();
  EXPECT_EQ(loss(), once);
  float* values = learner->flat_parameters().data_ptr<float>();
  int checked = 0, moved = 0, missed = 0;
  for (const NamedTensor& parameter : learner->parameters())
    for (std::int64_t i = 0; i < parameter.value[0].numel(); i += 3, ++checked) {
      const std::int64_t at = parameter.value.storage_offset() + i;
      const float own = values[at], small_step = 1e-3f;
      values[at] = own + small_step;
      const double above = loss();
      values[at] = own - small_step;
      const double below = loss();
      values[at] = own;
      const double found = gradients[0][at].item<double>();
      moved += std::abs(found) > 1e-3;
      missed += std::abs((above - below) / (2 * small_step) - found) > 0.02 * (1 + std::abs(found));
    }
  EXPECT_LE(missed, checked / 50);
  EXPECT_GT(checked, 40);
  EXPECT_GT(moved, checked / 3);
  const at::Tensor own = learner->forward(encoded, rows, step).clone();
  EXPECT_FALSE(own.equal(learner->forward(encoded, rows, at::full({1}, 9, at::kLong)))) << "another step drops others";
  EXPECT_FALSE(own.equal(make_learner(small(kind(), 0), host, {5}, at::kCPU)->forward(encoded, rows, step)));
}

TEST_P(EveryArchitecture, AMembersBitsHangOnNoOtherMember) {
  const data::EncodedRows host = make_rows(700, true);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto bank = make_learner(small(kind(), 0.3), host, {7, 8, 9}, at::kCPU);
  descend(*bank, encoded, 300);
  const at::Tensor all = scores_of(*bank, encoded, 20, 650);
  at::Tensor ends = at::empty({2, 650}, at::kFloat);
  bank->score(encoded, 20, {0, 2}, ends);
  EXPECT_TRUE(at::equal(ends[1], all[2]));
  for (std::int64_t k = 0; k < 3; ++k) {
    const auto alone = make_learner(small(kind(), 0.3), host, {7 + static_cast<std::uint64_t>(k)}, at::kCPU);
    descend(*alone, encoded, 300);
    EXPECT_TRUE(at::equal(bank->flat_parameters()[k], alone->flat_parameters()[0])) << k;
    EXPECT_TRUE(at::equal(all[k], scores_of(*alone, encoded, 20, 650)[0])) << k;
  }
  EXPECT_FALSE(at::equal(bank->flat_parameters()[0], bank->flat_parameters()[1]));
}

// 100 rows are one part, which the library beneath must not cut by threads either.
TEST_P(EveryArchitecture, SameBitsForOneAndTwoThreads) {
  const data::EncodedRows host = make_rows(900, true);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  ModelParams params = small(kind(), 0.3);
  params.hidden = {90, 70};
  params.width = 64;
  params.inner_width = 70;
  const int before = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    const auto learner = make_learner(params, host, {7}, at::kCPU);
    for (const std::int64_t batch : {100, 512}) descend(*learner, encoded, batch);
    results.push_back(at::cat({learner->flat_parameters().flatten(), scores_of(*learner, encoded, 0, 900).flatten()}));
  }
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(results[0], results[1]));
}

// Ranks that share a batch drop what one process would.
TEST_P(EveryArchitecture, ASlotsUnitsHangOnItsPlaceInTheWholeBatch) {
  const data::EncodedRows host = make_rows(300, true);
  EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(small(kind(), 0.5), host, {7}, at::kCPU);
  const at::Tensor rows = at::arange(256, at::kLong);
  const at::Tensor whole = learner->forward(encoded, rows, kNoStep).clone();
  const at::Tensor first = learner->forward(encoded, rows.narrow(0, 0, 128), kNoStep).clone();
  const at::Tensor without = learner->forward(encoded, rows.narrow(0, 128, 128), kNoStep).clone();
  encoded.first_slot = 128;
  const at::Tensor second = learner->forward(encoded, rows.narrow(0, 128, 128), kNoStep).clone();
  EXPECT_TRUE(at::equal(at::cat({first, second}, 1), whole));
  EXPECT_FALSE(at::equal(without, second));
}

TEST_P(EveryArchitecture, MixedRowsAreTheMixturesOfDenseRows) {
  const data::EncodedRows host = make_rows(60, false);
  EncodedTensors encoded = to_tensors(host, at::kCPU);
  const ModelParams params = small(kind());
  const auto learner = make_learner(params, host, {7}, at::kCPU);
  Oracle oracle{params, {}, false};
  for (const NamedTensor& parameter : learner->parameters())
    oracle.own[parameter.name] = parameter.value[0].to(at::kDouble);
  const at::Tensor rows = at::arange(20, at::kLong), dense = dense_rows(host);
  encoded.partners = at::arange(30, 50, at::kLong);
  encoded.parts = at::full({20}, 0.75, at::kFloat);
  const at::Tensor mixed = dense.narrow(0, 0, 20) * 0.75 + dense.narrow(0, 30, 20) * 0.25;
  const at::Tensor logits = learner->forward(encoded, rows, kNoStep);
  const at::Tensor expected = oracle.logits(mixed).squeeze(2);
  EXPECT_TRUE(at::allclose(logits.to(at::kDouble), expected, 1e-4, 1e-5));
  EXPECT_FALSE(at::allclose(logits.to(at::kDouble), oracle.logits(dense.narrow(0, 0, 20)).squeeze(2), 1e-4, 1e-5));
}

TEST_P(EveryArchitecture, GoesToItsFilesAndBack) {
  data::EncodedRows host = make_rows(50, true);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const ModelParams params = small(kind(), 0.25);
  for (const int members : {1, 3}) {
    const auto first = make_learner(params, host, seeds_of(members), at::kCPU);
    const OutputMeaning meaning;
    const nlohmann::json description = nlohmann::json::parse(describe_model(params, host, *first, meaning).dump());
    const auto second = make_learner(
        model_params_from(description, "m"), host, std::vector<std::uint64_t>(static_cast<std::size_t>(members), 0),
        at::kCPU, Precision::fp32, model_outputs_from(description, "m"), model_task_from(description, "m"));
    load_weights(*second, parse_safetensors(safetensors_bytes(weights_of(*first)), "m"), "m");
    EXPECT_TRUE(at::equal(scores_of(*first, encoded, 0, 50), scores_of(*second, encoded, 0, 50)));
    EXPECT_EQ(first->description(), second->description());
    EXPECT_EQ(description["kind"], kind());
  }
}

TEST_P(EveryArchitecture, SaysWhatItCannotDo) {
  const data::EncodedRows host = make_rows(5, false);
  EXPECT_THAT(make_learner(small(kind()), host, {1}, at::kCPU)->obstacle_to_capture(), HasSubstr("a " + kind()));
  try {
    make_learner(small(kind()), host, {1}, at::Device(at::kCUDA, 0), Precision::bf16);
    FAIL() << "bf16 was taken";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("precision: bf16 has no version for model.kind: " + kind()));
  }
}

TEST(Tabm, BeginsWithSignsInTheFirstLayerAlone) {
  const auto learner = make_learner(small("tabm"), make_rows(5, false), {1, 2}, at::kCPU);
  std::map<std::string, at::Tensor> own;
  for (const NamedTensor& parameter : learner->parameters()) own[parameter.name] = parameter.value;
  const at::Tensor signs = own["layers.0.inputs"];
  EXPECT_TRUE(at::equal(signs.abs(), at::ones_like(signs)));
  // One of each feature: of 5, 3, 5 and 2 components.
  EXPECT_TRUE(at::equal(signs, signs.index_select(2, at::tensor({0, 0, 0, 0, 0, 5, 5, 5, 8, 8, 8, 8, 8, 13, 13}))));
  const double positive = (signs > 0).to(at::kDouble).mean().item<double>();
  EXPECT_GT(positive, 0.2);
  EXPECT_LT(positive, 0.8);
  EXPECT_FALSE(at::equal(signs.select(2, 0), signs.select(2, 5)));
  for (const char* name : {"layers.0.outputs", "layers.1.inputs", "layers.1.outputs"})
    EXPECT_TRUE(at::equal(own[name], at::ones_like(own[name]))) << name;
}

// Probabilities .9 and .3: their mean is .6. Of classes (.5, .5) and (.9, .1): (.7, .3).
TEST(LogitsOfMean, ByHand) {
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  const at::Tensor two = at::tensor({logit(0.9), logit(0.3)}, at::kDouble).view({2, 1, 1});
  EXPECT_NEAR(logits_of_mean(two, data::Task::binary).item<double>(), logit(0.6), 1e-12);
  EXPECT_NEAR(logits_of_mean(two, data::Task::regression).item<double>(), (logit(0.9) + logit(0.3)) / 2, 1e-12);
  const at::Tensor classes = at::tensor({3.0, 3.0, std::log(9.0), 0.0}, at::kDouble).view({2, 1, 2});
  EXPECT_TRUE(at::allclose(logits_of_mean(classes, data::Task::classes),
                           at::tensor({0.7, 0.3}, at::kDouble).log().view({1, 2}), 0, 1e-12));
  const at::Tensor one = at::full({1, 2, 1}, 0.1f);
  EXPECT_TRUE(at::equal(logits_of_mean(one, data::Task::binary), one[0])) << "nothing is done to a lone stream";
}

// A mean that is next to 0 or 1, where probabilities themselves have no digits left: log((e^-200 + e^-300) / 2) all but.
TEST(LogitsOfMean, KeepsLogitsOfSureRows) {
  const at::Tensor low = at::tensor({-200.0f, -300.0f}).view({2, 1, 1});
  EXPECT_NEAR(logits_of_mean(low, data::Task::binary).item<double>(), -200 - std::log(2.0), 1e-9);
  EXPECT_NEAR(logits_of_mean(-low, data::Task::binary).item<double>(), 200 + std::log(2.0), 1e-9);
  const at::Tensor apart = at::tensor({500.0f, -500.0f}).view({2, 1, 1});
  EXPECT_NEAR(logits_of_mean(apart, data::Task::binary).item<double>(), 0, 1e-12);
  EXPECT_TRUE(logits_of_mean(at::tensor({0.0f, NAN}).view({2, 1, 1}), data::Task::binary).isnan().item<bool>());
}

std::string refusal(const ModelParams& params, bool has_images = false) {
  try {
    check_kind(params, has_images, {});
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ModelParams, FieldsOfAnotherKindAreRefusedByName) {
  ModelParams params;
  EXPECT_EQ(refusal(params), "accepted");
  params.submodels = 4;
  EXPECT_EQ(refusal(params), "model.submodels: it is of the kind 'tabm', and model.kind is 'mlp'");
  params.kind = "tabm";
  EXPECT_EQ(refusal(params), "accepted");
  params.blocks = 3;
  EXPECT_EQ(refusal(params),
            "model.blocks: it is of the kind 'residual_mlp' or 'ft_transformer', and model.kind is 'tabm'");
  params = {};
  params.kind = "residual_mlp";
  params.heads = 2;
  EXPECT_THAT(refusal(params), HasSubstr("model.heads: it is of the kind 'ft_transformer'"));
  params = {};
  params.width = 60;
  EXPECT_THAT(refusal(params), HasSubstr("model.width: it is of the kind"));
  params = {};
  params.inner_width = 60;
  EXPECT_THAT(refusal(params), HasSubstr("model.inner_width: it is of the kind"));
}

TEST(ModelParams, SizesThatDoNotFitAreRefused) {
  ModelParams params;
  params.kind = "ft_transformer";
  params.heads = 7;
  EXPECT_EQ(refusal(params), "model.heads is 7, which does not divide model.width (128)");
  params = {};
  params.kind = "tabm";
  params.hidden = {};
  EXPECT_THAT(refusal(params), HasSubstr("model.hidden: a tabm has one hidden layer at least"));
  params.hidden = {4};
  EXPECT_THAT(refusal(params, true), HasSubstr("model.kind is 'tabm', which sees columns"));
}

// By hand, of 4 features in 15 components.
TEST(ModelParams, CountsMultiplyAdds) {
  const data::EncodedRows host = make_rows(1, false);
  ModelParams params = small("tabm");
  EXPECT_EQ(multiply_adds(params, host), 3 * (15 * 6 + 6 * 5 + 5));
  params = small("residual_mlp");
  EXPECT_EQ(multiply_adds(params, host), 15 * 8 + 2 * 2 * 8 * 5 + 8);
  // Tokens; a whole block of 5 tokens; in the last one keys and values of 5, the rest of one.
  params = small("ft_transformer");
  const double whole = 5 * (4 * 64 + 2 * 5 * 8 + 3 * 8 * 5), last = 5 * 2 * 64 + (4 * 64 + 2 * 5 * 8) + 3 * 8 * 5;
  EXPECT_EQ(multiply_adds(params, host), 15 * 8 + whole + last);
}

TEST(WithAutograd, LiftsTheGuardOfTheTrainerWhileItLives) {
  const at::Tensor leaf = at::ones({2}).requires_grad_();
  const NoAutograd no_autograd;
  EXPECT_FALSE((leaf * 2).requires_grad());
  {
    const WithAutograd autograd;
    EXPECT_TRUE((leaf * 2).requires_grad());
  }
  EXPECT_FALSE((leaf * 2).requires_grad());
}

}  // namespace module_learner_test
}  // namespace equipoise::models
