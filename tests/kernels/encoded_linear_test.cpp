#include "kernels/encoded_linear/encoded_linear.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace encoded_linear_test {

using testing::HasSubstr;

// The rows as an oracle sees them: the dense matrix, written out by the definition of the encoding, in double.
struct Example {
  EncodedTensors encoded;
  at::Tensor dense;  // [N, D] f64
};

// Two ramps (4 + missing, 2 + missing), a picked category of 3, a standardised number with its missing flag; all that as often as asked.
Example make_example(std::int64_t rows, unsigned seed, std::int64_t times = 1) {
  std::vector<std::array<std::int32_t, 3>> layout;
  for (std::int32_t first = 0; first < 13 * times; first += 13)
    layout.insert(layout.end(), {{0, first, 5}, {1, first + 5, 3}, {0, first + 8, 3}, {1, first + 11, 2}});
  const std::int64_t features = 4 * times, width = 13 * times;
  Example example;
  example.encoded.width = width;
  example.encoded.codes = at::empty({rows, features}, at::kShort);
  example.encoded.values = at::empty({rows, features}, at::kFloat);
  example.encoded.layout = at::empty({features, 3}, at::kInt);
  example.dense = at::zeros({rows, width}, at::kDouble);
  std::mt19937 random(seed);
  for (std::int64_t f = 0; f < features; ++f) {
    for (int i = 0; i < 3; ++i) example.encoded.layout.data_ptr<std::int32_t>()[3 * f + i] = layout[f][i];
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t f = 0; f < features; ++f) {
      const auto [kind, offset, size] = layout[f];
      const bool is_ramp = kind == 0;
      const int code = is_ramp ? static_cast<int>(random() % size) : static_cast<int>(random() % (size + 1)) - 1;
      float value = static_cast<float>(random() % 1000) / 1000.0f;
      double* dense = example.dense.data_ptr<double>() + row * width + offset;
      if (is_ramp && code == size - 1) {
        dense[code] = 1;
      } else if (is_ramp) {
        for (int j = 0; j < code; ++j) dense[j] = 1;
        dense[code] = value;
      } else if (code >= 0) {
        dense[code] = value;
      }
      example.encoded.codes.data_ptr<std::int16_t>()[row * features + f] = static_cast<std::int16_t>(code);
      example.encoded.values.data_ptr<float>()[row * features + f] = value;
    }
  }
  return example;
}

at::Tensor random_floats(at::IntArrayRef shape, unsigned seed) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  std::mt19937 random(seed);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    tensor.data_ptr<float>()[i] = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
  }
  return tensor;
}

at::Tensor row_numbers(std::int64_t count, std::int64_t rows, unsigned seed) {
  at::Tensor numbers = at::empty({count}, at::kLong);
  std::mt19937 random(seed);
  for (std::int64_t i = 0; i < count; ++i)
    numbers.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(random() % rows);
  return numbers;
}

at::Tensor forward(const EncodedTensors& encoded, const at::Tensor& rows, const at::Tensor& weight,
                   const at::Tensor& bias) {
  at::Tensor sums = at::zeros_like(weight);
  encoded_ramp_sums_out(sums, encoded, weight);
  at::Tensor out = at::empty({weight.size(0), rows.size(0), weight.size(2)}, at::kFloat);
  encoded_linear_out(out, encoded, rows, weight, sums, bias);
  return out;
}

TEST(EncodedLinear, ByHand) {
  // One ramp of 2 components and a missing flag, one category of 2; H = 1, weights 1, 10, 100 | 1000, 10000, bias 0.5.
  EncodedTensors encoded;
  encoded.width = 5;
  encoded.layout = at::tensor({0, 0, 3, 1, 3, 2}, at::kInt).view({2, 3});
  // Row 0: ramp code 0 value .25, category 0. Row 1: code 1 value .5, category 1. Row 2: missing, unseen category.
  encoded.codes = at::tensor({0, 0, 1, 1, 2, -1}, at::kShort).view({3, 2});
  encoded.values = at::tensor({0.25, 1.0, 0.5, 1.0, 0.0, 1.0}, at::kFloat).view({3, 2});
  const at::Tensor weight = at::tensor({1.0, 10.0, 100.0, 1000.0, 10000.0}, at::kFloat).view({1, 5, 1});
  const at::Tensor out = forward(encoded, at::tensor({0, 1, 2}, at::kLong), weight, at::full({1, 1}, 0.5, at::kFloat));
  EXPECT_FLOAT_EQ(out.data_ptr<float>()[0], 0.25f * 1 + 1000 + 0.5f);
  EXPECT_FLOAT_EQ(out.data_ptr<float>()[1], 1 + 0.5f * 10 + 10000 + 0.5f);
  EXPECT_FLOAT_EQ(out.data_ptr<float>()[2], 100 + 0.5f);
}

