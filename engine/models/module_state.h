#pragma once

#include <optional>
#include <string>

#include <torch/csrc/jit/api/module.h>

namespace equipoise::models {

/// What a TorchScript module's forward changes of itself that is neither a parameter nor a buffer, and so in no checkpoint and in no saved
/// model: an attribute that is set anew, or a list, dictionary or tensor that is changed in place. Methods that forward calls are looked
/// through too. "changes its attribute 'm' in forward, ..."; nothing where there is none that shows in the graph.
std::optional<std::string> state_in_no_checkpoint(const torch::jit::Module& module);

}  // namespace equipoise::models
