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
  return value.get<double>();
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
    for (const auto& [key, list] : all.at("numbers").items()) {
      std::vector<double>& values = file.values.numbers[key];
      for (const json& value : list) values.push_back(number_from(value));
    }
    all.at("integers").get_to(file.values.integers);
    all.at("texts").get_to(file.values.texts);
    for (const json& pair : all.at("belongs_to"))
      file.belongs_to.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
    return file;
  } catch (const json::exception& error) {
    throw core::UserError(core::Fault::data, "'" + name + "' does not hold a checkpoint's values: " + error.what());
  }
}

}  // namespace equipoise::checkpoint
