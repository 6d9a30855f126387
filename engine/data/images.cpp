#include "engine/data/images.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "engine/core/error.h"
#include "engine/data/file_bytes.h"

namespace equipoise::data {
namespace {

constexpr std::uint8_t kBytes = 8;                           // the type of an IDX file
constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;  // of a picture, in all channels
constexpr std::int32_t kMostChannels = 64;

core::UserError image_error(const std::string& path, const std::string& what) {
  return core::UserError(core::Fault::data, what, core::Position{path, 0, 0});
}

const char* type_name(std::uint8_t type) {
  switch (type) {
    case 8:
      return "bytes";
    case 9:
      return "signed bytes";
    case 11:
      return "16-bit numbers";
    case 12:
      return "32-bit numbers";
    case 13:
      return "floats";
    case 14:
      return "doubles";
    default:
      return nullptr;
  }
}

// One file while it is read.
class IdxFile {
 public:
  explicit IdxFile(const std::string& path) : bytes_(path) {
    std::array<std::uint8_t, 4> magic{};
    read(magic.data(), magic.size(), "its first four bytes");
    const char* type = magic[0] == 0 && magic[1] == 0 ? type_name(magic[2]) : nullptr;
    if (type == nullptr) {
      char got[16];
      std::snprintf(got, sizeof got, "%02x %02x %02x %02x", magic[0], magic[1], magic[2], magic[3]);
      throw image_error(
          path, std::string("this is no IDX file: it begins with ") + got + ", expected 00 00 08 03 or 00 00 08 04");
    }
    const int dimensions = magic[3];
    if (magic[2] != kBytes || (dimensions != 3 && dimensions != 4))
      throw image_error(
          path, std::string("this IDX file has ") + type + " in " + std::to_string(dimensions) +
                    (dimensions == 1 ? " dimension" : " dimensions") + (dimensions == 1 ? ", as labels are" : "") +
                    "; expected bytes in 3 dimensions (pictures, height, width) or 4 (pictures, channels, "
                    "height, width)");
    count_ = size("the number of pictures");
    channels_ = dimensions == 4 ? size("the number of channels") : 1;
    height_ = size("the height");
    width_ = size("the width");
    if (channels_ < 1 || channels_ > kMostChannels || height_ < 1 || width_ < 1 || height_ > kMostPixels / channels_ ||
        width_ > kMostPixels / (channels_ * height_))
      throw image_error(path, "its pictures are " + std::to_string(channels_) + " x " + std::to_string(height_) +
                                  " x " + std::to_string(width_) + ", expected 1 to " + std::to_string(kMostChannels) +
                                  " channels and at most " + std::to_string(kMostPixels) + " pixels in all");
  }

  std::int64_t count() const { return count_; }
  ImageRows shape() const {
    ImageRows shape;
    shape.channels = static_cast<std::int32_t>(channels_);
    shape.height = static_cast<std::int32_t>(height_);
    shape.width = static_cast<std::int32_t>(width_);
    return shape;
  }

  void read_picture(std::uint8_t* pixels, std::size_t size) { read(pixels, size, "its pictures"); }

  Fingerprint finish() {
    char more = 0;
    if (bytes_.read(&more, 1) != 0)
      throw image_error(bytes_.path(), "there are bytes after the " + std::to_string(count_) +
                                           " pictures that its first bytes announce");
    return {bytes_.path(), bytes_.sha256(), bytes_.stored_bytes(), count_};
  }

 private:
  void read(std::uint8_t* to, std::size_t size, const char* what) {
    if (bytes_.read(reinterpret_cast<char*>(to), size) == size) return;
    throw image_error(bytes_.path(), std::string("this file ends inside ") + what +
                                         (count_ > 0 ? ", of which it announces " + std::to_string(count_) : ""));
  }

  std::int64_t size(const char* what) {
    std::array<std::uint8_t, 4> bytes{};
    read(bytes.data(), bytes.size(), what);
    return static_cast<std::int64_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
  }

