#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/checkpoint/state.h"
#include "engine/core/error.h"

namespace equipoise::checkpoint {

/// A run after a step, and what it is a run of.
struct Checkpoint {
  std::int64_t step = 0;
  Fields belongs_to;
  State state;
  std::string name = {};  ///< of its folder, where it was read
};

/// A folder of a checkpoint: `step-000000000120-3f0a9b...`, the step and the first digits of the SHA-256 of its manifest. So what is in it is
/// whole as far as the manifest's digests go, and the manifest as far as the folder's name does.
struct Saved {
  std::int64_t step = 0;
  std::filesystem::path path;
};

/// Writes a checkpoint into `folder`, which is made where it is not there: into a folder beside, flushed to the disk, read back, and
/// renamed. Readers see all of it or nothing. Throws UserError (data) naming the path and the system's reason; nothing is left then.
Saved write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

/// The checkpoints that `folder` has, the newest first; none where it is not there. Whether they are whole shows when they are read.
std::vector<Saved> list_checkpoints(const std::filesystem::path& folder);

/// Thrown for a checkpoint whose bytes are not those that were written.
class Damaged : public core::UserError {
 public:
  explicit Damaged(const std::string& what) : core::UserError(core::Fault::data, what) {}
};

/// Throws Damaged for one that is not exactly what was written: a file that is missing, a link or of another size or digest, a manifest that its
/// folder's name does not fit or that names other files. Throws UserError (data) for one that may be whole: that cannot be read now, or is of
/// another format, as other versions of this program write.
Checkpoint read_checkpoint(const Saved& saved);

/// Removes a checkpoint: out of the list first, so that a kill leaves none half removed.
void remove_checkpoint(const Saved& saved);

/// Removes what a save that was cut off has left in `folder`.
void remove_unfinished(const std::filesystem::path& folder);

}  // namespace equipoise::checkpoint
