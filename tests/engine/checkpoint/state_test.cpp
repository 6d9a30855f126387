#include "engine/checkpoint/state.h"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/core/error.h"

namespace equipoise::checkpoint {
namespace state_test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One of each kind that a walk knows.
struct Holder {
  at::Tensor stays = at::zeros({2, 3});
  at::Tensor held;
  bool flag = false;
  std::int64_t count = 0;
  std::size_t place = 0;
  double number = 0;
  std::string text;
  std::optional<double> perhaps;
  std::vector<double> numbers = {0, 0, 0};
  std::vector<std::optional<double>> some;
  std::vector<bool> flags;
  std::vector<std::pair<std::int64_t, std::string>> pairs;

  void walk(const StateWalk& walk) {
    walk.tensor("stays", stays);
    walk.copy("held", held, at::kCPU);
    walk.value("flag", flag);
    walk.value("count", count);
    walk.value("place", place);
    walk.value("number", number);
    walk.value("text", text);
    walk.value("perhaps", perhaps);
    walk.values_of_same_size("numbers", numbers);
    walk.value("some", some);
    walk.value("flags", flags);
    walk.list("pairs", pairs, [](const StateWalk& inner, std::pair<std::int64_t, std::string>& pair) {
      inner.value("first", pair.first);
      inner.value("second", pair.second);
    });
  }
};

Holder full() {
  Holder holder;
  holder.stays = at::arange(6, at::kFloat).reshape({2, 3});
  holder.held = at::full({4}, 7, at::kLong);
  holder.flag = true;
  holder.count = -3;
  holder.place = 5;
  holder.number = 0.1;
  holder.text = "a \"text\"\n";
  holder.perhaps = -0.0;
  holder.numbers = {kInfinity, -kInfinity, std::nan("")};
  holder.some = {1.5, std::nullopt};
  holder.flags = {true, false, true};
  holder.pairs = {{1, "one"}, {2, "two"}};
  return holder;
}

std::string refusal(const State& state, Holder into = {}) {
  try {
    into.walk(StateWalk::restoring_from(state, "the checkpoint 'c'"));
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "accepted";
}

TEST(StateWalk, RestoresWhatItSaved) {
  State state;
  Holder before = full();
  before.walk(StateWalk::saving_into(state));
  Holder after;
  after.held = at::ones({1});
  const void* place = after.stays.data_ptr();
  after.walk(StateWalk::restoring_from(state, "c"));
  EXPECT_EQ(after.stays.data_ptr(), place) << "a captured graph reads it there";
  EXPECT_TRUE(at::equal(after.stays, before.stays));
  EXPECT_TRUE(at::equal(after.held, before.held));
  EXPECT_TRUE(after.flag);
  EXPECT_EQ(after.count, -3);
  EXPECT_EQ(after.place, 5u);
  EXPECT_EQ(after.number, 0.1);
  EXPECT_EQ(after.text, before.text);
  EXPECT_TRUE(after.perhaps && std::signbit(*after.perhaps));
  EXPECT_EQ(after.numbers[0], kInfinity);
  EXPECT_EQ(after.numbers[1], -kInfinity);
  EXPECT_TRUE(std::isnan(after.numbers[2]));
  EXPECT_THAT(after.some, ElementsAre(std::optional(1.5), std::nullopt));
  EXPECT_THAT(after.flags, ElementsAre(true, false, true));
  EXPECT_EQ(after.pairs, before.pairs);
}

TEST(StateWalk, WhatWasNotThereIsNotThereAfterwards) {
  State state;
  Holder empty;
  empty.walk(StateWalk::saving_into(state));
  Holder after = full();
  after.walk(StateWalk::restoring_from(state, "c"));
  EXPECT_FALSE(after.held.defined());
  EXPECT_FALSE(after.perhaps);
  EXPECT_TRUE(after.pairs.empty());
}

TEST(StateWalk, ASavedTensorIsACopy) {
  State state;
  Holder holder = full();
  holder.walk(StateWalk::saving_into(state));
  holder.stays.zero_();
  EXPECT_EQ(state.tensors.at("stays").sum().item<float>(), 15);
}

TEST(StateWalk, NamesWhatDoesNotFit) {
  State state;
  Holder holder = full();
  holder.walk(StateWalk::saving_into(state));
  State changed = state;
  changed.tensors["stays"] = at::zeros({3, 2});
  EXPECT_EQ(refusal(changed), "the checkpoint 'c' does not fit this run: 'stays' is F32 [3, 2], expected F32 [2, 3]");
  changed = state;
  changed.tensors["stays"] = at::zeros({2, 3}, at::kDouble);
  EXPECT_THAT(refusal(changed), HasSubstr("'stays' is F64 [2, 3], expected F32 [2, 3]"));
  changed = state;
  changed.tensors.erase("stays");
  EXPECT_THAT(refusal(changed), HasSubstr("'stays' is missing"));
  changed = state;
  changed.numbers["numbers"] = {1, 2};
  EXPECT_THAT(refusal(changed), HasSubstr("'numbers' has 2 values, expected 3"));
  changed = state;
  changed.integers["count"] = {1, 2};
  EXPECT_THAT(refusal(changed), HasSubstr("'count' has 2 values, expected 1"));
  changed = state;
  changed.integers["pairs.size"] = {-1};
  EXPECT_THAT(refusal(changed), HasSubstr("'pairs.size' is -1, expected a size"));
  changed = state;
  changed.integers["pairs.size"] = {3};
  EXPECT_THAT(refusal(changed), HasSubstr("'pairs.2.first' is missing"));
  changed = state;
  changed.texts.erase("pairs.1.second");
  EXPECT_THAT(refusal(changed), HasSubstr("'pairs.1.second' is missing"));
}

}  // namespace state_test
}  // namespace equipoise::checkpoint
