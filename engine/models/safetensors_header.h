#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace equipoise::models {

inline constexpr std::size_t kSafetensorsLengthBytes = 8;  ///< before the header: how long it is, little-endian
inline constexpr const char* kSafetensorsMetadata = "__metadata__";

/// A number type of the safetensors format.
struct SafetensorsDtype {
  const char* name;   ///< "F32"
  std::size_t bytes;  ///< of one number
};
inline constexpr SafetensorsDtype kSafetensorsDtypes[] = {{"F32", 4}, {"F64", 8}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
                                                          {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U8", 1},   {"BOOL", 1}};

/// One tensor as the header announces it: its bytes are begin .. end of those after the header, and exactly as many as its shape
/// and dtype need.
struct TensorPlace {
  std::string name;
  const SafetensorsDtype* dtype = nullptr;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorPlace> tensors;  ///< in the order of their bytes, which they fill without a hole
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;  ///< where in the file the tensors' bytes start
};

/// Reads the header of the whole file's bytes, free of torch. Throws UserError (data) that calls the file `name`, for one that is not
/// exactly what the format allows: too short, a header that is too long or not JSON, an unknown dtype, a shape that does not fit its bytes,
/// offsets outside the file, overlapping or with holes.
SafetensorsHeader parse_safetensors_header(std::string_view bytes, const std::string& name);

}  // namespace equipoise::models
