#include "engine/data/images.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string_view>

#include "engine/core/error.h"
#include "engine/data/file_bytes.h"
#include "engine/data/idx_pictures.h"
#include "engine/data/npy_pictures.h"
#include "engine/data/picture_folder.h"

namespace equipoise::data {
namespace {

// Other files that are given by mistake, by how they begin.
std::string hint_of(std::string_view head) {
  if (head == "\x89PNG" || head.starts_with("\xff\xd8\xff"))
    return "; it is a single picture, as data.images.column names them";
  if (head.starts_with("PK\x03\x04")) return "; it is an archive, as .npz are: save one array with numpy.save";
  return "";
}

PictureHeader read_header(FileBytes& file) {
  std::string head(4, '\0');
  read_whole(file, head.data(), head.size(), "its first four bytes");
  if (is_npy(head)) return read_npy_header(file);
  if (is_idx(head)) return read_idx_header(head, file);
  char got[16];
  std::snprintf(got, sizeof got, "%02x %02x %02x %02x", head[0] & 255, head[1] & 255, head[2] & 255, head[3] & 255);
  throw picture_error(file.path(), std::string("this is neither an IDX nor a .npy file: it begins with ") + got +
                                       ", expected 00 00 08 03, 00 00 08 04 or 93 4e 55 4d" + hint_of(head));
}

// One file of many pictures while it is read.
class PictureFile {
 public:
  explicit PictureFile(const std::string& path) : bytes_(path), header_(read_header(bytes_)) {
    if (const std::string problem = problem_of(header_.size); !problem.empty())
      throw picture_error(path, "its pictures are " + problem);
  }

  std::int64_t count() const { return header_.count; }
  const PictureSize& size() const { return header_.size; }

  void read_picture(std::uint8_t* pixels) {
    read_whole(bytes_, pixels, header_.size.bytes(),
               "its pictures, of which it announces " + std::to_string(header_.count));
  }

  Fingerprint finish() {
    char more = 0;
    if (bytes_.read(&more, 1) != 0)
      throw picture_error(bytes_.path(), "there are bytes after the " + std::to_string(header_.count) +
                                             " pictures that its first bytes announce");
    return {bytes_.path(), bytes_.sha256(), bytes_.stored_bytes(), header_.count};
  }

 private:
  FileBytes bytes_;
  PictureHeader header_;
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
        throw picture_error(files[i].path, "it has " + std::to_string(files[i].rows) + " pictures, and " +
                                               table.files[i].path + " has " + std::to_string(table.files[i].rows) +
                                               " rows; expected a picture for each row");
  std::int64_t pictures = 0;
  for (const Fingerprint& file : files) pictures += file.rows;
  if (pictures != rows_as_read(table))
    throw picture_error(files.back().path, "with this file there are " + std::to_string(pictures) + " pictures, and " +
                                               std::to_string(rows_as_read(table)) +
                                               " rows in the table; expected a picture for each row");
}

}  // namespace

std::string size_text(const ImageRows& images) {
  return size_text(PictureSize{images.channels, images.height, images.width});
}

ImageRows rows_of(const PictureSize& size) {
  ImageRows images;
  images.channels = static_cast<std::int32_t>(size.channels);
  images.height = static_cast<std::int32_t>(size.height);
  images.width = static_cast<std::int32_t>(size.width);
  return images;
}

ReadImages read_images(const ImageParams& params, const Table& table, core::Journal& journal) {
  return params.column.empty() ? read_picture_files(params.files, table) : read_picture_folder(params, table, journal);
}

ReadImages read_picture_files(const std::vector<std::string>& files, const Table& table) {
  ReadImages result;
  ImageRows& images = result.images;
  const std::int64_t expected = rows_as_read(table);
  std::vector<std::uint8_t> passed_over;
  std::int64_t next = 0, kept = 0;  // pictures read, and rows of the table that have theirs
  for (const std::string& path : files) {
    PictureFile file(path);
    if (!images.any()) {
      images = rows_of(file.size());
      // What a header announces is not believed before it is read.
      images.pixels.reserve(static_cast<std::size_t>(std::min(table.rows(), expected)) * images.bytes());
      passed_over.resize(images.bytes());
    }
    if (size_text(file.size()) != size_text(images))
      throw picture_error(path, "its pictures are " + size_text(file.size()) + ", and those of " + files.front() +
                                    " are " + size_text(images));
    for (std::int64_t i = 0; i < file.count(); ++i, ++next) {
      const bool is_kept = kept < table.rows() && table.row_as_read(kept) == next;
      if (is_kept) images.pixels.resize(static_cast<std::size_t>(kept + 1) * images.bytes());
      file.read_picture(is_kept ? images.pixels.data() + static_cast<std::size_t>(kept) * images.bytes()
                                : passed_over.data());
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

}  // namespace equipoise::data
