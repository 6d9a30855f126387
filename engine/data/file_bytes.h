#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace arrow::io {
class InputStream;
}

namespace equipoise::data {

enum class FileForm { csv, gzip_csv, parquet };

/// The bytes of a data file, read once from front to back and hashed on the way, unpacked when they are gzip.
/// The form is told by the first bytes, not by the name.
class FileBytes {
 public:
  /// Throws UserError (data) when the file cannot be read or has no bytes.
  explicit FileBytes(const std::string& path);
  ~FileBytes();

  const std::string& path() const { return path_; }
  FileForm form() const { return form_; }
  /// The first of the stored bytes, eight where there are so many.
  std::string_view head() const;

  /// Up to `size` unpacked bytes; fewer only at the end. Throws UserError (data), also where gzip is cut off or broken.
  std::size_t read(char* bytes, std::size_t size);
  /// All that is left.
  std::string read_all();

  /// Of the stored bytes, once all are read.
  std::string sha256();
  std::int64_t stored_bytes() const;
  /// How much of the file has been read, from 0 to 1; 0 for what has no size, such as a pipe.
  double share_read() const;

 private:
  class HashedFile;
  std::string path_;
  FileForm form_ = FileForm::csv;
  std::shared_ptr<HashedFile> file_;
  std::shared_ptr<arrow::io::InputStream> unpacked_;
};

}  // namespace equipoise::data
