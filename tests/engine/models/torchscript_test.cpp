#include "engine/models/torchscript.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "engine/core/error.h"
#include "engine/models/learner.h"
#include "engine/models/model_file.h"
#include "engine/models/no_autograd.h"
#include "tests/engine/models/picture_sample.h"
#include "tests/engine/models/row_sample.h"

namespace equipoise::models {
namespace torchscript_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const at::Tensor kNoStep = at::zeros({1}, at::kLong);

/// The modules that torchscript_modules.py writes, once for all cases.
class TorchScript : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = (std::filesystem::path(testing::TempDir()) / "torchscript_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    const std::string command = std::string(EQUIPOISE_PYTHON) + " -W ignore " + EQUIPOISE_SOURCE_DIR +
                                "/tests/engine/models/torchscript_modules.py " + name;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }

  static ModelParams module(const std::string& name) {
    ModelParams params;
    params.kind = "torchscript";
    params.file = (folder_ / (name + ".pt")).string();
    return params;
  }

  static std::unique_ptr<Learner> learner(const std::string& name, int members = 1, std::int64_t outputs = 1) {
    return make_learner(module(name), make_rows(1, false), std::vector<std::uint64_t>(members, 7), at::kCPU,
                        Precision::fp32, outputs);
  }

  static std::filesystem::path folder_;
};
std::filesystem::path TorchScript::folder_;

std::map<std::string, at::Tensor> own_of(const Learner& learner, std::int64_t member = 0) {
  std::map<std::string, at::Tensor> own;
  for (const NamedTensor& parameter : learner.parameters())
    own[parameter.name] = parameter.value[member].to(at::kDouble).clone().requires_grad_();
  return own;
}

at::Tensor linear(const std::map<std::string, at::Tensor>& own, const std::string& name, const at::Tensor& x) {
  return at::matmul(x, own.at(name + ".weight").t()) + own.at(name + ".bias");
}

at::Tensor gradient_of(Learner& learner, const std::string& name, std::int64_t member = 0) {
  for (const NamedTensor& parameter : learner.parameters())
    if (parameter.name == name)
      return learner.flat_gradients()[member]
          .narrow(0, parameter.value.storage_offset(), parameter.value[0].numel())
          .view(parameter.value[0].sizes());
  throw std::out_of_range(name);
}

TEST_F(TorchScript, LogitsAndGradientsAreThoseOfItsDefinition) {
  const data::EncodedRows host = make_rows(300, false);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto flat = learner("flat", 2);
  ASSERT_EQ(flat->parameters().size(), 6u) << "tied layers are one";
  EXPECT_TRUE(at::equal(flat->flat_parameters()[0], flat->flat_parameters()[1])) << "all start as the file does";
  flat->flat_parameters()[1].mul_(1.5);
  const at::Tensor rows = at::arange(200, at::kLong);
  const at::Tensor logits = flat->forward(encoded, rows, kNoStep).clone();
  ASSERT_EQ(logits.sizes(), (std::vector<std::int64_t>{2, 200}));
  at::manual_seed(3);
  const at::Tensor gradient = at::randn({2, 200});
  flat->backward(encoded, rows, gradient);
  at::Tensor scores = at::empty({2, 250}, at::kFloat);
  flat->score(encoded, 20, {}, scores);
  for (std::int64_t k = 0; k < 2; ++k) {
    const auto own = own_of(*flat, k);
    const auto oracle = [&](const at::Tensor& x) {
      return linear(own, "last", linear(own, "tied", linear(own, "tied", linear(own, "first", x).relu()).tanh()).tanh())
          .squeeze(1);
    };
    const at::Tensor expected = oracle(dense_rows(host).narrow(0, 0, 200));
    EXPECT_TRUE(at::allclose(logits[k].to(at::kDouble), expected, 1e-4, 1e-5));
    EXPECT_TRUE(at::allclose(scores[k].to(at::kDouble), oracle(dense_rows(host).narrow(0, 20, 250)), 1e-4, 1e-5));
    (expected * gradient[k].to(at::kDouble)).sum().backward();
    for (const auto& [name, leaf] : own)
      EXPECT_TRUE(at::allclose(gradient_of(*flat, name, k).to(at::kDouble), leaf.grad(), 1e-3, 1e-4)) << name;
  }
}

