#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

#include "engine/models/architecture.h"

namespace equipoise::models {

/// A TorchScript module of a file (torch.jit.save) for `members` members: rows [B, width] or pictures [B, C, H, W] to logits [B], [B, 1] or [B, O].
/// Its parameters begin as the file has them. Rows come in the type of its first parameter. Its buffers, and parameters that require no
/// gradient, are kept and saved like parameters, as f32. Dropout (aten::dropout) draws as the engine's own does, its rate rounded to 1/256.
/// What it prints goes to stderr. Throws UserError (config) naming the file: where it is no TorchScript, has no parameters, draws random numbers
/// otherwise, throws, returns something else, or what no gradient by its parameters can be taken of; the last three also in a pass. So
/// are logits of the first batch that are not finite: what a run starts from, and not where its training went.
Architecture torchscript(const std::string& file, const std::vector<std::int64_t>& row, std::int64_t outputs,
                         std::int64_t members, const at::Device& device);

}  // namespace equipoise::models
