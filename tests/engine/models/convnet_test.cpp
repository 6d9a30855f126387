#include "engine/models/convnet.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/core/error.h"
#include "engine/models/model_file.h"
#include "tests/engine/models/picture_sample.h"

namespace equipoise::models {
namespace convnet_test {

using testing::HasSubstr;

const at::Tensor kNoStep = at::zeros({1}, at::kLong);

// The same network in double by the library's own convolutions, of one member: windows lie [9 * in, out] here and [out, in, 3, 3] there.
struct Oracle {
  std::vector<at::Tensor> weights, biases;  // leaves, in double
  at::Tensor dense_weight, dense_bias;

  Oracle(const Learner& learner, std::int64_t member) {
    for (const NamedTensor& parameter : learner.parameters()) {
      const at::Tensor own = parameter.value[member].to(at::kDouble).detach().clone().requires_grad_();
      const bool is_weight = parameter.name.ends_with(".weight");
      if (parameter.name.starts_with("dense"))
        (is_weight ? dense_weight : dense_bias) = own;
      else
        (is_weight ? weights : biases).push_back(own);
    }
  }

  at::Tensor logits(at::Tensor maps) const {
    for (std::size_t layer = 0; layer < weights.size(); ++layer) {
      const std::int64_t inputs = maps.size(1), outputs = weights[layer].size(1);
      const at::Tensor kernel = weights[layer].view({3, 3, inputs, outputs}).permute({3, 2, 0, 1});
      maps = at::conv2d(maps, kernel, biases[layer], 2, 1).relu();
    }
    return at::matmul(maps.permute({0, 2, 3, 1}).flatten(1), dense_weight) + dense_bias;
  }
};

at::Tensor normalised(const data::EncodedRows& rows) {
  const data::ImageRows& images = rows.images;
  at::Tensor pixels = at::empty({rows.rows, images.channels, images.height, images.width}, at::kDouble);
  for (std::int64_t i = 0; i < pixels.numel(); ++i)
    pixels.data_ptr<double>()[i] = images.pixels[static_cast<std::size_t>(i)];
  for (std::int64_t c = 0; c < images.channels; ++c)
    pixels.select(1, c)
        .sub_(images.mean[static_cast<std::size_t>(c)])
        .div_(images.deviation[static_cast<std::size_t>(c)]);
  return pixels;
}

class ConvnetShapes : public testing::TestWithParam<
                          std::tuple<int, std::vector<std::int64_t>, std::vector<std::int32_t>, std::int64_t>> {};

TEST_P(ConvnetShapes, LogitsAndGradientsAreThoseOfTheLibrarysConvolutionsInDouble) {
  const auto [members, channels, size, outputs] = GetParam();
  const data::EncodedRows host = some_pictures(150, size[0], size[1], size[2]);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  std::vector<std::uint64_t> seeds;
  for (int k = 0; k < members; ++k) seeds.push_back(100 + static_cast<std::uint64_t>(k));
  const auto learner = make_learner(convnet(channels), host, seeds, at::kCPU, Precision::fp32, outputs);
  const at::Tensor pictures = normalised(host);
  const std::vector<std::int64_t> shape =
      outputs == 1 ? std::vector<std::int64_t>{members, 130} : std::vector<std::int64_t>{members, 130, outputs};
  at::Tensor scores = at::empty(shape, at::kFloat);
  learner->score(encoded, 20, {}, scores);
  const at::Tensor rows = at::tensor({3, 149, 3, 0, 77}, at::kLong);
  const at::Tensor logits = learner->forward(encoded, rows, kNoStep);
  at::manual_seed(4);
  const at::Tensor gradient = at::randn(logits.sizes());
  learner->backward(encoded, rows, gradient);
  std::map<std::string, at::Tensor> gradients;
  for (const NamedTensor& parameter : learner->parameters()) {
    const std::int64_t offset = parameter.value.storage_offset();
    gradients[parameter.name] = learner->flat_gradients().narrow(1, offset, parameter.value[0].numel());
  }
  for (std::int64_t k = 0; k < members; ++k) {
    const Oracle oracle(*learner, k);
    const at::Tensor expected = oracle.logits(pictures.index_select(0, rows));
    EXPECT_TRUE(at::allclose(logits[k].reshape({5, outputs}).to(at::kDouble), expected, 1e-4, 1e-5));
    EXPECT_TRUE(at::allclose(scores[k].reshape({130, outputs}).to(at::kDouble),
                             oracle.logits(pictures.narrow(0, 20, 130)), 1e-4, 1e-5));
    (expected * gradient[k].reshape({5, outputs}).to(at::kDouble)).sum().backward();
    const auto check = [&](const std::string& name, const at::Tensor& leaf) {
      EXPECT_TRUE(at::allclose(gradients[name][k].to(at::kDouble), leaf.grad().flatten(), 1e-3, 1e-4)) << name;
    };
    for (std::size_t layer = 0; layer < oracle.weights.size(); ++layer) {
      check("convolutions." + std::to_string(layer) + ".weight", oracle.weights[layer]);
      check("convolutions." + std::to_string(layer) + ".bias", oracle.biases[layer]);
    }
    check("dense.weight", oracle.dense_weight);
    check("dense.bias", oracle.dense_bias);
  }
}

using Channels = std::vector<std::int64_t>;
using Size = std::vector<std::int32_t>;
INSTANTIATE_TEST_SUITE_P(All, ConvnetShapes,
                         testing::Values(std::tuple(1, Channels{4, 6}, Size{3, 8, 8}, 1),
                                         std::tuple(3, Channels{4, 6}, Size{1, 7, 9}, 1),
                                         std::tuple(1, Channels{5}, Size{2, 1, 4}, 3),
                                         std::tuple(2, Channels{3, 4, 5}, Size{4, 11, 5}, 4)));

// A gradient by hand: differences of the loss, with dropout, whose units a step and seed decide.
TEST(Convnet, GradientsWithDropoutAreDifferencesOfTheLoss) {
  const data::EncodedRows host = some_pictures(20, 2, 6, 6);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(convnet({3, 4}, 0.5), host, {5}, at::kCPU);
  const at::Tensor rows = at::arange(20, at::kLong), step = at::full({1}, 8, at::kLong);
  const at::Tensor weights = at::linspace(-1, 1, 20).unsqueeze(0);
  const auto loss = [&] {
    return (learner->forward(encoded, rows, step).to(at::kDouble) * weights).sum().item<double>();
  };
  const double once = loss();
  learner->backward(encoded, rows, weights);
  const at::Tensor gradients = learner->flat_gradients().clone();
  EXPECT_EQ(loss(), once);
  float* values = learner->flat_parameters().data_ptr<float>();
  int checked = 0;
  for (const NamedTensor& parameter : learner->parameters())
    for (std::int64_t i = 0; i < parameter.value[0].numel(); i += 7, ++checked) {
      const std::int64_t at = parameter.value.storage_offset() + i;
      const float own = values[at], small = 1e-3f;
      values[at] = own + small;
      const double above = loss();
      values[at] = own - small;
      const double below = loss();
      values[at] = own;
      EXPECT_NEAR((above - below) / (2 * small), gradients[0][at].item<double>(), 0.02) << parameter.name << " " << i;
    }
  EXPECT_GT(checked, 20);
  const at::Tensor other = learner->forward(encoded, rows, at::full({1}, 9, at::kLong)).clone();
  EXPECT_FALSE(other.equal(learner->forward(encoded, rows, step))) << "another step drops other units";
}

// Bits, not numbers: a member is the same in a bank of any size and order, whatever the number of threads.
TEST(Convnet, AMembersBitsHangOnItsSeedAlone) {
  const data::EncodedRows host = some_pictures(300, 3, 27, 30);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const at::Tensor rows = at::randint(300, {200}, at::kLong);
  // The same for every member: of what is computed by elements the last few of a tensor may be rounded otherwise.
  const at::Tensor gradient = at::rand({1, 200}).sub(0.3);
  const auto outcome = [&](const std::vector<std::uint64_t>& seeds, std::size_t member, int threads) {
    const int before = at::get_num_threads();
    at::set_num_threads(threads);
    const auto learner = make_learner(convnet({8, 12}, 0.3), host, seeds, at::kCPU);
    const auto count = static_cast<std::int64_t>(seeds.size()), own = static_cast<std::int64_t>(member);
    at::Tensor scores = at::empty({count, 300});
    learner->score(encoded, 0, {}, scores);
    const at::Tensor logits = learner->forward(encoded, rows, kNoStep).clone();
    learner->backward(encoded, rows, gradient.expand({count, 200}).contiguous());
    at::set_num_threads(before);
    return std::map<std::string, at::Tensor>{{"scores", scores[own].clone()},
                                             {"logits", logits[own]},
                                             {"gradients", learner->flat_gradients()[own].clone()},
                                             {"parameters", learner->flat_parameters()[own].clone()}};
  };
  const auto alone = outcome({7}, 0, 1);
  const auto expect_same = [&](const std::vector<std::uint64_t>& seeds, std::size_t member, int threads) {
    for (const auto& [name, found] : outcome(seeds, member, threads))
      EXPECT_TRUE(found.equal(alone.at(name)))
          << name << " of " << seeds.size() << " members, " << threads << " threads";
  };
  expect_same({7}, 0, 4);
  expect_same({3, 7, 5}, 1, 2);
  expect_same({7, 3}, 0, 1);
  EXPECT_FALSE(outcome({8}, 0, 1).at("parameters").equal(alone.at("parameters")));
}

TEST(Convnet, ScoresOfASliceAreThoseOfItsMembers) {
  const data::EncodedRows host = some_pictures(70, 1, 5, 5);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(convnet({4}), host, {1, 2, 3, 4, 5}, at::kCPU);
  at::Tensor all = at::empty({5, 70}), some = at::empty({2, 60});
  learner->score(encoded, 0, {}, all);
  learner->score(encoded, 10, {1, 3}, some);
  // Not to the bit: a product's blocks begin elsewhere.
  EXPECT_TRUE(at::allclose(some[0], all[1].narrow(0, 10, 60), 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(some[1], all[4].narrow(0, 10, 60), 1e-5, 1e-6));
  EXPECT_FALSE(at::allclose(some[1], all[1].narrow(0, 10, 60), 1e-2, 1e-2));
}

TEST(Convnet, TakesNoMemoryAfterItsFirstStep) {
  const data::EncodedRows host = some_pictures(50, 1, 8, 8);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make_learner(convnet({4, 4}), host, {1}, at::kCPU);
  const at::Tensor rows = at::arange(40, at::kLong);
  const void* logits = learner->forward(encoded, rows, kNoStep).data_ptr();
  EXPECT_EQ(learner->forward(encoded, rows, kNoStep).data_ptr(), logits);
  EXPECT_EQ(learner->forward(encoded, rows.narrow(0, 0, 30).contiguous(), kNoStep).size(1), 30);
}

TEST(Convnet, IsWhatItsFileSays) {
  const data::EncodedRows host = some_pictures(40, 3, 6, 8);
  const auto learner = make_learner(convnet({4, 6}, 0.25), host, {1, 2}, at::kCPU, Precision::fp32, 3);
  EXPECT_EQ(learner->description(), "convnet 3x6x8-4x3x4-6x2x2-3, 409 parameters");
  OutputMeaning meaning;
  meaning.task = data::Task::classes;
  meaning.outcomes = {"a", "b", "c"};
  const nlohmann::json description = describe_model(convnet({4, 6}, 0.25), host, *learner, meaning);
  EXPECT_EQ(description["image"]["width"], 8);
  EXPECT_THAT(description["weight_layout"].get<std::string>(),
              HasSubstr("convolutions.N.weight is [members, 9 * inputs, outputs]"));
  const ModelParams again = model_params_from(description, "model.json");
  EXPECT_EQ(again.kind, "convnet");
  EXPECT_EQ(again.channels, (std::vector<std::int64_t>{4, 6}));
  const auto loaded = make_learner(again, host, {0, 0}, at::kCPU, Precision::fp32, 3);
  load_weights(*loaded, parse_safetensors(safetensors_bytes(weights_of(*learner)), "model"), "model");
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  at::Tensor scores = at::empty({2, 40, 3}), of_loaded = at::empty_like(scores);
  learner->score(encoded, 0, {}, scores);
  loaded->score(encoded, 0, {}, of_loaded);
  EXPECT_TRUE(scores.equal(of_loaded));
  nlohmann::json wrong = description;
  wrong.erase("channels");
  EXPECT_THROW(model_params_from(wrong, "model.json"), core::UserError);
}

TEST(Convnet, AChannelThatIsAlikeInTrainingSaysNothing) {
  data::EncodedRows host = some_pictures(30, 2, 4, 4);
  host.images.deviation[1] = 0;
  const auto learner = make_learner(convnet({4}), host, {1}, at::kCPU);
  at::Tensor scores = at::empty({1, 30}), others = at::empty({1, 30});
  learner->score(to_tensors(host, at::kCPU), 0, {}, scores);
  for (std::size_t row = 0; row < 30; ++row)
    for (std::size_t i = 16; i < 32; ++i) host.images.pixels[row * 32 + i] = 9;
  learner->score(to_tensors(host, at::kCPU), 0, {}, others);
  EXPECT_TRUE(scores.equal(others));
}

std::string kind_error(const ModelParams& params, bool has_images) {
  try {
    check_kind(params, has_images, config::Origin());
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Convnet, GoesWithPicturesAlone) {
  ModelParams mlp;
  EXPECT_EQ(kind_error(mlp, false), "");
  EXPECT_EQ(kind_error(convnet({4}), true), "");
  EXPECT_THAT(
      kind_error(mlp, true),
      HasSubstr("model.kind is 'mlp', which sees columns, and data.images gives the model pictures; expected convnet"));
  EXPECT_THAT(kind_error(convnet({4}), false),
              HasSubstr("model.kind is 'convnet', which sees pictures, and data.images names none"));
  EXPECT_THAT(kind_error(convnet({}), true), HasSubstr("model.channels: a convnet has one layer at least"));
  // 3 x 3 windows: 4 x 4 of 3 channels to 8, 2 x 2 of 8 to 5, and 20 to the logit.
  data::EncodedRows host = some_pictures(1, 3, 8, 7);
  EXPECT_EQ(multiply_adds(convnet({8, 5}), host), 16 * 27 * 8 + 4 * 72 * 5 + 20);
}

}  // namespace convnet_test
}  // namespace equipoise::models
