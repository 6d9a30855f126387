#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "engine/audit/artifacts.h"
#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/core/seed.h"
#include "engine/data/prepare.h"
#include "tests/engine/audit/handmade_people.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::audit {

/// Adult, with the groups of sex alone.
inline const data::Dataset& adult() {
  static const data::Dataset dataset = [] {
    data::DataParams params = data::adult();
    params.groups.resize(1);
    core::Journal journal;
    return data::prepare(params, 7, config::Origin(), journal).dataset;
  }();
  return dataset;
}

/// Training and test rows of a data set, in cells of its first grouping and the binary label.
inline RealRows people_of(const data::Dataset& dataset) {
  RealRows real;
  real.encoded = &dataset.encoded;
  const data::Grouping& groups = dataset.groupings.at(0);
  for (std::size_t level = 0; level < groups.levels.size(); ++level)
    for (int label = 0; label < 2; ++label)
      real.cells.push_back({groups.name + "=" + groups.levels[level] + ", label=" + (label ? "positive" : "negative"),
                            static_cast<std::int32_t>(level), label});
  for (std::int64_t row = 0; row < dataset.rows(); ++row) {
    const auto at = static_cast<std::size_t>(row);
    const std::int32_t cell = 2 * groups.codes[at] + dataset.labels[at];
    if (dataset.splits[at] == data::Split::train) {
      real.training.push_back(row);
      real.training_cells.push_back(cell);
    } else if (dataset.splits[at] == data::Split::test) {
      real.held_out.push_back(row);
      real.held_out_cells.push_back(cell);
    }
  }
  return real;
}

/// People whose answer their first two numbers tell, in two groups; as many of each cell. The last `missing` of a hundred have no second
/// number. With test rows, one in five.
inline data::Dataset plain_people(int rows, std::uint64_t seed, int missing = 0) {
  People people(static_cast<std::size_t>(rows));
  std::vector<double> income, age;
  std::vector<float> height;
  std::vector<int> job, town;
  std::vector<std::int32_t> sex;
  std::vector<std::uint8_t> labels;
  std::vector<data::Split> splits;
  for (int i = 0; i < rows; ++i) {
    const auto draw = [&, place = std::uint64_t{0}]() mutable {
      return core::uniform(core::mix(seed, 16 * static_cast<std::uint64_t>(i) + place++));
    };
    auto next = draw;
    const bool positive = i % 2 == 1;
    sex.push_back(i / 2 % 2);
    labels.push_back(positive);
    // A number in bins ends where training does: the first rows are at the ends.
    const bool is_end = i < 4;
    income.push_back(is_end ? 79.999 * positive : (positive ? 50 : 0) + 29 * next());
    age.push_back(is_end ? 79.999 * positive : i % 100 >= 100 - missing ? -1 : (positive ? 45 : 0) + 34 * next());
    height.push_back(static_cast<float>(next() + next() + next() - 1.5));
    job.push_back(static_cast<int>(4 * next()));
    town.push_back(next() < 0.3 ? job.back() % 2 : static_cast<int>(3 * next()));
    splits.push_back(i % 5 == 4 ? data::Split::test : data::Split::train);
  }
  people.add_ramp("income", 8, income);
  people.add_ramp("age", 8, age);
  people.add_standardized("height", height);
  people.add_category("job", {"a", "b", "c", "d"}, job);
  people.add_category("town", {"x", "y", "z"}, town);
  people.add_group("sex", {"f", "m"}, sex);
  data::Dataset dataset = people.dataset();
  dataset.labels = labels;
  dataset.splits = splits;
  return dataset;
}

/// Makes rows as the recipes do, by code of its own.
class Maker {
 public:
  Maker(const RealRows& real, std::uint64_t seed) : real_(real), rows_(*real.encoded), seed_(seed) {
    cells_.resize(real.cells.size());
    for (std::size_t i = 0; i < real.training.size(); ++i)
      cells_[static_cast<std::size_t>(real.training_cells[i])].push_back(real.training[i]);
    const std::size_t features = rows_.features.size();
    std::vector<double> of_numbers;
    for (std::size_t f = 0; f < features; ++f) {
      if (!is_number(f)) continue;
      double sum = 0, square = 0;
      for (const std::int64_t row : real.training) {
        sum += position(row, f) / bins(f);
        square += std::pow(position(row, f) / bins(f), 2);
      }
      const auto count = static_cast<double>(real.training.size());
      of_numbers.push_back(std::sqrt(std::max(0.0, square / count - sum / count * (sum / count))));
    }
    std::sort(of_numbers.begin(), of_numbers.end());
    const std::size_t n = of_numbers.size();
    unlike_ = n == 0 ? 1 : n % 2 ? of_numbers[n / 2] : (of_numbers[n / 2 - 1] + of_numbers[n / 2]) / 2;
  }

