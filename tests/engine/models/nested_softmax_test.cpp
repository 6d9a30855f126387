#include "engine/models/nested_softmax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "engine/core/error.h"

namespace equipoise::models {
namespace nested_softmax_test {

using testing::HasSubstr;

// Three families of 3, 1 and 2 outputs, not in order.
const std::vector<std::int32_t> kFamilies = {0, 2, 0, 1, 2, 0};
constexpr std::int64_t kOutputs = 6, kHeads = 3 + 3 + 0 + 1;

std::vector<double> exponentials(const std::vector<double>& values) {
  std::vector<double> p;
  double sum = 0;
  for (const double value : values) sum += p.emplace_back(std::exp(value));
  for (double& one : p) one /= sum;
  return p;
}

// In double and by the definition: family, then output. A single head is the log odds of its second.
std::vector<double> probabilities(const std::vector<double>& h) {
  const std::vector<double> family = exponentials({h[0], h[1], h[2]}), first = exponentials({h[3], h[4], h[5]}),
                            third = exponentials({0, h[6]});
  return {family[0] * first[0], family[2] * third[0], family[0] * first[1], family[1],
          family[2] * third[1], family[0] * first[2]};
}

std::vector<double> some_heads(unsigned seed) {
  std::mt19937 draw(seed);
  std::normal_distribution<double> normal(0, 2);
  std::vector<double> heads(kHeads);
  for (double& head : heads) head = static_cast<float>(normal(draw));
  return heads;
}

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

std::vector<float> log_probabilities(const NestedSoftmax& nested, const std::vector<double>& heads) {
  const std::vector<float> own = floats(heads);
  const std::int64_t rows = static_cast<std::int64_t>(own.size()) / nested.heads();
  std::vector<float> out(static_cast<std::size_t>(rows * nested.outputs()));
  nested.log_probabilities(own.data(), rows, out.data());
  return out;
}

TEST(NestedSoftmax, IsThatOfFamiliesTimesThatOfTheirOutputs) {
  const NestedSoftmax nested(kFamilies);
  EXPECT_EQ(nested.outputs(), kOutputs);
  EXPECT_EQ(nested.heads(), kHeads);
  std::vector<double> heads = some_heads(1);
  const std::vector<double> second = some_heads(2), expected = probabilities(heads),
                            expected_second = probabilities(second);
  heads.insert(heads.end(), second.begin(), second.end());
  const std::vector<float> own = log_probabilities(nested, heads);
  for (std::size_t output = 0; output < kOutputs; ++output) {
    EXPECT_NEAR(own[output], std::log(expected[output]), 1e-6);
    EXPECT_NEAR(own[kOutputs + output], std::log(expected_second[output]), 1e-6);
  }
}

// Of the sum of g_c log P_c, whose derivatives by log probabilities are g.
TEST(NestedSoftmax, ItsGradientIsThatOfFiniteDifferences) {
  const NestedSoftmax nested(kFamilies);
  const std::vector<double> heads = some_heads(3);
  const std::vector<float> gradient = {0.4f, -1.2f, 0.1f, 2.0f, -0.3f, 0.7f}, own = log_probabilities(nested, heads);
  const std::vector<float> none(kOutputs, 0.0f);
  std::vector<float> by_heads(kHeads), curvature(kHeads);
  nested.chain(own.data(), gradient.data(), none.data(), 1, by_heads.data(), curvature.data());
  const auto sum_at = [&](std::size_t head, double by) {
    std::vector<double> moved = heads;
    moved[head] += by;
    const std::vector<double> p = probabilities(moved);
    double sum = 0;
    for (std::size_t c = 0; c < p.size(); ++c) sum += static_cast<double>(gradient[c]) * std::log(p[c]);
    return sum;
  };
  for (std::size_t head = 0; head < kHeads; ++head) {
    EXPECT_NEAR(by_heads[head], (sum_at(head, 1e-5) - sum_at(head, -1e-5)) / 2e-5, 1e-5) << head;
    EXPECT_EQ(curvature[head], 0);
  }
}

// J' (diag p - p p') J of a cross-entropy that weighs w, by finite differences of log p: twice that for a head among many, as growing trees has it.
TEST(NestedSoftmax, ItsCurvatureIsThatOfAWeightedCrossEntropy) {
  const NestedSoftmax nested(kFamilies);
  const double weight = 1.7;
  const std::vector<double> heads = some_heads(4), p = probabilities(heads);
  std::vector<float> gradient, curvature;
  for (std::size_t c = 0; c < kOutputs; ++c) {
    gradient.push_back(static_cast<float>(weight * (p[c] - (c == 4 ? 1 : 0))));
    curvature.push_back(static_cast<float>(2 * weight * p[c] * (1 - p[c])));
  }
  const std::vector<float> own = log_probabilities(nested, heads);
  std::vector<float> by_heads(kHeads), curved(kHeads);
  nested.chain(own.data(), gradient.data(), curvature.data(), 1, by_heads.data(), curved.data());
  for (std::size_t head = 0; head < kHeads; ++head) {
    std::vector<double> up = heads, down = heads;
    up[head] += 1e-4, down[head] -= 1e-4;
    const std::vector<double> above = probabilities(up), below = probabilities(down);
    double square = 0, mean = 0;
    for (std::size_t c = 0; c < p.size(); ++c) {
      const double slope = (std::log(above[c]) - std::log(below[c])) / 2e-4;
      square += p[c] * slope * slope;
      mean += p[c] * slope;
    }
    const double of_many = head == 6 ? 1 : 2;
    EXPECT_NEAR(curved[head], of_many * weight * (square - mean * mean), 2e-6) << head;
  }
}

// Of a family that no float has a probability for, and of an output that is certain.
TEST(NestedSoftmax, StaysFiniteWhereProbabilitiesEnd) {
  const NestedSoftmax nested(kFamilies);
  const std::vector<double> heads = {-400, 300, -300, 1, 2, 300, -300};
  const std::vector<float> own = log_probabilities(nested, heads);
  EXPECT_EQ(own[3], 0);
  EXPECT_NEAR(own[1], -600, 1e-3);
  EXPECT_NEAR(own[5], -700, 1e-3);
  const std::vector<float> gradient = {0, 0, 0, -1, 0, 1};
  for (const float size : {0.0f, 1e-30f, 3.0f}) {
    const std::vector<float> curvature(kOutputs, size);
    std::vector<float> by_heads(kHeads), curved(kHeads);
    nested.chain(own.data(), gradient.data(), curvature.data(), 1, by_heads.data(), curved.data());
    for (std::size_t head = 0; head < kHeads; ++head) {
      EXPECT_TRUE(std::isfinite(by_heads[head])) << head;
      EXPECT_TRUE(std::isfinite(curved[head]) && curved[head] >= 0) << head;
    }
  }
}

TEST(NestedSoftmax, TwoFamiliesOfTwoHaveThreeHeads) {
  EXPECT_EQ(NestedSoftmax({0, 1, 0, 1}).heads(), 3);
  EXPECT_EQ(NestedSoftmax({0, 1}).heads(), 1) << "the log odds of the second";
  EXPECT_EQ(NestedSoftmax({0, 0}).heads(), 1);
  EXPECT_FALSE(NestedSoftmax().any());
  EXPECT_FALSE(NestedSoftmax(std::vector<std::int32_t>()).any());
}

TEST(NestedSoftmax, RefusesFamiliesThatAreNotNumberedFromZero) {
  const auto refusal = [](const std::vector<std::int32_t>& families) {
    try {
      NestedSoftmax{families};
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string("(none)");
  };
  EXPECT_EQ(refusal(kFamilies), "(none)");
  EXPECT_THAT(refusal({0, 2, 0}), HasSubstr("family 1 has no output"));
  EXPECT_THAT(refusal({0, -1}), HasSubstr("families of 2 outputs are not numbered from 0"));
  EXPECT_THAT(refusal({0, 7}), HasSubstr("families of 2 outputs are not numbered from 0"));
}

}  // namespace nested_softmax_test
}  // namespace equipoise::models