class EncodedLinearShapes : public testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(EncodedLinearShapes, AgreesWithTheDenseProductInDouble) {
  const auto [members, batch, outputs] = GetParam();
  const Example example = make_example(50, 3);
  const at::Tensor rows = row_numbers(batch, 50, 4);
  const at::Tensor weight = random_floats({members, 13, outputs}, 5), bias = random_floats({members, outputs}, 6);
  const at::Tensor out = forward(example.encoded, rows, weight, bias);
  const at::Tensor dense = example.dense.index_select(0, rows);
  const at::Tensor expected =
      at::matmul(dense.unsqueeze(0), weight.to(at::kDouble)) + bias.to(at::kDouble).unsqueeze(1);
  EXPECT_TRUE(at::allclose(out.to(at::kDouble), expected, 1e-5, 1e-5));

  const at::Tensor gradient = random_floats({members, batch, outputs}, 7);
  at::Tensor weight_gradient = at::full({members, 13, outputs}, 9.0, at::kFloat);
  at::Tensor bias_gradient = at::full({members, outputs}, 9.0, at::kFloat);
  encoded_linear_backward_out(weight_gradient, bias_gradient, example.encoded, rows, gradient);
  const at::Tensor gradient64 = gradient.to(at::kDouble);
  EXPECT_TRUE(
      at::allclose(weight_gradient.to(at::kDouble), at::matmul(dense.t().unsqueeze(0), gradient64), 1e-5, 1e-4));
  EXPECT_TRUE(at::allclose(bias_gradient.to(at::kDouble), gradient64.sum(1), 1e-5, 1e-4));

  at::Tensor own_scratch = at::full({members, 13, outputs}, 9.0, at::kFloat), again = at::empty_like(weight_gradient);
  encoded_linear_backward_out(again, bias_gradient, own_scratch, example.encoded, rows, gradient);
  EXPECT_TRUE(at::equal(again, weight_gradient));
}

INSTANTIATE_TEST_SUITE_P(Sizes, EncodedLinearShapes,
                         testing::Combine(testing::Values(1, 3), testing::Values(0, 1, 31, 33, 1025),
                                          testing::Values(1, 16, 40, 63, 64, 65, 200)));

// Members share what a row touches, many rows at a time or few: each has the bits that it has alone.
TEST(EncodedLinear, MembersOfWideTablesAreWhatTheyAreAlone) {
  for (const std::int64_t times : {25, 60, 150}) {
    const Example example = make_example(90, 21, times);
    const at::Tensor rows = row_numbers(77, 90, 22);
    const at::Tensor weight = random_floats({3, 13 * times, 20}, 23), bias = random_floats({3, 20}, 24);
    const at::Tensor out = forward(example.encoded, rows, weight, bias);
    for (std::int64_t k = 0; k < 3; ++k)
      EXPECT_TRUE(
          at::equal(out.narrow(0, k, 1), forward(example.encoded, rows, weight.narrow(0, k, 1), bias.narrow(0, k, 1))))
          << times << " " << k;
    const at::Tensor expected = at::matmul(example.dense.index_select(0, rows).unsqueeze(0), weight.to(at::kDouble)) +
                                bias.to(at::kDouble).unsqueeze(1);
    EXPECT_TRUE(at::allclose(out.to(at::kDouble), expected, 1e-5, 1e-3)) << times;
  }
}

TEST(EncodedLinear, RangeGivesTheSameBitsAsTheRowsOneByOne) {
  const Example example = make_example(40, 8);
  const at::Tensor weight = random_floats({2, 13, 70}, 9), bias = random_floats({2, 70}, 10);
  at::Tensor sums = at::zeros_like(weight);
  encoded_ramp_sums_out(sums, example.encoded, weight);
  at::Tensor range = at::empty({2, 30, 70}, at::kFloat);
  encoded_linear_range_out(range, example.encoded, 5, weight, sums, bias);
  EXPECT_TRUE(at::equal(range, forward(example.encoded, at::arange(5, 35, at::kLong), weight, bias)));
}

TEST(EncodedLinear, SameBitsForAnyNumberOfThreads) {
  const Example example = make_example(3000, 11);
  const at::Tensor rows = row_numbers(2048, 3000, 12);
  const at::Tensor weight = random_floats({1, 13, 130}, 13), bias = random_floats({1, 130}, 14);
  const at::Tensor gradient = random_floats({1, 2048, 130}, 15);
  std::vector<at::Tensor> outs, weight_gradients;
  const int before = at::get_num_threads();
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    outs.push_back(forward(example.encoded, rows, weight, bias));
    weight_gradients.push_back(at::empty({1, 13, 130}, at::kFloat));
    at::Tensor bias_gradient = at::empty({1, 130}, at::kFloat);
    encoded_linear_backward_out(weight_gradients.back(), bias_gradient, example.encoded, rows, gradient);
  }
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(outs[0], outs[1]));
  EXPECT_TRUE(at::equal(weight_gradients[0], weight_gradients[1]));
}