  FileBytes bytes_;
  std::int64_t count_ = 0, channels_ = 0, height_ = 0, width_ = 0;
};

std::int64_t rows_as_read(const Table& table) {
  return std::accumulate(table.files.begin(), table.files.end(), std::int64_t{0},
                         [](std::int64_t sum, const Fingerprint& file) { return sum + file.rows; });
}

// Where there is a file of pictures for each of the table's, each has as many as its table has rows: files in another order would
// show everybody another picture.
void check_counts(const std::vector<Fingerprint>& files, const Table& table) {
  if (files.size() == table.files.size())
    for (std::size_t i = 0; i < files.size(); ++i)
      if (files[i].rows != table.files[i].rows)
        throw image_error(files[i].path, "it has " + std::to_string(files[i].rows) + " pictures, and " +
                                             table.files[i].path + " has " + std::to_string(table.files[i].rows) +
                                             " rows; expected a picture for each row");
  std::int64_t pictures = 0;
  for (const Fingerprint& file : files) pictures += file.rows;
  if (pictures != rows_as_read(table))
    throw image_error(files.back().path, "with this file there are " + std::to_string(pictures) + " pictures, and " +
                                             std::to_string(rows_as_read(table)) +
                                             " rows in the table; expected a picture for each row");
}

}  // namespace

std::string size_text(const ImageRows& images) {
  return std::to_string(images.channels) + " x " + std::to_string(images.height) + " x " + std::to_string(images.width);
}

ReadImages read_images(const std::vector<std::string>& files, const Table& table) {
  ReadImages result;
  ImageRows& images = result.images;
  const std::int64_t expected = rows_as_read(table);
  std::vector<std::uint8_t> passed_over;
  std::int64_t next = 0, kept = 0;  // pictures read, and rows of the table that have theirs
  for (const std::string& path : files) {
    IdxFile file(path);
    const ImageRows shape = file.shape();
    if (!images.any()) {
      images = shape;
      // What a header announces is not believed before it is read.
      images.pixels.reserve(static_cast<std::size_t>(std::min(table.rows(), expected)) * images.bytes());
      passed_over.resize(images.bytes());
    }
    if (size_text(shape) != size_text(images))
      throw image_error(path, "its pictures are " + size_text(shape) + ", and those of " + files.front() + " are " +
                                  size_text(images));
    for (std::int64_t i = 0; i < file.count(); ++i, ++next) {
      const bool is_kept = kept < table.rows() && table.row_as_read(kept) == next;
      if (is_kept) images.pixels.resize(static_cast<std::size_t>(kept + 1) * images.bytes());
      file.read_picture(
          is_kept ? images.pixels.data() + static_cast<std::size_t>(kept) * images.bytes() : passed_over.data(),
          images.bytes());
      kept += is_kept;
    }
    result.files.push_back(file.finish());
  }
  check_counts(result.files, table);
  return result;
}

void set_image_scale(ImageRows& images, const std::vector<std::int64_t>& rows) {
  const auto channels = static_cast<std::size_t>(images.channels);
  const std::size_t plane = images.bytes() / channels;
  std::vector<std::uint64_t> sum(channels), square(channels);  // whole, and so the same in any order
  for (const std::int64_t row : rows)
    for (std::size_t c = 0; c < channels; ++c) {
      const std::uint8_t* pixels = images.pixels.data() + static_cast<std::size_t>(row) * images.bytes() + c * plane;
      for (std::size_t i = 0; i < plane; ++i) {
        sum[c] += pixels[i];
        square[c] += static_cast<std::uint64_t>(pixels[i]) * pixels[i];
      }
    }
  const double count = static_cast<double>(rows.size()) * static_cast<double>(plane);
  images.mean.clear();
  images.deviation.clear();
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(sum[c]) / count;
    images.mean.push_back(static_cast<float>(mean));
    images.deviation.push_back(
        static_cast<float>(std::sqrt(std::max(0.0, static_cast<double>(square[c]) / count - mean * mean))));
  }
}

void check_images(const DataParams& params, const config::Origin& origin) {
  if (!params.images.are_named()) return;
  const auto refuse = [&](const std::string& field, const std::string& what) {
    throw core::UserError(core::Fault::config, field + ": " + what, origin.of(field));
  };
  core::ProblemList problems;
  const std::vector<std::string>& files = params.images.files;
  for (std::size_t i = 0; i < files.size(); ++i)
    problems.collect([&] {
      if (std::find(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(i), files[i]) !=
          files.begin() + static_cast<std::ptrdiff_t>(i))
        refuse("data.images.files", "the file " + files[i] + " is listed twice");
    });
  problems.collect([&] {
    const FeatureParams& features = params.features;
    if (!features.keep.empty() || !features.drop.empty() || !features.types.empty() || features.groups_as_inputs)
      refuse("data.features", "the model sees the pictures of data.images and no column; leave it out");
  });
  for (std::size_t i = 0; i < params.groups.size(); ++i)
    problems.collect([&] {
      if (params.groups[i].input)
        refuse("data.groups[" + std::to_string(i) + "].input",
               "the model sees the pictures of data.images and no column; leave it out");
    });
  problems.collect([&] {
    if (params.split.assign_by == "content")
      refuse("data.split.assign_by",
             "the content of a row is that of its columns, and what differs here are the pictures; expected row");
  });
  problems.throw_if_any();
}

}  // namespace equipoise::data