TEST_F(TorchScript, SeveralOutputsAndOneInAColumn) {
  const data::EncodedRows host = make_rows(30, false);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const at::Tensor rows = at::arange(30, at::kLong);
  for (const std::int64_t outputs : {1, 3}) {
    const auto own = learner(outputs == 1 ? "one" : "three", 1, outputs);
    const at::Tensor logits = own->forward(encoded, rows, kNoStep).clone();
    const auto values = own_of(*own);
    const at::Tensor expected = linear(values, "net.3", linear(values, "net.0", dense_rows(host)).relu());
    EXPECT_TRUE(at::allclose(logits[0].view({30, outputs}).to(at::kDouble), expected, 1e-4, 1e-5));
  }
}

TEST_F(TorchScript, ADoubleModuleGetsDoubleRows) {
  const data::EncodedRows host = make_rows(30, false);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto own = learner("double");
  const at::Tensor rows = at::arange(30, at::kLong);
  const at::Tensor logits = own->forward(encoded, rows, kNoStep).clone();
  EXPECT_EQ(logits.scalar_type(), at::kFloat);
  own->backward(encoded, rows, at::ones({1, 30}));
  const auto values = own_of(*own);
  // Sums in double of what is f32 differ from these by the last rounding alone.
  const at::Tensor dense = dense_rows(host).to(at::kFloat).to(at::kDouble);
  const at::Tensor expected = linear(values, "net.3", linear(values, "net.0", dense).relu()).squeeze(1);
  EXPECT_TRUE(at::equal(logits[0], expected.to(at::kFloat)));
  expected.sum().backward();
  EXPECT_TRUE(at::allclose(gradient_of(*own, "net.0.weight").to(at::kDouble), values.at("net.0.weight").grad(), 1e-6));
}

// oneDNN's convolutions wait for all threads of the pool, and a pass is made by one.
TEST_F(TorchScript, AConvolutionEndsOnSeveralThreads) {
  const data::EncodedRows host = make_rows(300, false);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const at::Tensor rows = at::arange(300, at::kLong);
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  const auto own = learner("Convolved", 2);
  const at::Tensor logits = own->forward(encoded, rows, kNoStep).clone();
  own->backward(encoded, rows, at::ones({2, 300}));
  at::set_num_threads(before);
  const auto values = own_of(*own);
  const at::Tensor convolved =
      at::conv1d(dense_rows(host).unsqueeze(1), values.at("first.weight"), values.at("first.bias"));
  const at::Tensor expected = linear(values, "last", convolved.relu().mean(2)).squeeze(1);
  EXPECT_TRUE(at::allclose(logits[0].to(at::kDouble), expected, 1e-4, 1e-5));
  expected.sum().backward();
  EXPECT_TRUE(
      at::allclose(gradient_of(*own, "first.weight").to(at::kDouble), values.at("first.weight").grad(), 1e-3, 1e-3));
}

// Which units a pass drops is a matter of seed, step and slot.
TEST_F(TorchScript, DropoutIsDrawnByTheEngine) {
  const data::EncodedRows host = make_rows(256, false);
  EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto own = learner("dropped");
  const at::Tensor rows = at::arange(256, at::kLong);
  const at::Tensor whole = own->forward(encoded, rows, kNoStep).clone();
  EXPECT_TRUE(at::equal(own->forward(encoded, rows, kNoStep), whole));
  EXPECT_FALSE(at::equal(own->forward(encoded, rows, at::ones({1}, at::kLong)), whole));
  at::Tensor scores = at::empty({1, 256}, at::kFloat);
  own->score(encoded, 0, {}, scores);
  EXPECT_FALSE(at::allclose(scores, whole)) << "nothing is dropped in evaluation";
  encoded.first_slot = 128;
  const at::Tensor second = own->forward(encoded, rows.narrow(0, 128, 128), kNoStep).clone();
  EXPECT_TRUE(at::allclose(second[0], whole[0].narrow(0, 128, 128), 1e-5, 1e-6));
  // Half of the units, which count twice: means over many steps are what is scored.
  encoded.first_slot = 0;
  at::Tensor sum = at::zeros({1, 256});
  for (std::int64_t step = 0; step < 400; ++step) sum += own->forward(encoded, rows, at::full({1}, step, at::kLong));
  EXPECT_LT((sum / 400 - scores).abs().mean().item<double>(), 0.02);
}

