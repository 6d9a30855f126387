#pragma once

#include <filesystem>
#include <string>
#include <string_view>

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

/// Lower-case hexadecimal SHA-256 of the bytes.
std::string sha256(std::string_view bytes);

/// SHA-256 of a file, read in blocks. Throws UserError (data).
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace equipoise::core
