#include "engine/data/file_bytes.h"

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/compression.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "engine/core/error.h"
#include "engine/core/sha256.h"
#include "engine/data/arrow_memory.h"

namespace equipoise::data {
namespace {

core::UserError file_error(const std::string& path, const std::string& what) {
  return core::UserError(core::Fault::data, what, core::Position{path, 0, 0});
}

}  // namespace

// The stored bytes as Arrow reads them, hashed as they pass. The first ones are read ahead to tell the form.
class FileBytes::HashedFile : public arrow::io::InputStream {
 public:
  explicit HashedFile(const std::string& path) : path_(path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw file_error(path, "this is a folder, not a data file");
    file_ = std::fopen(path.c_str(), "rb");
    if (file_ == nullptr) throw file_error(path, std::string("cannot read this file: ") + std::strerror(errno));
    std::setvbuf(file_, nullptr, _IONBF, 0);
    head_size_ = take(head_, sizeof head_);
  }
  ~HashedFile() override {
    if (file_ != nullptr) std::fclose(file_);
  }

  std::string_view head() const { return {head_, head_size_}; }
  std::int64_t stored_bytes() const { return bytes_; }

  std::size_t read(char* bytes, std::size_t size) {
    std::size_t given = std::min(size, head_size_ - head_given_);
    std::memcpy(bytes, head_ + head_given_, given);
    head_given_ += given;
    if (given < size) given += take(bytes + given, size - given);
    return given;
  }

  std::string sha256() { return digest_.hex(); }

  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<std::int64_t> Tell() const override { return bytes_; }
  arrow::Result<std::int64_t> Read(std::int64_t size, void* out) override {
    return static_cast<std::int64_t>(read(static_cast<char*>(out), static_cast<std::size_t>(size)));
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::ResizableBuffer> buffer,
                          arrow::AllocateResizableBuffer(size, arrow_memory()));
    ARROW_ASSIGN_OR_RAISE(const std::int64_t given, Read(size, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(given));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  // A regular file hands out all it is asked for, a pipe what it has: ask again until the end.
  std::size_t take(char* bytes, std::size_t size) {
    const std::size_t given = std::fread(bytes, 1, size, file_);
    if (given < size && std::ferror(file_)) {
      throw file_error(path_, std::string("cannot read this file: ") + std::strerror(errno));
    }
    digest_.add(bytes, given);
    bytes_ += static_cast<std::int64_t>(given);
    return given;
  }

  std::string path_;
  std::FILE* file_ = nullptr;
  core::Sha256 digest_;
  char head_[8];
  std::size_t head_size_ = 0;
  std::size_t head_given_ = 0;
  std::int64_t bytes_ = 0;
};

FileBytes::FileBytes(const std::string& path) : path_(path), file_(std::make_shared<HashedFile>(path)) {
  if (file_->head().empty()) throw file_error(path, "this file is empty");
  if (file_->head().starts_with("PAR1")) form_ = FileForm::parquet;
  if (!file_->head().starts_with("\x1f\x8b")) return;
  form_ = FileForm::gzip_csv;
  std::unique_ptr<arrow::util::Codec> codec = arrow::util::Codec::Create(arrow::Compression::GZIP).MoveValueUnsafe();
  // The stream keeps its own decompressor; the codec only makes it.
  unpacked_ = arrow::io::CompressedInputStream::Make(codec.get(), file_, arrow_memory()).MoveValueUnsafe();
}

FileBytes::~FileBytes() = default;

std::string_view FileBytes::head() const {
  return file_->head();
}

std::size_t FileBytes::read(char* bytes, std::size_t size) {
  if (!unpacked_) return file_->read(bytes, size);
  std::size_t given = 0;
  while (given < size) {
    const auto some = unpacked_->Read(static_cast<std::int64_t>(size - given), bytes + given);
    if (!some.ok()) {
      const std::string reason = some.status().message();
      const bool cut = reason.find("runcated") != std::string::npos;
      throw file_error(path_, cut ? "this gzip file is cut off: its end is missing; copy or download it again"
                                  : "this gzip file is broken (" + reason + ")");
    }
    if (*some == 0) break;
    given += static_cast<std::size_t>(*some);
  }
  return given;
}

std::string FileBytes::read_all() {
  std::error_code has_no_size;  // a pipe
  const std::uintmax_t expected = std::filesystem::file_size(path_, has_no_size);
  std::string all(has_no_size ? std::size_t{1} << 20 : static_cast<std::size_t>(expected), '\0');
  std::size_t given = read(all.data(), all.size());
  while (given == all.size()) {
    all.resize(2 * all.size());
    const std::size_t more = read(all.data() + given, all.size() - given);
    given += more;
    if (more == 0) break;
  }
  all.resize(given);
  return all;
}

std::string FileBytes::sha256() {
  return file_->sha256();
}

std::int64_t FileBytes::stored_bytes() const {
  return file_->stored_bytes();
}

double FileBytes::share_read() const {
  std::error_code has_no_size;
  const std::uintmax_t size = std::filesystem::file_size(path_, has_no_size);
  return has_no_size || size == 0 ? 0 : static_cast<double>(stored_bytes()) / static_cast<double>(size);
}

}  // namespace equipoise::data
