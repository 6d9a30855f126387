#pragma once

#include <cstdint>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/data/encoder.h"

namespace equipoise::data {

/// Inputs that alone tell the label or a grouping almost exactly. For each input and target: on one half of (at most
/// 100,000) training rows, each value of the input (each of 64 parts of each bin, for a number) learns the target value
/// that it goes with most, relative to how frequent that value is; on the other half the rule's accuracy is averaged
/// over the target's values. Values of the input seen once are not believed. Above 0.995 it is a leak. A grouping made
/// of the input's own column is not held against it. The target "label" has a value for each class, of a regression one for
/// each quarter of its targets; of several labels each is a target, "label 'hired'".
std::vector<Leak> find_leaks(const Dataset& dataset, const std::vector<GroupRule>& rules, std::uint64_t seed);

}  // namespace equipoise::data
