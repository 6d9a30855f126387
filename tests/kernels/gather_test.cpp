#include "kernels/gather/gather.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/kernels/encoded_sample.h"
#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace gather_test {

using testing::HasSubstr;

TEST(GatherTest, WritesThreeRowsByHand) {
  // Feature 0: ramp of T = 3 bins and a missing flag at components 0..3; feature 1: pick of 2 at components 4..5.
  const at::Tensor layout = at::tensor({0, 0, 4, 1, 4, 2}, at::kInt).view({2, 3});
  const at::Tensor codes = at::tensor({1, 0, 3, 1, 2, -1}, at::kShort).view({3, 2});
  const at::Tensor values = at::tensor({0.25f, 1.0f, 0.5f, 2.0f, 0.75f, 9.0f}).view({3, 2});
  const at::Tensor batch = gather(codes, values, layout, at::tensor({2, 0, 1}, at::kLong), 6);
  const at::Tensor expected = at::tensor({1.0f, 1.0f, 0.75f, 0.0f, 0.0f, 0.0f,   // row 2: bin 2 at 3/4, no pick
                                          1.0f, 0.25f, 0.0f, 0.0f, 1.0f, 0.0f,   // row 0: bin 1 at 1/4, pick 0
                                          0.0f, 0.0f, 0.0f, 1.0f, 0.0f, 2.0f});  // row 1: missing, pick 1 of value 2
  EXPECT_TRUE(batch.equal(expected.view({3, 6}))) << batch;
}

TEST(GatherTest, AgreesWithTheOracle) {
  for (const std::int64_t batch : {0, 1, 31, 32, 33, 1023, 1025}) {
    const EncodedSample sample = sample_encoded(batch);
    EXPECT_TRUE(
        gather(sample.codes, sample.values, sample.layout, sample.rows, sample.width).equal(oracle_gather(sample)))
        << batch << " rows";
  }
}

TEST(GatherTest, FillsTheCallersBatch) {
  const EncodedSample sample = sample_encoded(33);
  at::Tensor batch = at::full({33, sample.width}, 7.0f);
  gather_out(batch, sample.codes, sample.values, sample.layout, sample.rows);
  EXPECT_TRUE(batch.equal(oracle_gather(sample)));
  at::Tensor small = at::empty({32, sample.width});
  EXPECT_THAT(failure([&] { gather_out(small, sample.codes, sample.values, sample.layout, sample.rows); }),
              HasSubstr("batch has shape [32, 51], expected [33, D]"));
}

TEST(GatherTest, RoundsIntoABfloat16Batch) {
  for (const std::int64_t rows : {0, 1, 33, 1025}) {
    const EncodedSample sample = sample_encoded(rows);
    at::Tensor batch = at::full({rows, sample.width}, 7.0, at::kBFloat16);
    gather_out(batch, sample.codes, sample.values, sample.layout, sample.rows);
    EXPECT_TRUE(batch.equal(oracle_gather(sample).to(at::kBFloat16))) << rows << " rows";
  }
  const EncodedSample sample = sample_encoded(4);
  at::Tensor batch = at::empty({4, sample.width}, at::kDouble);
  EXPECT_THAT(failure([&] { gather_out(batch, sample.codes, sample.values, sample.layout, sample.rows); }),
              HasSubstr("batch has type Double, expected float32 or bfloat16"));
}

TEST(GatherTest, MixesRowsWithTheirPartners) {
  for (const std::int64_t rows : {0, 1, 33, 1025}) {
    const EncodedSample sample = sample_encoded(rows);
    const Mixing mixing = sample_mixing(sample);
    EncodedSample partners = sample;
    partners.rows = mixing.partners;
    at::Tensor batch = at::full({rows, sample.width}, 7.0f), half = batch.to(at::kBFloat16);
    gather_out(batch, sample.codes, sample.values, sample.layout, sample.rows, mixing);
    const at::Tensor part = mixing.parts.unsqueeze(1).to(at::kDouble), own = oracle_gather(sample);
    const at::Tensor expected = part * own + (1 - part) * oracle_gather(partners);
    EXPECT_TRUE(batch.to(at::kDouble).allclose(expected, 1e-6, 1e-7)) << rows << " rows";
    const at::Tensor alone = mixing.parts.eq(1);
    EXPECT_TRUE(batch.index({alone}).equal(own.index({alone})));
    gather_out(half, sample.codes, sample.values, sample.layout, sample.rows, mixing);
    EXPECT_TRUE(half.equal(batch.to(at::kBFloat16)));
  }
  const EncodedSample sample = sample_encoded(10);
  Mixing mixing = sample_mixing(sample);
  at::Tensor batch = at::empty({10, sample.width});
  const auto gather_now = [&] { gather_out(batch, sample.codes, sample.values, sample.layout, sample.rows, mixing); };
  mixing.partners[4] = -1;
  EXPECT_THAT(failure(gather_now), HasSubstr("gather: slot 4 is mixed with row -1, expected a number in [0, 100)"));
  mixing.parts = at::ones({9});
  EXPECT_THAT(failure(gather_now), HasSubstr("gather: parts has shape [9], expected [10]"));
}

