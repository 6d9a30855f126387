// How long it takes to look at made rows beside real ones, on rows of Adult's shape: six numbers and eight categories, four cells of
// 40, 5, 35 and 20 % of the rows; as many made rows of each cell, by jitter.
//
//   artifacts_benchmark [real rows] [made rows of a cell] [repeats]
//
// The answer is checked first: of made rows one in ten is a copy, and these alone are found to be. Medians.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/audit/artifacts.h"
#include "engine/core/seed.h"

namespace equipoise {
namespace {

constexpr int kBins[] = {64, 16, 60, 20, 12, 40};
constexpr int kLevels[] = {9, 16, 7, 15, 6, 5, 2, 42};
constexpr double kShares[] = {0.4, 0.45, 0.8, 1};  // of the cells, added up

double draw(std::int64_t row, int use) {
  return core::uniform(core::mix(core::mix(20, static_cast<std::uint64_t>(row)), static_cast<std::uint64_t>(use)));
}

data::EncodedRows people(std::int64_t rows) {
  data::EncodedRows encoded;
  encoded.rows = rows;
  for (const int bins : kBins) {
    const std::string name = "number " + std::to_string(encoded.features.size());
    encoded.features.push_back({name, data::FeatureKind::ramp, encoded.width, bins + 1, false,
                                std::vector<std::string>(static_cast<std::size_t>(bins) + 1, name)});
    encoded.width += bins + 1;
  }
  for (const int levels : kLevels) {
    const std::string name = "category " + std::to_string(encoded.features.size());
    encoded.features.push_back({name, data::FeatureKind::pick, encoded.width, levels, false,
                                std::vector<std::string>(static_cast<std::size_t>(levels), name)});
    encoded.width += levels;
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    int use = 0;
    for (const data::Feature& feature : encoded.features) {
      const double place = draw(row, use++);
      const bool is_number = feature.kind == data::FeatureKind::ramp;
      // Frequent levels, and rare ones.
      const double where = is_number ? place * (feature.width - 1) : place * place * feature.width;
      encoded.codes.push_back(static_cast<std::int16_t>(where));
      encoded.values.push_back(is_number ? static_cast<float>(where - encoded.codes.back()) : 1);
    }
  }
  return encoded;
}

audit::RealRows real_rows_of(const data::EncodedRows& encoded) {
  audit::RealRows real;
  real.encoded = &encoded;
  for (int cell = 0; cell < 4; ++cell) real.cells.push_back({"cell " + std::to_string(cell), cell / 2, cell % 2});
  for (std::int64_t row = 0; row < encoded.rows; ++row) {
    real.training.push_back(row);
    real.training_cells.push_back(
        static_cast<std::int32_t>(std::ranges::upper_bound(kShares, draw(row, 100)) - std::begin(kShares)));
  }
  return real;
}

bool is_copy(std::int64_t row) {
  return row % 10 == 0;
}

audit::MadeSample jittered(const audit::RealRows& real, int each) {
  audit::MadeSample made;
  made.recipe = "jitter";
  const data::EncodedRows& encoded = *real.encoded;
  std::vector<int> count(4);
  for (std::size_t i = 0; i < real.training.size(); ++i) {
    const std::int32_t cell = real.training_cells[i];
    if (count[static_cast<std::size_t>(cell)]++ >= each) continue;
    const std::int64_t row = made.rows();
    for (std::size_t f = 0; f < encoded.features.size(); ++f) {
      const std::size_t at = i * encoded.features.size() + f;
      double where = encoded.codes[at] + static_cast<double>(encoded.values[at]);
      const int bins = encoded.features[f].width - 1;
      const bool is_number = encoded.features[f].kind == data::FeatureKind::ramp;
      if (is_number && !is_copy(row))
        where = std::clamp(where + 0.02 * bins * (2 * draw(row, 200 + static_cast<int>(f)) - 1), 0.0, bins - 1e-3);
      made.codes.push_back(is_number ? static_cast<std::int16_t>(where) : encoded.codes[at]);
      made.values.push_back(is_number ? static_cast<float>(where - made.codes.back()) : 1);
    }
    made.cells.push_back(cell);
    made.parents.push_back(real.training[i]);
    made.partners.push_back(-1);
  }
  return made;
}

void check(const audit::ArtifactAudit& found, const audit::MadeSample& made) {
  std::set<std::int64_t> copies;
  for (const audit::MadeRowFinding& one : found.recipes.at(0).findings)
    if (one.copy_of >= 0) copies.insert(one.row);
  for (std::int64_t row = 0; row < made.rows(); ++row)
    if (copies.contains(row) != is_copy(row)) throw std::runtime_error("row " + std::to_string(row) + " is misjudged");
}

void run(std::int64_t rows, int each, int repeats) {
  const data::EncodedRows encoded = people(rows);
  const audit::RealRows real = real_rows_of(encoded);
  const audit::MadeSample made = jittered(real, each);
  sampling::ArtifactParams params;
  params.rows = each;
  check(audit::audit_artifacts(real, {made}, params, 0.95, 1), made);
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    audit::audit_artifacts(real, {made}, params, 0.95, 1);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::ranges::sort(seconds);
  std::printf("%lld real rows of 14 inputs in 4 cells, %lld made rows: median of %d %.2f s (%.2f to %.2f)\n",
              static_cast<long long>(rows), static_cast<long long>(made.rows()), repeats, seconds[seconds.size() / 2],
              seconds.front(), seconds.back());
}

}  // namespace
}  // namespace equipoise

int main(int count, char** arguments) {
  try {
    equipoise::run(count > 1 ? std::atoll(arguments[1]) : 50000, count > 2 ? std::atoi(arguments[2]) : 2000,
                   count > 3 ? std::atoi(arguments[3]) : 3);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
