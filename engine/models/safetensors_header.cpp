#include "engine/models/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/core/error.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

// The limit of the reference implementation: a longer header is no header.
constexpr std::uint64_t kLongestHeader = 100'000'000;

core::UserError broken(const std::string& file, const std::string& what) {
  return core::UserError(core::Fault::data, "'" + file + "' is not a whole safetensors file: " + what);
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kSafetensorsLengthBytes; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

// Names that occur twice are refused: a JSON reader would silently keep the last.
json parse_header(std::string_view text, const std::string& file) {
  std::set<std::string> names;
  std::optional<std::string> twice;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::key && depth == 1 && !names.insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  json header = json::parse(text, watch, false);
  if (header.is_discarded()) throw broken(file, "its header is not JSON");
  if (!header.is_object()) throw broken(file, "its header is not a JSON object");
  if (twice) throw broken(file, "tensor '" + *twice + "' is listed twice");
  return header;
}

std::uint64_t whole_number(const json& value, const std::string& file, const std::string& what) {
  if (!value.is_number_unsigned()) throw broken(file, what + " is not a whole number from 0");
  return value.get<std::uint64_t>();
}

// The number of bytes of a shape; sizes that a 64-bit number cannot hold are refused.
std::uint64_t byte_count(const TensorPlace& entry, const std::string& file) {
  std::uint64_t bytes = entry.dtype->bytes;
  for (const std::int64_t size : entry.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) {
      throw broken(file, "tensor '" + entry.name + "' is larger than any memory");
    }
  }
  return bytes;
}

const SafetensorsDtype* dtype_of(const json& fields, const std::string& tensor, const std::string& file) {
  std::string known;
  for (const SafetensorsDtype& dtype : kSafetensorsDtypes) {
    if (fields.contains("dtype") && fields["dtype"] == dtype.name) return &dtype;
    known += (known.empty() ? "" : ", ") + std::string(dtype.name);
  }
  throw broken(file, "tensor '" + tensor + "' has dtype " +
                         (fields.contains("dtype") ? fields["dtype"].dump(-1, ' ', true, json::error_handler_t::replace)
                                                   : "nothing") +
                         ", expected one of " + known);
}

TensorPlace parse_entry(const std::string& name, const json& fields, const std::string& file) {
  const std::string tensor = "tensor '" + name + "'";
  if (!fields.is_object()) throw broken(file, tensor + " is not described by an object");
  TensorPlace entry;
  entry.name = name;
  entry.dtype = dtype_of(fields, name, file);
  if (!fields.contains("shape") || !fields["shape"].is_array()) throw broken(file, tensor + " has no shape");
  for (const json& size : fields["shape"]) {
    const std::uint64_t number = whole_number(size, file, "a size of " + tensor);
    if (number > static_cast<std::uint64_t>(INT64_MAX)) throw broken(file, tensor + " is larger than any memory");
    entry.shape.push_back(static_cast<std::int64_t>(number));
  }
  if (!fields.contains("data_offsets") || !fields["data_offsets"].is_array() || fields["data_offsets"].size() != 2) {
    throw broken(file, tensor + " has no pair of data_offsets");
  }
  entry.begin = whole_number(fields["data_offsets"][0], file, "an offset of " + tensor);
  entry.end = whole_number(fields["data_offsets"][1], file, "an offset of " + tensor);
  return entry;
}

void check_places(std::vector<TensorPlace>& entries, std::uint64_t bytes, const std::string& file) {
  std::stable_sort(entries.begin(), entries.end(), [](const TensorPlace& a, const TensorPlace& b) {
    return a.begin < b.begin || (a.begin == b.begin && a.end < b.end);
  });
  std::uint64_t next = 0;
  for (const TensorPlace& entry : entries) {
    const std::string tensor = "tensor '" + entry.name + "'";
    if (entry.end < entry.begin || entry.end > bytes) {
      throw broken(file, tensor + " lies at bytes " + std::to_string(entry.begin) + " to " + std::to_string(entry.end) +
                             " of " + std::to_string(bytes));
    }
    if (entry.begin < next) throw broken(file, tensor + " overlaps the one before it");
    if (entry.begin > next) throw broken(file, "there is a hole before " + tensor);
    if (entry.end - entry.begin != byte_count(entry, file)) {
      throw broken(file, tensor + " has " + std::to_string(entry.end - entry.begin) +
                             " bytes, its shape and dtype need " + std::to_string(byte_count(entry, file)));
    }
    next = entry.end;
  }
  if (next != bytes) {
    throw broken(file, std::to_string(bytes - next) + " bytes at its end belong to no tensor");
  }
}

std::map<std::string, std::string> parse_metadata(const json& fields, const std::string& file) {
  std::map<std::string, std::string> metadata;
  if (!fields.is_object()) throw broken(file, "its metadata is not an object");
  for (const auto& [key, value] : fields.items()) {
    if (!value.is_string()) throw broken(file, "its metadata '" + key + "' is not a text");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view bytes, const std::string& name) {
  if (bytes.size() < kSafetensorsLengthBytes) throw broken(name, "it has " + std::to_string(bytes.size()) + " bytes");
  const std::uint64_t length = little_endian(bytes);
  if (length > kLongestHeader) throw broken(name, "its header claims " + std::to_string(length) + " bytes");
  if (length > bytes.size() - kSafetensorsLengthBytes) {
    throw broken(name, "it ends inside its header of " + std::to_string(length) + " bytes");
  }
  const json header = parse_header(bytes.substr(kSafetensorsLengthBytes, length), name);
  SafetensorsHeader result;
  result.data_begin = kSafetensorsLengthBytes + length;
  for (const auto& [key, fields] : header.items()) {
    if (key == kSafetensorsMetadata) {
      result.metadata = parse_metadata(fields, name);
    } else {
      result.tensors.push_back(parse_entry(key, fields, name));
    }
  }
  check_places(result.tensors, bytes.size() - result.data_begin, name);
  return result;
}

}  // namespace equipoise::models