TEST_F(TorchScript, RunningMeansAreKeptWithTheWeights) {
  const data::EncodedRows host = make_rows(64, false);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto own = learner("normed", 2);
  EXPECT_THAT(own->description(), HasSubstr("torchscript 'normed.pt', 91 parameters"));  // 15 * 5 + 5, 2 * 5, a bias
  const at::Tensor rows = at::arange(64, at::kLong);
  const auto value = [&](const std::string& name) { return own_of(*own)[name].detach(); };
  const at::Tensor frozen = value("last.weight");
  const at::Tensor units = linear(own_of(*own), "first", dense_rows(host));
  EXPECT_TRUE(at::equal(value("norm.running_mean"), at::zeros({5}, at::kDouble)));
  own->forward(encoded, rows, kNoStep);
  own->backward(encoded, rows, at::ones({2, 64}));
  // What an optimizer does to whole rows, a decay of the weights.
  own->flat_parameters().sub_(own->flat_gradients() * 0.1).mul_(0.5);
  own->put_buffers();
  EXPECT_TRUE(at::allclose(value("norm.running_mean"), units.mean(0) * 0.1, 1e-4, 1e-6)) << "momentum .1";
  EXPECT_EQ(value("norm.num_batches_tracked").item<double>(), 1);
  EXPECT_TRUE(at::equal(value("last.weight"), frozen)) << "it requires no gradient";
  EXPECT_TRUE(at::equal(gradient_of(*own, "norm.running_mean"), at::zeros({5}))) << "nor do running means";
  // Scores use them and do not move them.
  at::Tensor scores = at::empty({2, 40}, at::kFloat);
  own->score(encoded, 3, {}, scores);
  const auto all = own_of(*own);
  const at::Tensor normed = (linear(all, "first", dense_rows(host).narrow(0, 3, 40)) - all.at("norm.running_mean")) /
                                (all.at("norm.running_var") + 1e-5).sqrt() * all.at("norm.weight") +
                            all.at("norm.bias");
  EXPECT_TRUE(at::allclose(scores[0].to(at::kDouble), linear(all, "last", normed.relu()).squeeze(1), 1e-4, 1e-5));
  EXPECT_EQ(value("norm.num_batches_tracked").item<double>(), 1);
  // As a file and back.
  const auto other = learner("normed", 2);
  load_weights(*other, parse_safetensors(safetensors_bytes(weights_of(*own)), "m"), "m");
  at::Tensor again = at::empty({2, 40}, at::kFloat);
  other->score(encoded, 3, {}, again);
  EXPECT_TRUE(at::equal(again, scores));
  EXPECT_TRUE(at::equal(other->forward(encoded, rows, kNoStep), own->forward(encoded, rows, kNoStep)));
}

TEST_F(TorchScript, AMembersBitsHangOnNoOtherMemberAndNoThreads) {
  const data::EncodedRows host = make_rows(500, false);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const int before = at::get_num_threads();
  const at::Tensor rows = at::arange(400, at::kLong);
  const auto trained = [&](int threads, std::vector<std::uint64_t> seeds) {
    at::set_num_threads(threads);
    const NoAutograd no_autograd;
    const auto own = make_learner(module("normed"), host, seeds, at::kCPU);
    for (int step = 0; step < 3; ++step) {
      const at::Tensor& logits = own->forward(encoded, rows, at::full({1}, step, at::kLong));
      own->backward(encoded, rows, logits * 0.25 - 0.125);
      own->flat_parameters().sub_(own->flat_gradients() * 1e-3);
      own->put_buffers();
    }
    at::Tensor scores = at::empty({own->members(), 450}, at::kFloat);
    own->score(encoded, 0, {}, scores);
    return at::cat({own->flat_parameters(), scores}, 1);
  };
  const at::Tensor alone = trained(1, {5}), two = trained(2, {5}), bank = trained(2, {4, 5, 6});
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(alone[0], two[0]));
  EXPECT_TRUE(at::equal(alone[0], bank[1]));
}

