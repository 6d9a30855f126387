#include "engine/data/idx_pictures.h"

#include <array>
#include <string>

namespace equipoise::data {
namespace {

constexpr int kBytes = 8;  // the type

const char* type_name(int type) {
  switch (type) {
    case kBytes:
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

std::int64_t read_size(FileBytes& file, const char* what) {
  std::array<std::uint8_t, 4> bytes{};
  read_whole(file, bytes.data(), bytes.size(), what);
  return static_cast<std::int64_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

}  // namespace

bool is_idx(std::string_view head) {
  return head.size() == 4 && head[0] == 0 && head[1] == 0 && type_name(head[2]) != nullptr;
}

PictureHeader read_idx_header(std::string_view head, FileBytes& file) {
  const int type = head[2], dimensions = static_cast<std::uint8_t>(head[3]);
  if (type != kBytes || (dimensions != 3 && dimensions != 4))
    throw picture_error(file.path(), std::string("this IDX file has ") + type_name(type) + " in " +
                                         std::to_string(dimensions) + (dimensions == 1 ? " dimension" : " dimensions") +
                                         (dimensions == 1 ? ", as labels are" : "") +
                                         "; expected bytes in 3 dimensions (pictures, height, width) or 4 (pictures, "
                                         "channels, height, width)");
  PictureHeader header;
  header.count = read_size(file, "the number of pictures");
  header.size.channels = dimensions == 4 ? read_size(file, "the number of channels") : 1;
  header.size.height = read_size(file, "the height");
  header.size.width = read_size(file, "the width");
  return header;
}

}  // namespace equipoise::data
