#pragma once

#include <functional>
#include <string>

#include "engine/training/run_config.h"

namespace equipoise::training {

/// What LibTorch says when an allocation fails, in a person's words: what was asked for, what is free as far as it says,
/// and which settings need less. `members` is the number of networks trained together. "" when `what` is about something
/// else.
std::string memory_advice(const std::string& what, const RunConfig& config, std::size_t members);

/// Runs `work`; an allocation that fails in it becomes UserError (memory) with memory_advice.
void with_memory_advice(const RunConfig& config, std::size_t members, const std::function<void()>& work);

}  // namespace equipoise::training