TEST_F(TorchScript, PicturesComeAsTheyAre) {
  const data::EncodedRows host = some_pictures(20, 2, 6, 6);
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto own = make_learner(module("pictures"), host, {1}, at::kCPU);
  const at::Tensor rows = at::arange(20, at::kLong);
  const at::Tensor logits = own->forward(encoded, rows, kNoStep).clone();
  at::Tensor scores = at::empty({1, 20}, at::kFloat);
  own->score(encoded, 0, {}, scores);
  EXPECT_TRUE(at::allclose(scores, logits, 1e-5, 1e-6));
  const auto values = own_of(*own);
  at::Tensor pixels = at::empty({20, 2, 6, 6}, at::kDouble);
  for (std::int64_t i = 0; i < pixels.numel(); ++i) {
    const std::size_t channel = static_cast<std::size_t>(i / 36 % 2);
    pixels.data_ptr<double>()[i] = (host.images.pixels[static_cast<std::size_t>(i)] - host.images.mean[channel]) /
                                   static_cast<double>(host.images.deviation[channel]);
  }
  const at::Tensor maps = at::conv2d(pixels, values.at("conv.weight"), values.at("conv.bias"), 1, 1).relu();
  EXPECT_TRUE(
      at::allclose(logits[0].to(at::kDouble), linear(values, "last", maps.mean({2, 3})).squeeze(1), 1e-4, 1e-5));
}

