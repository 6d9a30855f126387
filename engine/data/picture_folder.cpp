#include "engine/data/picture_folder.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/core/sha256.h"
#include "engine/core/threads.h"
#include "engine/data/decode_picture.h"

namespace equipoise::data {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBlock = 1024;                   // rows between two looks at signals and the clock
constexpr std::size_t kMostNames = 10000;               // of a folder that is searched for what was meant
constexpr std::uintmax_t kMostBytes = 4 * kMostPixels;  // of a file: pixels that do not pack, and more

// Whether a path, taken from a folder, may lead out of it.
bool leaves(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return path.is_absolute() || normal.empty() || *normal.begin() == "..";
}

std::string nearest_file(const fs::path& missing) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(missing.parent_path(), error), end;
       !error && entry != end && names.size() < kMostNames; entry.increment(error))
    names.push_back(entry->path().filename().string());
  return core::did_you_mean(missing.filename().string(), names);
}

class Folder {
 public:
  Folder(const ImageParams& params, const Table& table)
      : params_(params), table_(table), column_(table, *table.find(params.column)), names_(column_.codes(table)) {}

  // The size that all are to have: the first row's, with as many channels as are asked for.
  PictureSize size_of_first() const {
    const std::string bytes = bytes_of(0);
    PictureSize size;
    explained(0, [&] {
      size = picture_size(bytes);
      if (params_.channels != 0) size.channels = params_.channels;
      // Its head is believed once these are there, and then all get memory.
      std::vector<std::uint8_t> pixels(size.bytes());
      decode_picture(bytes, size, pixels.data());
    });
    return size;
  }

  struct Read {
    std::string sha256;
    std::size_t bytes = 0;
  };

  // One row's picture into its place.
  Read read(std::int64_t row, const PictureSize& size, std::uint8_t* pixels) const {
    const std::string bytes = bytes_of(row);
    explained(row, [&] {
      const PictureSize own = picture_size(bytes);
      if (own.height != size.height || own.width != size.width)
        throw refusal(row, "is " + size_text(own) + ", and the first, '" + path_of(0).string() + "', is " +
                               size_text(picture_size(bytes_of(0))) + "; expected one size: resize them");
      if (own.channels != size.channels && params_.channels == 0)
        throw refusal(row, std::string("is ") + (own.channels == 1 ? "grey" : "in colour") + ", and the first, '" +
                               path_of(0).string() + "', is " + (size.channels == 1 ? "grey" : "in colour") +
                               "; data.images.channels says as what all are read: 1 (grey) or 3 (colour)");
      decode_picture(bytes, size, pixels);
    });
    return {core::sha256(bytes), bytes.size()};
  }

  const std::string& name_of(std::int64_t row) const {
    return column_.levels()[static_cast<std::size_t>(names_[static_cast<std::size_t>(row)])];
  }

  // That of the pictures, or of the data file in which the row stands.
  fs::path folder_of(std::int64_t row) const {
    if (!params_.folder.empty()) return params_.folder;
    const fs::path folder = fs::path(table_.where(row).file).parent_path();
    return folder.empty() ? "." : folder;
  }

 private:
  core::UserError refusal(std::int64_t row, const std::string& what) const {
    return core::UserError(core::Fault::data, "the picture '" + path_of(row).string() + "' of this row " + what,
                           table_.where(row));
  }

  // What the decoder refuses gets the row's place.
  template <typename Work>
  void explained(std::int64_t row, const Work& work) const {
    try {
      work();
    } catch (const core::UserError& error) {
      if (error.problems().front().position) throw;
      throw refusal(row, "cannot be decoded: " + error.problems().front().message);
    }
  }

  fs::path path_of(std::int64_t row) const { return folder_of(row) / name_of(row); }

  std::string bytes_of(std::int64_t row) const {
    if (names_[static_cast<std::size_t>(row)] < 0)
      throw core::UserError(
          core::Fault::data,
          "this row has no picture: its column '" + params_.column + "' is empty, or one of data.csv.missing",
          table_.where(row));
    if (leaves(name_of(row)))
      throw core::UserError(core::Fault::data,
                            "the column '" + params_.column + "' names '" + name_of(row) +
                                "', which leads out of the folder of pictures, '" + folder_of(row).string() +
                                "'; expected a path inside it",
                            table_.where(row));
    const fs::path path = path_of(row);
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) throw refusal(row, "is not there" + nearest_file(path));
    if (!fs::is_regular_file(status))
      throw refusal(row, "is no file" + std::string(fs::is_directory(status) ? ", but a folder" : ""));
    if (const std::uintmax_t size = fs::file_size(path, error); !error && size > kMostBytes)
      throw refusal(row, "has " + std::to_string(size) + " bytes; expected at most " + std::to_string(kMostBytes));
    try {
      return core::read_file(path);
    } catch (const core::UserError& reason) {
      throw refusal(row, "cannot be read: " + reason.problems().front().message);
    }
  }

  const ImageParams& params_;
  const Table& table_;
  const CategoryView column_;
  const std::vector<std::int32_t> names_;  // [rows] an index into the column's levels
};

}  // namespace

ReadImages read_picture_folder(const ImageParams& params, const Table& table, core::Journal& journal) {
  std::error_code error;
  if (!params.folder.empty() && !fs::is_directory(params.folder, error))
    throw picture_error(params.folder,
                        "there is no such folder, in which the column '" + params.column + "' names the pictures");
  const Folder folder(params, table);
  const PictureSize size = folder.size_of_first();
  ReadImages result;
  result.images = rows_of(size);
  result.images.pixels.resize(static_cast<std::size_t>(table.rows()) * size.bytes());

  const auto start = std::chrono::steady_clock::now();
  const std::size_t threads = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  core::Sha256 digest;
  Fingerprint fingerprint{folder.folder_of(0).string(), "", 0, table.rows()};
  for (std::int64_t begin = 0; begin < table.rows(); begin += kBlock) {
    core::stop_if_interrupted();
    std::vector<Folder::Read> read(static_cast<std::size_t>(std::min(kBlock, table.rows() - begin)));
    core::on_threads(threads, read.size(), [&](std::size_t i) {
      const std::int64_t row = begin + static_cast<std::int64_t>(i);
      read[i] = folder.read(row, size, result.images.pixels.data() + static_cast<std::size_t>(row) * size.bytes());
    });
    for (std::size_t i = 0; i < read.size(); ++i) {
      // With its end, which no name has in it: two names never look like one.
      const std::string entry = read[i].sha256 + " " + folder.name_of(begin + static_cast<std::int64_t>(i)) + '\0';
      digest.add(entry.data(), entry.size());
      fingerprint.bytes += static_cast<std::int64_t>(read[i].bytes);
    }
    const double done = static_cast<double>(begin + static_cast<std::int64_t>(read.size()));
    if (const double seconds = core::seconds_since(start); seconds >= 1)
      journal.progress({"reading pictures", done / static_cast<double>(table.rows()), seconds, ""});
  }
  fingerprint.sha256 = digest.hex();
  result.files.push_back(std::move(fingerprint));
  return result;
}

}  // namespace equipoise::data
