#include "kernels/logit_layer/logit_layer.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/activate/activate.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/logit_layer_sample.h"

namespace equipoise::kernels {
namespace logit_layer_test {

using testing::HasSubstr;

LogitLayerGradients found_in(const LogitLayerSample& s) {
  return LogitLayerGradients(logit_layer_backward(s.gradient, s.weight, s.activated, kSampleRate256));
}

TEST(LogitLayer, AgreesWithTheProductsInDouble) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t rows : {0, 1, 31, 1000}) {
      for (const std::int64_t units : {1, 8, 63, 64, 65, 256}) {
        const LogitLayerSample sample = logit_layer_sample(3, rows, units, type);
        const LogitLayerGradients found = found_in(sample), expected = in_double(sample);
        const auto is_near = [](const at::Tensor& a, const at::Tensor& b, double relative, double absolute) {
          return a.to(at::kDouble).allclose(b, relative, absolute);
        };
        const std::string shape = std::to_string(rows) + " rows, " + std::to_string(units) + " units";
        EXPECT_EQ(found.below.scalar_type(), type);
        EXPECT_TRUE(is_near(found.below, expected.below, type == at::kFloat ? 1e-6 : 4e-3, 0)) << shape;
        EXPECT_TRUE(is_near(found.weight, expected.weight, 1e-6, 1e-5)) << shape;
        EXPECT_TRUE(is_near(found.bias, expected.bias, 1e-6, 1e-5)) << shape;
        EXPECT_TRUE(is_near(found.below_bias, found.below.to(at::kDouble).sum(1), 1e-6, 1e-5)) << shape;
      }
    }
  }
}

TEST(LogitLayer, PassesWhatTheRectifiersPassDoes) {
  const LogitLayerSample sample = logit_layer_sample(2, 500, 40, at::kFloat);
  const LogitLayerGradients found = found_in(sample);
  at::Tensor below = sample.gradient.unsqueeze(2) * sample.weight.unsqueeze(1), bias = at::empty({2, 40});
  activate_backward_(below, sample.activated, bias, kSampleRate256);
  EXPECT_TRUE(found.below.allclose(below, 1e-6, 0));
  EXPECT_TRUE(found.below_bias.allclose(bias, 1e-5, 1e-4));
}

TEST(LogitLayer, SameBitsForAnyNumberOfThreadsAndBankSize) {
  const LogitLayerSample sample = logit_layer_sample(5, 3000, 200, at::kFloat);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const LogitLayerGradients one = found_in(sample);
  at::set_num_threads(2);
  const LogitLayerGradients two = found_in(sample);
  at::set_num_threads(before);
  const LogitLayerGradients alone =
      found_in({sample.gradient.narrow(0, 3, 1), sample.weight.narrow(0, 3, 1), sample.activated.narrow(0, 3, 1)});
  EXPECT_TRUE(one.weight.equal(two.weight) && one.below_bias.equal(two.below_bias) && one.bias.equal(two.bias));
  EXPECT_TRUE(alone.weight[0].equal(one.weight[3]) && alone.below[0].equal(one.below[3]));
}

TEST(LogitLayer, NaNReachesItsUnitsWeight) {
  LogitLayerSample sample = logit_layer_sample(1, 50, 4, at::kFloat);
  sample.activated[0][7][2] = NAN;
  const LogitLayerGradients found = found_in(sample);
  EXPECT_TRUE(found.weight[0].isnan().to(at::kByte).equal(at::tensor({0, 0, 1, 0}, at::kByte)));
  EXPECT_TRUE(found.below.isfinite().all().item<bool>());
}

TEST(LogitLayer, RefusesWhatDoesNotFit) {
  const auto said_after = [](auto&& spoil, std::int64_t rate = 0) {
    LogitLayerSample s = logit_layer_sample(2, 10, 4, at::kFloat);
    spoil(s);
    return failure([&] { logit_layer_backward(s.gradient, s.weight, s.activated, rate); });
  };
  EXPECT_EQ(said_after([](LogitLayerSample&) {}), "no error");
  EXPECT_THAT(said_after([](LogitLayerSample& s) { s.activated = s.activated[0]; }),
              HasSubstr("logit_layer_backward: activated has shape [10, 4], expected [K, B, H] with H > 0"));
  EXPECT_THAT(said_after([](LogitLayerSample& s) { s.activated = s.activated.to(at::kDouble); }),
              HasSubstr("activated has type Double"));
  EXPECT_THAT(said_after([](LogitLayerSample& s) { s.gradient = s.gradient.narrow(1, 0, 9).contiguous(); }),
              HasSubstr("gradient has shape [2, 9], expected [2, 10]"));
  EXPECT_THAT(said_after([](LogitLayerSample& s) { s.weight = s.weight.to(at::kBFloat16); }),
              HasSubstr("weight has type BFloat16, expected Float"));
  EXPECT_THAT(said_after([](LogitLayerSample& s) {
                s.weight = at::empty({4, 2}).t();
              }),
              HasSubstr("weight has strides [1, 2], expected each member's units side by side"));
  EXPECT_THAT(said_after([](LogitLayerSample&) {}, 256), HasSubstr("rate_256 is 256, expected 0 to 255"));
}

}  // namespace logit_layer_test
}  // namespace equipoise::kernels
