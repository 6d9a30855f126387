#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/core/error.h"

namespace equipoise::core {

/// JSON has no NaN and no infinity: they are written as null.
inline nlohmann::json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}
inline nlohmann::json number_or_null(const std::optional<double>& value) {
  return value ? number_or_null(*value) : nlohmann::json(nullptr);
}

/// Reads the fields of one JSON object, and says which one is missing or of the wrong type, and where.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object_.is_object()) fail(path_, "an object", object_);
  }

  template <typename T>
  void read(const char* key, T& value) const {
    const auto found = object_.find(key);
    if (found == object_.end()) throw missing(key);
    convert(*found, path_ + "." + key, value);
  }

  /// A field that may be absent: the value then stays as it is.
  template <typename T>
  void read_if_there(const char* key, T& value) const {
    if (object_.contains(key)) read(key, value);
  }

  /// Throws UserError (data) unless the object's `format` is the one that this program reads.
  void require_format(std::int64_t readable) const {
    std::int64_t format = 0;
    read("format", format);
    if (format == readable) return;
    throw UserError(Fault::data,
                    fmt::format("{}.format is {}, this version of equipoise reads {}", path_, format, readable));
  }

  /// The elements of a list, each with the path to name in errors.
  template <typename Visit>
  void each(const char* key, Visit visit) const {
    const auto found = object_.find(key);
    if (found == object_.end()) throw missing(key);
    const std::string path = path_ + "." + key;
    if (!found->is_array()) fail(path, "a list", *found);
    for (std::size_t i = 0; i < found->size(); ++i) visit((*found)[i], fmt::format("{}[{}]", path, i));
  }

  /// A field that may be absent, with the path to name in errors.
  template <typename Visit>
  void if_there(const char* key, Visit visit) const {
    const auto found = object_.find(key);
    if (found != object_.end()) visit(*found, path_ + "." + key);
  }

 private:
  UserError missing(const char* key) const {
    return UserError(Fault::data, fmt::format("{}.{} is missing", path_, key));
  }
  [[noreturn]] static void fail(const std::string& path, const char* expected, const nlohmann::json& got) {
    throw UserError(Fault::data, fmt::format("{} is {}, expected {}", path, got.type_name(), expected));
  }

  static void convert(const nlohmann::json& json, const std::string& path, std::string& value) {
    if (!json.is_string()) fail(path, "a text", json);
    value = json.get<std::string>();
  }
  static void convert(const nlohmann::json& json, const std::string& path, bool& value) {
    if (!json.is_boolean()) fail(path, "true or false", json);
    value = json.get<bool>();
  }
  static void convert(const nlohmann::json& json, const std::string& path, std::int64_t& value) {
    if (!json.is_number_integer()) fail(path, "a whole number", json);
    value = json.get<std::int64_t>();
  }
  static void convert(const nlohmann::json& json, const std::string& path, std::uint64_t& value) {
    if (!json.is_number_unsigned()) fail(path, "a whole number from 0", json);
    value = json.get<std::uint64_t>();
  }
  static void convert(const nlohmann::json& json, const std::string& path, double& value) {
    if (!json.is_null() && !json.is_number()) fail(path, "a number or null", json);
    value = json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
  }
  template <typename T>
  static void convert(const nlohmann::json& json, const std::string& path, std::optional<T>& value) {
    value.reset();
    if (!json.is_null()) convert(json, path, value.emplace());
  }
  template <typename T>
  static void convert(const nlohmann::json& json, const std::string& path, std::vector<T>& value) {
    if (!json.is_array()) fail(path, "a list", json);
    value.assign(json.size(), T{});
    for (std::size_t i = 0; i < value.size(); ++i) convert(json[i], fmt::format("{}[{}]", path, i), value[i]);
  }

  const nlohmann::json& object_;
  std::string path_;
};

}  // namespace equipoise::core