  /// `count` rows of each cell that has two.
  MadeSample smote(int count, int neighbors = 5) {
    return each("smote", count, [&](std::int64_t parent, std::size_t cell, MadeSample& made) {
      std::vector<std::pair<double, std::int64_t>> near;
      for (const std::int64_t row : cells_[cell])
        if (row != parent) near.emplace_back(distance(parent, row), row);
      const auto k = std::min<std::size_t>(static_cast<std::size_t>(neighbors), near.size());
      std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(k), near.end());
      const std::int64_t partner = near[static_cast<std::size_t>(draw() * static_cast<double>(k))].second;
      const double part = draw();
      for (std::size_t f = 0; f < rows_.features.size(); ++f) {
        if (is_number(f)) {
          const double way = is_missing(partner, f) ? 0 : position(partner, f) - position(parent, f);
          put(made, f, parent, position(parent, f) + part * way);
          continue;
        }
        std::map<std::int16_t, int> votes;
        for (std::size_t i = 0; i < k; ++i) ++votes[code(near[i].second, f)];
        std::int16_t chosen = code(near[0].second, f);
        for (const auto& [level, count_of] : votes)
          if (count_of > votes[chosen]) chosen = level;
        made.codes.push_back(chosen);
        made.values.push_back(1);
      }
      return partner;
    });
  }
  MadeSample jitter(int count, double amount = 0.02) {
    return each("jitter", count, [&](std::int64_t parent, std::size_t, MadeSample& made) {
      for (std::size_t f = 0; f < rows_.features.size(); ++f) {
        if (is_number(f)) {
          put(made, f, parent, position(parent, f) + amount * bins(f) * (2 * draw() - 1));
        } else {
          copy(made, f, parent);
        }
      }
      return std::int64_t{-1};
    });
  }
  MadeSample corrupt(int count, double share = 0.3) {
    return each("corrupt", count, [&](std::int64_t parent, std::size_t cell, MadeSample& made) {
      for (std::size_t f = 0; f < rows_.features.size(); ++f)
        copy(made, f, draw() < share ? any_of(cells_[cell]) : parent);
      return std::int64_t{-1};
    });
  }
  MadeSample copies(int count) {
    return each("copies", count, [&](std::int64_t parent, std::size_t, MadeSample& made) {
      for (std::size_t f = 0; f < rows_.features.size(); ++f) copy(made, f, parent);
      return std::int64_t{-1};
    });
  }

  double draw() { return core::uniform(core::mix(seed_, drawn_++)); }

 private:
  bool is_number(std::size_t f) const {
    return rows_.features[f].kind == data::FeatureKind::ramp || data::is_standardized(rows_.features[f]);
  }
  double bins(std::size_t f) const {
    return rows_.features[f].kind == data::FeatureKind::ramp ? rows_.features[f].width - 1 : 1;
  }
  std::int16_t code(std::int64_t row, std::size_t f) const {
    return rows_.codes[static_cast<std::size_t>(row) * rows_.features.size() + f];
  }
  float value(std::int64_t row, std::size_t f) const {
    return rows_.values[static_cast<std::size_t>(row) * rows_.features.size() + f];
  }
  bool is_missing(std::int64_t row, std::size_t f) const { return code(row, f) == (bins(f) > 1 ? bins(f) : 1); }
  double position(std::int64_t row, std::size_t f) const {
    return rows_.features[f].kind == data::FeatureKind::ramp ? code(row, f) + static_cast<double>(value(row, f))
                                                             : static_cast<double>(value(row, f));
  }
  double distance(std::int64_t a, std::int64_t b) const {
    double sum = 0;
    for (std::size_t f = 0; f < rows_.features.size(); ++f) {
      const double apart =
          is_number(f) ? (position(a, f) - position(b, f)) / bins(f) : (code(a, f) != code(b, f) ? unlike_ : 0);
      sum += apart * apart;
    }
    return sum;
  }
  void copy(MadeSample& made, std::size_t f, std::int64_t row) const {
    made.codes.push_back(code(row, f));
    made.values.push_back(value(row, f));
  }
  // A number at `where`, in bins or deviations; missing where the parent's is.
  void put(MadeSample& made, std::size_t f, std::int64_t parent, double where) const {
    if (is_missing(parent, f)) return copy(made, f, parent);
    if (rows_.features[f].kind != data::FeatureKind::ramp) {
      made.codes.push_back(0);
      made.values.push_back(static_cast<float>(where));
      return;
    }
    where = std::clamp(where, 0.0, bins(f));
    const double bin = std::min(std::floor(where), bins(f) - 1);
    made.codes.push_back(static_cast<std::int16_t>(bin));
    made.values.push_back(static_cast<float>(where - bin));
  }
  std::int64_t any_of(const std::vector<std::int64_t>& rows) {
    return rows[static_cast<std::size_t>(draw() * static_cast<double>(rows.size()))];
  }
  template <typename Make>
  MadeSample each(const std::string& recipe, int count, const Make& make) {
    MadeSample made;
    made.recipe = recipe;
    for (std::size_t cell = 0; cell < cells_.size(); ++cell)
      for (int i = 0; i < count && cells_[cell].size() > 1; ++i) {
        made.cells.push_back(static_cast<std::int32_t>(cell));
        made.parents.push_back(any_of(cells_[cell]));
        made.partners.push_back(make(made.parents.back(), cell, made));
      }
    return made;
  }

  const RealRows& real_;
  const data::EncodedRows& rows_;
  std::uint64_t seed_, drawn_ = 0;
  std::vector<std::vector<std::int64_t>> cells_;
  double unlike_ = 1;
};

inline const ArtifactFigure& figure(const CellArtifacts& cell, ArtifactKind kind) {
  return *std::find_if(cell.figures.begin(), cell.figures.end(),
                       [&](const ArtifactFigure& one) { return one.kind == kind; });
}

}  // namespace equipoise::audit
