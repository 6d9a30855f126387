#include "engine/audit/made_sample.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace equipoise::audit {
namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("artefact audit: " + what);
}

template <typename Number>
bool are_within(const std::vector<Number>& numbers, std::int64_t low, std::int64_t end) {
  return std::ranges::all_of(numbers, [&](Number number) { return number >= low && number < end; });
}

}  // namespace

std::vector<MadeCell> made_cells(const sampling::SampledCells& cells) {
  std::map<std::vector<std::int32_t>, std::int32_t> groups;
  std::vector<MadeCell> made;
  for (std::size_t c = 0; c < cells.cells.size(); ++c) {
    const sampling::SampledCells::Cell& cell = cells.cells[c];
    const auto group = groups.emplace(cell.levels, static_cast<std::int32_t>(groups.size())).first->second;
    made.push_back({cells.name(c), group, std::max(0, cell.answer)});
  }
  return made;
}

RealRows real_rows(const data::EncodedRows& encoded, const sampling::SampledCells& cells,
                   const std::vector<std::int64_t>& training) {
  RealRows real;
  real.encoded = &encoded;
  real.cells = made_cells(cells);
  for (std::size_t i = 0; i < training.size(); ++i) {
    if (!cells.is_drawn[i]) continue;
    real.training.push_back(training[i]);
    real.training_cells.push_back(cells.of_row[i]);
  }
  return real;
}

void check(const RealRows& real, const MadeSample& made) {
  require(real.encoded != nullptr, "no real rows are given");
  const std::int64_t rows = real.encoded->rows;
  const auto cells = static_cast<std::int64_t>(real.cells.size());
  require(real.training.size() == real.training_cells.size() && real.held_out.size() == real.held_out_cells.size(),
          "not every real row has a cell");
  require(are_within(real.training, 0, rows) && are_within(real.held_out, 0, rows), "a real row is none of the data's");
  require(are_within(real.training_cells, 0, cells) && are_within(real.held_out_cells, 0, cells) &&
              are_within(made.cells, 0, cells),
          "a row is of a cell that there is none of");
  const std::size_t count = made.cells.size(), features = real.encoded->features.size();
  require(made.codes.size() == count * features && made.values.size() == count * features,
          "the made rows have not one code and one value for each feature");
  require(made.parents.size() == count && made.partners.size() == count,
          "not every made row has a parent and a partner");
  require(are_within(made.parents, -1, rows) && are_within(made.partners, -1, rows),
          "a parent or a partner is none of the data's rows");
  for (std::size_t i = 0; i < made.codes.size(); ++i)
    require(made.codes[i] < real.encoded->features[i % features].width, "a code is beyond its feature's last");
}

}  // namespace equipoise::audit
