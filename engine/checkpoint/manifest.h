#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"

namespace equipoise::checkpoint {

inline constexpr const char* kManifest = "manifest.json";
inline constexpr std::size_t kLongestManifest = 1 << 16;

/// Which files a checkpoint has, and what each of them is.
struct Manifest {
  struct File {
    std::string name;
    std::uint64_t bytes = 0;
    std::string sha256;
  };
  std::int64_t step = 0;
  std::vector<File> files;
};

/// Thrown for a manifest of another format: of another version of this program, and perhaps whole.
class OtherFormat : public core::UserError {
 public:
  explicit OtherFormat(const std::string& what) : core::UserError(core::Fault::data, what) {}
};

std::string to_text(const Manifest& manifest);

/// Throws UserError (data) that calls the text `name`: for one that is no manifest, of another format, or that names a file by anything but
/// a plain name of its own.
Manifest manifest_from(std::string_view text, const std::string& name);

/// The bytes of each file of a checkpoint's folder, in the manifest's order. Throws UserError (data) for a file that is missing, no plain file
/// (a link), of another size or with another digest.
std::vector<std::string> read_files(const std::filesystem::path& folder, const Manifest& manifest);

/// The bytes of the file with this name. Throws UserError (data) where the manifest has none.
const std::string& file_of(const Manifest& manifest, const std::vector<std::string>& bytes, const std::string& name);

}  // namespace equipoise::checkpoint
