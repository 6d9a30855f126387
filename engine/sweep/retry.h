#pragma once

#include <cstddef>
#include <filesystem>

#include "engine/sweep/plan.h"

namespace equipoise::sweep {

/// Makes what failed ready to be done again: of every tasks-th job from `task` on. A job that failed goes on, or begins anew. The runs that a
/// bank lost while others finished become a job of their own, one run or a bank of them, with the same overrides; the bank stays as it is. So do
/// runs that are done and whose results cannot be read. Returns the plan that the folder has then: another process may have added to it. Throws UserError
/// (data).
Plan retry_failed(const std::filesystem::path& folder, std::size_t task, std::size_t tasks);

/// The same of those alone that successive halving ended early in banks that are done, where the plan searches otherwise by now (LostRun::was_halved).
Plan redo_halved(const std::filesystem::path& folder, std::size_t task, std::size_t tasks);

}  // namespace equipoise::sweep
