#pragma once

#include <string>
#include <vector>

#include "engine/audit/audit.h"
#include "engine/core/seed.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// Rows made by hand: all of split train unless `splits` says else.
class People {
 public:
  explicit People(std::size_t rows) {
    dataset_.encoded.rows = static_cast<std::int64_t>(rows);
    dataset_.splits.assign(rows, data::Split::train);
    dataset_.labels.assign(rows, 0);
  }

  /// A category; codes of -1 are rows of a level that training did not know. With `missing` its last level stands for missing.
  void add_category(const std::string& name, std::vector<std::string> levels, const std::vector<int>& codes,
                    bool missing = false) {
    data::Feature feature{name, data::FeatureKind::pick, dataset_.encoded.width, 0, false, {}};
    for (const std::string& level : levels) feature.components.push_back(name + " = " + level);
    if (missing) feature.components.back() = name + " missing";
    feature.width = static_cast<std::int32_t>(levels.size());
    add(std::move(feature), codes, std::vector<float>(codes.size(), 1));
  }
  /// A number in bins of equal width 10 from 0 on; below 0: missing.
  void add_ramp(const std::string& name, int bins, const std::vector<double>& numbers) {
    data::Feature feature{name, data::FeatureKind::ramp, dataset_.encoded.width, bins + 1, false, {}};
    for (int bin = 0; bin < bins; ++bin)
      feature.components.push_back(name + " in [" + std::to_string(10 * bin) + ", " + std::to_string(10 * bin + 10) +
                                   (bin + 1 == bins ? "]" : ")"));
    feature.components.push_back(name + " missing");
    std::vector<int> codes;
    std::vector<float> values;
    for (const double number : numbers) {
      codes.push_back(number < 0 ? bins : static_cast<int>(number / 10));
      values.push_back(number < 0 ? 1 : static_cast<float>(number / 10 - codes.back()));
    }
    add(std::move(feature), codes, values);
  }
  void add_standardized(const std::string& name, const std::vector<float>& numbers) {
    data::Feature feature{name, data::FeatureKind::pick, dataset_.encoded.width, 2, false, {name, name + " missing"}};
    add(std::move(feature), std::vector<int>(numbers.size(), 0), numbers);
  }
  void add_group(const std::string& name, std::vector<std::string> levels, std::vector<std::int32_t> codes) {
    dataset_.groupings.push_back({name, std::move(levels), std::move(codes)});
  }

  /// With the inputs that were added, in the row-by-row form of the encoder.
  data::Dataset dataset() const {
    data::Dataset made = dataset_;
    for (std::size_t row = 0; row < made.splits.size(); ++row)
      for (std::size_t f = 0; f < codes_.size(); ++f) {
        made.encoded.codes.push_back(static_cast<std::int16_t>(codes_[f][row]));
        made.encoded.values.push_back(values_[f][row]);
      }
    return made;
  }

  data::Dataset dataset_;

 private:
  void add(data::Feature feature, std::vector<int> codes, std::vector<float> values) {
    dataset_.encoded.width += feature.width;
    dataset_.encoded.features.push_back(std::move(feature));
    codes_.push_back(std::move(codes));
    values_.push_back(std::move(values));
  }

  std::vector<std::vector<int>> codes_;
  std::vector<std::vector<float>> values_;
};

/// A number in [0, 1) of a row, the same every time.
inline double chance(std::size_t row, std::uint64_t use) {
  return core::uniform(core::mix(core::mix(77, use), row));
}

}  // namespace equipoise::audit
