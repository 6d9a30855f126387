#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/core/error.h"

namespace equipoise::core {

/// The whole file. Throws UserError (data) naming the path and the system's reason.
std::string read_file(const std::filesystem::path& path);

/// Whether what is written is on the disk when the call returns, which takes milliseconds.
enum class Flush { yes, no };

/// Writes to a temporary file beside `path`, flushes it to the disk and renames it: readers see the old file or the
/// new one, never half of it. Throws UserError (data) naming the path and the system's reason (full, read-only, ...);
/// the temporary file is gone then. A link is followed, a file keeps its mode; into a pipe or a device bytes go as they
/// come.
void write_file_atomically(const std::filesystem::path& path, std::string_view content, Flush flush = Flush::yes);

/// Adds to the end of a file, which is made where it is not there. Throws UserError (data) naming the path and the system's
/// reason; a part may have been written then.
void append_to_file(const std::filesystem::path& path, std::string_view content);

/// Thrown for a file that is there and cannot be read for now: by its rights, or because its disk is away.
class Unreadable : public UserError {
 public:
  using UserError::UserError;
};

/// The bytes of a plain file, by this name alone: no link is followed, and nothing else is opened. Throws Unreadable, or UserError (data) for
/// one that is not there, is no plain file or has more than `most` bytes.
std::string read_regular_file(const std::filesystem::path& path, std::uint64_t most);

/// Makes a folder inside one that is there; fine where it is there already. Throws UserError (data).
void make_folder(const std::filesystem::path& path);
/// Writes a file that was not there, and waits until the disk has it. Throws UserError (data).
void write_new_file(const std::filesystem::path& path, std::string_view content);
/// Waits until the disk has what was made, renamed or removed in a folder. Throws UserError (data).
void flush_folder(const std::filesystem::path& path);
/// Throws UserError (data), also where something stands at `to`.
void rename_folder(const std::filesystem::path& from, const std::filesystem::path& to);

/// Lower-case hexadecimal SHA-256 of the bytes.
std::string sha256(std::string_view bytes);

/// SHA-256 of a file, read in blocks. Throws UserError (data).
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace equipoise::core
