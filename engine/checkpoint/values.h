#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace equipoise::checkpoint {

/// Lists of plain values by name: what of a run's state is no tensor.
struct Values {
  std::map<std::string, std::vector<double>> numbers;  ///< bit for bit, but for which NaN it is
  std::map<std::string, std::vector<std::int64_t>> integers;
  std::map<std::string, std::vector<std::string>> texts;
};

/// What a checkpoint belongs to: each field of the config, each data file, the program, with its value.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// Both as JSON, in which numbers that are not finite are texts.
std::string to_text(const Values& values, const Fields& belongs_to);

struct ValuesFile {
  Values values;
  Fields belongs_to;
};
/// Throws UserError (data) that calls the text `name`, for one that to_text does not write.
ValuesFile values_from(std::string_view text, const std::string& name);

}  // namespace equipoise::checkpoint
