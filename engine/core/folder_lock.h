#pragma once

#include <filesystem>

namespace equipoise::core {

/// A folder that this process alone writes, for as long as it has this. A process that dies lets go of it.
class FolderLock {
 public:
  /// Throws UserError (data) where another process has it, or the folder cannot be opened. File systems without locks are used without.
  explicit FolderLock(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  int folder_;
};

}  // namespace equipoise::core
