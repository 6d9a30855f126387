#include "engine/checkpoint/values.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/core/error.h"

namespace equipoise::checkpoint {
namespace {

using nlohmann::json;

// JSON has no words for these.
json number_json(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double number_from(const json& value) {
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  if (!value.is_number()) throw json::type_error::create(302, "expected a number", &value);
  return value.get<double>();
}

// The library takes any number for a whole one, however large.
std::int64_t integer_from(const json& value) {
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}
                        : value.is_number_integer();
  if (!fits) throw json::type_error::create(302, "expected a whole number", &value);
  return value.get<std::int64_t>();
}

template <typename Value, typename From>
void take(const json& all, const char* kind, std::map<std::string, std::vector<Value>>& lists, const From& from) {
  for (const auto& [name, values] : all.at(kind).items()) {
    if (!values.is_array()) throw json::type_error::create(302, "expected a list", &values);
    std::vector<Value>& list = lists[name];
    for (const json& value : values) list.push_back(from(value));
  }
}

}  // namespace

std::string to_text(const Values& values, const Fields& belongs_to) {
  json numbers = json::object();
  for (const auto& [name, list] : values.numbers) {
    json all = json::array();
    for (const double value : list) all.push_back(number_json(value));
    numbers[name] = std::move(all);
  }
  json fields = json::array();
  for (const auto& [field, value] : belongs_to) fields.push_back({field, value});
  const json all = {{"belongs_to", std::move(fields)},
                    {"numbers", std::move(numbers)},
                    {"integers", values.integers},
                    {"texts", values.texts}};
  return all.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

ValuesFile values_from(std::string_view text, const std::string& name) {
  try {
    const json all = json::parse(text);
    ValuesFile file;
    take(all, "numbers", file.values.numbers, number_from);
    take(all, "integers", file.values.integers, integer_from);
    take(all, "texts", file.values.texts, [](const json& value) { return value.get<std::string>(); });
    for (const json& pair : all.at("belongs_to"))
      file.belongs_to.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
    return file;
  } catch (const json::exception& error) {
    throw core::UserError(core::Fault::data, "'" + name + "' does not hold a checkpoint's values: " + error.what());
  }
}

}  // namespace equipoise::checkpoint
