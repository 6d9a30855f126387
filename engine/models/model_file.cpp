#include "engine/models/model_file.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
// The limit of the reference implementation: a longer header is no header.
constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr const char* kMetadata = "__metadata__";

struct DtypeName {
  const char* name;
  at::ScalarType type;
};
constexpr DtypeName kDtypes[] = {
    {"F32", at::kFloat}, {"F64", at::kDouble}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}, {"I64", at::kLong},
    {"I32", at::kInt},   {"I16", at::kShort},  {"I8", at::kChar},  {"U8", at::kByte},       {"BOOL", at::kBool}};

const char* name_of(at::ScalarType type) {
  for (const DtypeName& dtype : kDtypes) {
    if (dtype.type == type) return dtype.name;
  }
  throw std::logic_error("safetensors has no name for this dtype");
}

core::UserError broken(const std::string& file, const std::string& what) {
  return core::UserError(core::Fault::data, "'" + file + "' is not a whole safetensors file: " + what);
}

// One tensor as the header announces it.
struct Entry {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  // in the bytes after the header
};

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
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
std::uint64_t byte_count(const Entry& entry, const std::string& file) {
  std::uint64_t bytes = c10::elementSize(entry.type);
  for (const std::int64_t size : entry.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) {
      throw broken(file, "tensor '" + entry.name + "' is larger than any memory");
    }
  }
  return bytes;
}

at::ScalarType dtype_of(const json& fields, const std::string& tensor, const std::string& file) {
  std::string known;
  for (const DtypeName& dtype : kDtypes) {
    if (fields.contains("dtype") && fields["dtype"] == dtype.name) return dtype.type;
    known += (known.empty() ? "" : ", ") + std::string(dtype.name);
  }
  throw broken(file, "tensor '" + tensor + "' has dtype " +
                         (fields.contains("dtype") ? fields["dtype"].dump(-1, ' ', true, json::error_handler_t::replace)
                                                   : "nothing") +
                         ", expected one of " + known);
}

Entry parse_entry(const std::string& name, const json& fields, const std::string& file) {
  const std::string tensor = "tensor '" + name + "'";
  if (!fields.is_object()) throw broken(file, tensor + " is not described by an object");
  Entry entry;
  entry.name = name;
  entry.type = dtype_of(fields, name, file);
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

void check_places(std::vector<Entry>& entries, std::uint64_t bytes, const std::string& file) {
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.begin < b.begin || (a.begin == b.begin && a.end < b.end);
  });
  std::uint64_t next = 0;
  for (const Entry& entry : entries) {
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

// Wide numbers first, then by name, as the reference implementation writes them: so each tensor starts at a multiple of
// its number's size.
std::vector<std::pair<std::string, at::Tensor>> in_file_order(const std::map<std::string, at::Tensor>& tensors) {
  std::vector<std::pair<std::string, at::Tensor>> ordered(tensors.begin(), tensors.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second.element_size() > b.second.element_size(); });
  return ordered;
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace

std::string safetensors_bytes(const TensorFile& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!file.metadata.empty()) header[kMetadata] = file.metadata;
  std::string content;
  for (const auto& [name, tensor] : in_file_order(file.tensors)) {
    const at::Tensor host = tensor.to(at::kCPU).contiguous();
    const std::size_t begin = content.size();
    content.append(static_cast<const char*>(host.const_data_ptr()), host.nbytes());
    header[name] = {{"dtype", name_of(host.scalar_type())},
                    {"shape", host.sizes().vec()},
                    {"data_offsets", {begin, content.size()}}};
  }
  std::string text = header.dump();
  // The tensors start at a multiple of 8, as the reference implementation writes them: readers may map the file.
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string bytes;
  for (std::size_t i = 0; i < kLengthBytes; ++i) bytes += static_cast<char>(text.size() >> (8 * i) & 255);
  return bytes + text + content;
}

void write_safetensors(const std::filesystem::path& path, const TensorFile& file) {
  core::write_file_atomically(path, safetensors_bytes(file));
}

TensorFile parse_safetensors(const std::string& bytes, const std::string& name) {
  if (bytes.size() < kLengthBytes) throw broken(name, "it has " + std::to_string(bytes.size()) + " bytes");
  const std::uint64_t length = little_endian(bytes);
  if (length > kLongestHeader) throw broken(name, "its header claims " + std::to_string(length) + " bytes");
  if (length > bytes.size() - kLengthBytes) {
    throw broken(name, "it ends inside its header of " + std::to_string(length) + " bytes");
  }
  const std::string_view text(bytes.data() + kLengthBytes, length);
  const json header = parse_header(text, name);
  const std::uint64_t data_begin = kLengthBytes + length;
  TensorFile file;
  std::vector<Entry> entries;
  for (const auto& [key, fields] : header.items()) {
    if (key == kMetadata) {
      file.metadata = parse_metadata(fields, name);
    } else {
      entries.push_back(parse_entry(key, fields, name));
    }
  }
  check_places(entries, bytes.size() - data_begin, name);
  for (const Entry& entry : entries) {
    at::Tensor tensor = at::empty(entry.shape, at::TensorOptions(entry.type));
    if (tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), bytes.data() + data_begin + entry.begin, tensor.nbytes());
    file.tensors[entry.name] = tensor;
  }
  return file;
}

TensorFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(core::read_file(path), path.string());
}

namespace {

// As it stands in a file: most models have one member, and whoever reads their weights should not meet a leading 1.
at::Tensor in_file_shape(const Learner& learner, const NamedTensor& parameter) {
  return learner.members() == 1 ? parameter.value.select(0, 0) : parameter.value;
}

}  // namespace

TensorFile weights_of(const Learner& learner) {
  TensorFile file;
  file.metadata["format"] = "pt";
  for (const NamedTensor& parameter : learner.parameters()) {
    file.tensors[parameter.name] = in_file_shape(learner, parameter).to(at::kCPU).contiguous();
  }
  return file;
}

void load_weights(Learner& learner, const TensorFile& file, const std::string& name) {
  const auto mismatch = [&](const std::string& what) {
    return core::UserError(core::Fault::data, "'" + name + "' does not belong to this model: " + what);
  };
  std::set<std::string> wanted;
  for (const NamedTensor& parameter : learner.parameters()) {
    wanted.insert(parameter.name);
    const auto found = file.tensors.find(parameter.name);
    if (found == file.tensors.end()) throw mismatch("tensor '" + parameter.name + "' is missing");
    const at::Tensor own = in_file_shape(learner, parameter);
    if (found->second.sizes() != own.sizes() || found->second.scalar_type() != own.scalar_type()) {
      throw mismatch("tensor '" + parameter.name + "' is " + name_of(found->second.scalar_type()) + " " +
                     shape_text(found->second.sizes()) + ", expected " + name_of(own.scalar_type()) + " " +
                     shape_text(own.sizes()));
    }
  }
  for (const auto& [tensor, value] : file.tensors) {
    if (!wanted.contains(tensor)) throw mismatch("it has a tensor '" + tensor + "' that the model does not have");
  }
  for (const NamedTensor& parameter : learner.parameters()) {
    in_file_shape(learner, parameter).copy_(file.tensors.at(parameter.name));
  }
}

}  // namespace equipoise::models