TEST(GatherTest, LeavesUncoveredComponentsAtZero) {
  EncodedSample sample = sample_encoded(40);
  sample.width += 5;
  const at::Tensor batch = gather(sample.codes, sample.values, sample.layout, sample.rows, sample.width);
  EXPECT_TRUE(batch.slice(1, sample.width - 5).eq(0).all().item<bool>());
}

TEST(GatherTest, ReadsNonContiguousInputsAndRepeatsOnAnyThreads) {
  const EncodedSample sample = sample_encoded(2000);
  const at::Tensor expected = gather(sample.codes, sample.values, sample.layout, sample.rows, sample.width);
  const int threads = at::get_num_threads();
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    EXPECT_TRUE(gather(sample.codes.t().contiguous().t(), sample.values.t().contiguous().t(), sample.layout,
                       at::stack({sample.rows, sample.rows}, 1).select(1, 0), sample.width)
                    .equal(expected));
  }
  at::set_num_threads(threads);
}

TEST(GatherTest, StaysInsideItsFeatureWhateverTheCode) {
  EncodedSample sample = sample_encoded(10);
  sample.codes.fill_(30000);
  const at::Tensor batch = gather(sample.codes, sample.values, sample.layout, sample.rows, sample.width);
  EXPECT_TRUE(batch.isfinite().all().item<bool>());
  sample.codes.fill_(-30000);
  EXPECT_TRUE(gather(sample.codes, sample.values, sample.layout, sample.rows, sample.width).eq(0).all().item<bool>());
}

TEST(GatherTest, RefusesWhatItCannotRead) {
  const EncodedSample sample = sample_encoded(10);
  at::Tensor rows = sample.rows.clone();
  rows[4] = 100;
  EXPECT_THAT(failure([&] { gather(sample.codes, sample.values, sample.layout, rows, sample.width); }),
              HasSubstr("gather: slot 4 asks for row 100, expected a number in [0, 100)"));
  EXPECT_THAT(failure([&] { gather(sample.codes, sample.values, sample.layout, sample.rows, sample.width - 1); }),
              HasSubstr("gather: the layout fills " + std::to_string(sample.width) + " components, width is " +
                        std::to_string(sample.width - 1)));
  EXPECT_THAT(failure([&] { gather(sample.codes.to(at::kInt), sample.values, sample.layout, sample.rows, 9); }),
              HasSubstr("gather: codes has type Int, expected Short"));
  EXPECT_THAT(failure([&] { gather(sample.codes, sample.values, sample.layout.slice(0, 1), sample.rows, 9); }),
              HasSubstr("gather: layout has shape [3, 3], expected [4, 3]"));
  at::Tensor layout = sample.layout.clone();
  layout[2][0] = 2;
  EXPECT_THAT(failure([&] { gather(sample.codes, sample.values, layout, sample.rows, sample.width); }),
              HasSubstr("gather: feature 2 has kind 2, expected 0 (ramp) or 1 (pick)"));
  layout = sample.layout.clone();
  layout[1][1] = 0;
  EXPECT_THAT(failure([&] { gather(sample.codes, sample.values, layout, sample.rows, sample.width); }),
              HasSubstr("gather: feature 1 has offset 0, expected at least"));
}

TEST(CheckEncodedTest, ReturnsTheFilledWidthAndNamesRowAndFeature) {
  EncodedSample sample = sample_encoded(1);
  EXPECT_EQ(check_encoded(sample.codes, sample.layout), sample.width);
  sample.codes[17][1] = 3;
  EXPECT_THAT(failure([&] { check_encoded(sample.codes, sample.layout); }),
              HasSubstr("check_encoded: row 17, feature 1 has code 3, expected a number in [-1, 3)"));
  sample.codes[17][1] = 0;
  sample.codes[18][0] = -1;
  EXPECT_THAT(failure([&] { check_encoded(sample.codes, sample.layout); }),
              HasSubstr("check_encoded: row 18, feature 0 has code -1, expected a number in [0, 6)"));
}

}  // namespace gather_test
}  // namespace equipoise::kernels