TEST_F(TorchScript, WhatCannotBeTrainedIsRefusedInWords) {
  const auto refusal = [&](const std::string& name, std::int64_t outputs = 1) -> std::string {
    try {
      learner(name, 1, outputs);
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal("one"), "accepted");
  EXPECT_THAT(refusal("absent"), HasSubstr("absent.pt"));
  EXPECT_THAT(refusal("text"), AllOf(HasSubstr("text.pt' is no TorchScript module that can be read")));
  EXPECT_THAT(refusal("state_dict"), HasSubstr("state_dict.pt' is no TorchScript module that can be read"));
  EXPECT_THAT(refusal("no_parameters"), HasSubstr("has no parameters that require a gradient"));
  EXPECT_THAT(refusal("three"), HasSubstr("returns F32 [2, 3] for 2 rows, expected logits [2] or [2, 1]"));
  EXPECT_THAT(refusal("one", 4), HasSubstr("returns F32 [2, 1] for 2 rows, expected logits [2, 4]"));
  EXPECT_THAT(refusal("TwoResults"), HasSubstr("returns Tuple for 2 rows, expected logits [2] or [2, 1]"));
  EXPECT_THAT(refusal("WholeNumbers"), HasSubstr("returns I64 [2, 1] for 2 rows"));
  EXPECT_THAT(refusal("Throws"),
              AllOf(HasSubstr("throws, given rows F32 [2, 15]: "), HasSubstr("ValueError: only even rows"),
                    Not(HasSubstr("second line")), Not(HasSubstr("Traceback"))));
  EXPECT_THAT(refusal("wide"), AllOf(HasSubstr("throws, given rows F32 [2, 15]: "),
                                     HasSubstr("mat1 and mat2 shapes cannot be multiplied")));
  EXPECT_THAT(refusal("OnGpu"), HasSubstr("throws, given rows"));
  EXPECT_THAT(refusal("Noise"), HasSubstr("draws random numbers (aten::randn_like)"));
  EXPECT_THAT(refusal("Attention"), HasSubstr("draws random numbers (in forward)"));
  for (const char* name : {"Detached", "WithoutGradient"})
    EXPECT_THAT(refusal(name), AllOf(HasSubstr(std::string(name) + ".pt' returns logits that depend on no parameter"),
                                     HasSubstr("detach() or torch.no_grad()")));
  EXPECT_THAT(refusal("Sparse"), HasSubstr("returns a tensor of layout Sparse for 2 rows, expected dense logits [2]"));
  EXPECT_THAT(refusal("WritesWhatItNeeds"),
              AllOf(HasSubstr("returns logits that no gradient can be taken of: "), HasSubstr("inplace operation")));
  EXPECT_EQ(refusal("Sequence"), "accepted") << "it has no dropout";
  EXPECT_THAT(refusal("sequence_dropped"), HasSubstr("draws random numbers (in forward)"));
  EXPECT_THAT(refusal("Counts"),
              HasSubstr("changes its attribute 'n' in forward, which is neither a parameter nor a buffer"));
  for (const char* name : {"KeepsATensor", "WritesATensor"})
    EXPECT_THAT(refusal(name), HasSubstr("changes its attribute 'mean' in forward, which is neither a parameter nor"));
  EXPECT_THAT(refusal("KeepsAList"), HasSubstr("changes its attribute 'factors' in forward"));
  EXPECT_THAT(refusal("SharesMemory"), HasSubstr("has tensors 'one' and 'other' that share memory in other shapes"));
  EXPECT_EQ(refusal("ColumnsOfOneMatrix"), "accepted") << "they share no number";
  EXPECT_THAT(refusal("Squeezes"), HasSubstr("returns F32 [] for 1 rows, expected logits [1] or [1, 1]"));
  EXPECT_THAT(refusal("LargeWholeNumbers"), HasSubstr("has a tensor 'factor' of whole numbers beyond 16,777,216"));
  EXPECT_THAT(refusal("SparseGradient"), HasSubstr("has sparse gradients of 'table.weight', expected dense ones"));
  EXPECT_EQ(refusal("NotANumber"), "accepted") << "rows of zeros may be divided by";
}

TEST_F(TorchScript, LogitsThatAreNotFiniteAreTheModulesOwnBeforeTheFirstStepAlone) {
  const data::EncodedRows own_rows = make_rows(8, false);  // the tensors share its memory
  const EncodedTensors encoded = to_tensors(own_rows, at::kCPU);
  const at::Tensor rows = at::arange(8, at::kLong);
  const auto refusal = [&](const std::string& name, std::int64_t step) -> std::string {
    const auto own = learner(name, 2);
    try {
      own->forward(encoded, rows, at::full({1}, step, at::kLong));
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal("NotANumber", 0),
              AllOf(HasSubstr("model.file: '"), HasSubstr("NotANumber.pt' gives logits that are not finite"),
                    HasSubstr("for 8 of the 8 rows of the first batch")));
  EXPECT_EQ(refusal("NotANumber", 5), "accepted") << "where a run goes on, training may have made them so";
  EXPECT_EQ(refusal("DividesByRows", 0), "accepted");
}

TEST_F(TorchScript, WhatAModulePrintsIsNoAnswerOfTheProgram) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  learner("Prints");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("rows: 2\n"));
}

TEST(TorchScriptParams, TheFileIsOfItsKindAndIsNeeded) {
  const auto refusal = [](const ModelParams& params, bool has_images = false) -> std::string {
    try {
      check_kind(params, has_images, {});
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "accepted";
  };
  ModelParams params;
  params.file = "m.pt";
  EXPECT_EQ(refusal(params), "model.file: it is of the kind 'torchscript', and model.kind is 'mlp'");
  params.kind = "torchscript";
  EXPECT_EQ(refusal(params), "accepted");
  EXPECT_EQ(refusal(params, true), "accepted");
  params.hidden = {3};
  EXPECT_EQ(refusal(params), "model.hidden: it is of the kind 'mlp' or 'tabm', and model.kind is 'torchscript'");
  params = {};
  params.kind = "torchscript";
  EXPECT_EQ(refusal(params), "model.file: a torchscript model is read from a file, expected its path");
}

}  // namespace torchscript_test
}  // namespace equipoise::models