// Rows mixed with others: forward and backward are those of the dense rows' mixture.
TEST(EncodedLinear, MixedRowsAreTheMixtureOfTheDenseRows) {
  for (const int batch : {1, 33, 700}) {
    Example example = make_example(50, 19);
    const at::Tensor rows = row_numbers(batch, 50, 20), partners = row_numbers(batch, 50, 21);
    at::Tensor parts = at::rand({batch});
    parts.narrow(0, 0, batch / 2).fill_(1);  // half are not mixed
    const at::Tensor weight = random_floats({2, 13, 65}, 22), bias = random_floats({2, 65}, 23);
    const at::Tensor alone = forward(example.encoded, rows, weight, bias);
    example.encoded.partners = partners;
    example.encoded.parts = parts;
    const at::Tensor out = forward(example.encoded, rows, weight, bias);
    EXPECT_TRUE(at::equal(out.narrow(1, 0, batch / 2), alone.narrow(1, 0, batch / 2)));
    const at::Tensor part = parts.to(at::kDouble).unsqueeze(1);
    const at::Tensor dense =
        part * example.dense.index_select(0, rows) + (1 - part) * example.dense.index_select(0, partners);
    EXPECT_TRUE(at::allclose(out.to(at::kDouble),
                             at::matmul(dense, weight.to(at::kDouble)) + bias.to(at::kDouble).unsqueeze(1), 1e-5,
                             1e-5));
    const at::Tensor gradient = random_floats({2, batch, 65}, 24);
    at::Tensor weight_gradient = at::empty({2, 13, 65}), bias_gradient = at::empty({2, 65});
    encoded_linear_backward_out(weight_gradient, bias_gradient, example.encoded, rows, gradient);
    EXPECT_TRUE(
        at::allclose(weight_gradient.to(at::kDouble), at::matmul(dense.t(), gradient.to(at::kDouble)), 1e-5, 1e-4));
  }
}

TEST(EncodedLinear, RejectsPartnersThatAreNotThere) {
  Example example = make_example(10, 16);
  const at::Tensor weight = random_floats({1, 13, 4}, 17), bias = random_floats({1, 4}, 18);
  example.encoded.partners = at::tensor({0, 10}, at::kLong);
  example.encoded.parts = at::full({2}, 0.5F);
  EXPECT_THAT(failure([&] {
                forward(example.encoded, at::tensor({0, 1}, at::kLong), weight, bias);
              }),
              HasSubstr("partners[1] is 10, expected 0 to 9"));
  example.encoded.partners = at::tensor({0, 1}, at::kLong);
  example.encoded.parts = at::full({3}, 0.5F);
  EXPECT_THAT(failure([&] {
                forward(example.encoded, at::tensor({0, 1}, at::kLong), weight, bias);
              }),
              HasSubstr("parts has shape [3], expected [2]"));
}

TEST(EncodedLinear, Rejects) {
  const Example example = make_example(10, 16);
  const at::Tensor weight = random_floats({1, 13, 4}, 17), bias = random_floats({1, 4}, 18);
  const auto run = [&](const at::Tensor& rows, const at::Tensor& w) {
    return failure([&] { forward(example.encoded, rows, w, bias); });
  };
  EXPECT_THAT(run(at::tensor({0, 10}, at::kLong), weight), HasSubstr("rows[1] is 10, expected 0 to 9"));
  EXPECT_THAT(run(at::tensor({-1}, at::kLong), weight), HasSubstr("rows[0] is -1"));
  EXPECT_THAT(run(at::tensor({0}, at::kInt), weight), HasSubstr("rows has type Int"));
  EXPECT_THAT(run(at::tensor({0}, at::kLong), random_floats({1, 12, 4}, 1)), HasSubstr("weight has shape [1, 12, 4]"));
  EXPECT_THAT(run(at::tensor({0}, at::kLong), weight.to(at::kDouble)), HasSubstr("weight has type Double"));
  EXPECT_THAT(run(at::tensor({0}, at::kLong), weight.transpose(1, 2).contiguous().transpose(1, 2)),
              HasSubstr("expected each member's part to be contiguous"));
}

}  // namespace encoded_linear_test
}  // namespace equipoise::kernels
