#include "engine/data/npy_pictures.h"

#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <vector>

namespace equipoise::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint32_t kLongestHeader = 1 << 20;
constexpr std::size_t kMostDigits = 18;  // of a size, which then fits 64 bits

// What the header says.
struct Array {
  std::optional<std::string> type;
  std::optional<bool> is_fortran;
  std::optional<std::vector<std::int64_t>> shape;
};

// The dictionary that numpy writes: three keys in any order, with texts, a truth value and a tuple of whole numbers.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& path) : text_(text), path_(path) {}

  Array read() {
    Array array;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        array.type = type();
      } else if (key == "fortran_order") {
        array.is_fortran = truth();
      } else if (key == "shape") {
        array.shape = tuple();
      } else {
        refuse();
      }
      if (take(',')) continue;
      expect('}');
      break;
    }
    skip_spaces();
    if (at_ != text_.size() || !array.type || !array.is_fortran || !array.shape) refuse();
    return array;
  }

 private:
  [[noreturn]] void refuse() const {
    throw picture_error(path_,
                        "the header of this .npy file is damaged: expected a dictionary of descr, fortran_order "
                        "and shape, as numpy.save writes it");
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char letter) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }
  void expect(char letter) {
    if (!take(letter)) refuse();
  }

  std::string quoted() {
    const char quote = take('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) refuse();
    const std::string word(text_.substr(at_, end - at_));
    at_ = end + 1;
    return word;
  }

  std::string type() {
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '[')
      throw picture_error(path_, "this .npy file has records of several fields; expected bytes (|u1)");
    return quoted();
  }

  bool truth() {
    skip_spaces();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    refuse();
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!take(')')) {
      sizes.push_back(size());
      if (take(',')) continue;
      expect(')');
      break;
    }
    return sizes;
  }

  std::int64_t size() {
    skip_spaces();
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
    if (at_ == begin || at_ - begin > kMostDigits) refuse();
    const std::int64_t number = std::stoll(std::string(text_.substr(begin, at_ - begin)));
    take('L');  // Python 2's
    return number;
  }

  const std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0;
};

std::string read_header_text(FileBytes& file) {
  std::array<std::uint8_t, 4> rest{};  // of the magic, then the version
  read_whole(file, rest.data(), rest.size(), "its header");
  if (rest[0] != 'P' || rest[1] != 'Y')
    throw picture_error(file.path(), "this is no .npy file: it does not begin with 93 4e 55 4d 50 59");
  const int version = rest[2], minor = rest[3];
  if (version < 1 || version > 3 || minor != 0)
    throw picture_error(file.path(), "this .npy file has format version " + std::to_string(version) + "." +
                                         std::to_string(minor) + "; expected 1.0, 2.0 or 3.0");
  std::array<std::uint8_t, 4> length{};
  read_whole(file, length.data(), version == 1 ? 2 : 4, "its header");
  const std::uint32_t size = length[0] | static_cast<std::uint32_t>(length[1]) << 8 |
                             static_cast<std::uint32_t>(length[2]) << 16 | static_cast<std::uint32_t>(length[3]) << 24;
  if (size > kLongestHeader)
    throw picture_error(file.path(), "the header of this .npy file would be " + std::to_string(size) +
                                         " bytes long; expected at most " + std::to_string(kLongestHeader));
  std::string text(size, '\0');
  read_whole(file, text.data(), text.size(), "its header");
  return text;
}

// What to save instead of numbers that are no bytes. `kind` and `bytes`: "f" and "4" of "<f4".
std::string advice(char kind, const std::string& bytes) {
  const std::string expected = "; expected bytes (|u1): ";
  switch (kind) {
    case 'f':
      return bytes + "-byte floats" + expected +
             "where they lie between 0 and 1, save numpy.round(255 * pixels).astype(numpy.uint8)";
    case 'i':
    case 'u':
      return bytes + "-byte integers" + expected + "where they lie between 0 and 255, save pixels.astype(numpy.uint8)";
    case 'b':
      return "truth values" + expected + "save 255 * pixels.astype(numpy.uint8)";
    default:
      return "what are no numbers of pixels" + expected + "save an array of numpy.uint8";
  }
}

void check_type(const std::string& type, const std::string& path) {
  // Of single bytes the order says nothing.
  const std::string_view order = "|<>=";
  const std::size_t begin = !type.empty() && order.find(type.front()) != std::string_view::npos ? 1 : 0;
  const std::string kind = type.substr(begin);
  if (kind == "u1") return;
  throw picture_error(path, "this .npy file has the type " + type + ", " +
                                advice(kind.empty() ? ' ' : kind.front(), kind.empty() ? "" : kind.substr(1)));
}

std::string tuple_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

// (pictures, height, width, channels), which other libraries keep: taken for channels first it would be a picture of nothing.
bool has_channels_last(const std::vector<std::int64_t>& shape) {
  const auto is_few = [](std::int64_t size) { return size == 1 || size == 3 || size == 4; };
  return shape.size() == 4 && is_few(shape[3]) && shape[1] > 4 && shape[2] > 4;
}

}  // namespace

bool is_npy(std::string_view head) {
  return head == kMagic.substr(0, 4);
}

PictureHeader read_npy_header(FileBytes& file) {
  const std::string text = read_header_text(file);
  const Array array = HeaderText(text, file.path()).read();
  check_type(*array.type, file.path());
  const std::vector<std::int64_t>& shape = *array.shape;
  if (shape.size() != 3 && shape.size() != 4)
    throw picture_error(file.path(), "this .npy file has the shape " + tuple_text(shape) +
                                         (shape.size() == 1 ? ", as labels have" : "") +
                                         "; expected (pictures, height, width) or (pictures, channels, height, width)");
  if (*array.is_fortran)
    throw picture_error(file.path(),
                        "this .npy file is in Fortran order, the first dimension fastest; expected C "
                        "order: save numpy.ascontiguousarray(pixels)");
  if (has_channels_last(shape))
    throw picture_error(file.path(), "this .npy file has the shape " + tuple_text(shape) +
                                         ", which looks like channels last; expected (pictures, channels, height, "
                                         "width): save pixels.transpose(0, 3, 1, 2).copy()");
  const bool has_channels = shape.size() == 4;
  return {shape[0], {has_channels ? shape[1] : 1, shape[shape.size() - 2], shape.back()}};
}

}  // namespace equipoise::data
