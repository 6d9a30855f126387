#include "engine/audit/cell_artifacts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "engine/audit/beside_real.h"
#include "engine/audit/correlation_drift.h"
#include "engine/audit/two_sample.h"
#include "engine/core/seed.h"

namespace equipoise::audit {
namespace {

// The made rows of a cell that are looked at, and what is around each.
struct Looked {
  const RealSide& real;
  const RealCell& cell;
  const MadeSample& made;
  std::int32_t label;
  std::vector<std::int64_t> rows;  // of the sample
  std::vector<EncodedRow> encoded;
  std::vector<Surroundings> around;
  CellSample beside;  // with the real rows that are looked at
  double confidence;

  std::int64_t parent(std::size_t i) const { return made.parents[static_cast<std::size_t>(rows[i])]; }
  std::int64_t partner(std::size_t i) const { return made.partners[static_cast<std::size_t>(rows[i])]; }
  const std::string& name_of(std::int32_t feature) const {
    return real.rows.encoded->features[static_cast<std::size_t>(feature)].name;
  }
  bool has_unlike_label(std::int64_t row) const {
    return row >= 0 && real.labels_of_rows[static_cast<std::size_t>(row)] >= 0 &&
           real.labels_of_rows[static_cast<std::size_t>(row)] != label;
  }
};

ArtifactFigure without_figure(ArtifactKind kind, const std::string& says) {
  ArtifactFigure figure;
  figure.kind = kind;
  figure.says = says;
  return figure;
}

ArtifactFigure figure_of(ArtifactKind kind, const BesideReal& compared, std::size_t made_rows, std::size_t real_rows,
                         std::string says = "") {
  ArtifactFigure figure;
  figure.kind = kind;
  figure.made = compared.made;
  figure.real = compared.real;
  figure.excess = compared.made - compared.real;
  figure.interval = compared.interval;
  figure.made_rows = static_cast<std::int64_t>(made_rows);
  figure.real_rows = static_cast<std::int64_t>(real_rows);
  figure.says = std::move(says);
  return figure;
}

// A share of the made rows beside one of the real rows that were looked at, or beside one that is known (`real_rows` 0).
template <typename Is>
ArtifactFigure share(const Looked& looked, ArtifactKind kind, double real, std::size_t real_rows, const Is& is,
                     std::string says = "") {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < looked.rows.size(); ++i) count += is(i);
  const auto rows = static_cast<double>(looked.rows.size());
  return figure_of(
      kind,
      compare_shares(static_cast<double>(count) / rows, rows, real, static_cast<double>(real_rows), looked.confidence),
      looked.rows.size(), looked.cell.sample.size(), std::move(says));
}

std::string percent_of(std::int64_t some, std::size_t all) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f %%", 100.0 * static_cast<double>(some) / static_cast<double>(all));
  return text.data();
}

std::string most_frequent(const std::map<std::string, std::int64_t>& counts, std::size_t rows) {
  const auto most = std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
  if (most == counts.end()) return "";
  return "most often " + most->first + " (" + percent_of(most->second, rows) + " of the rows)";
}

CellSample sample_of(const RealCell& cell, const MadeSample& made, const std::vector<std::int64_t>& rows,
                     const data::EncodedRows& encoded, const std::vector<EncodedRow>& made_rows) {
  CellSample sample;
  std::map<std::int64_t, std::int32_t> person_of;
  const auto person = [&](std::int64_t real_row) {
    if (real_row < 0) return sample.persons++;
    const auto [found, is_new] = person_of.emplace(real_row, sample.persons);
    sample.persons += is_new;
    return found->second;
  };
  sample.made = made_rows;
  for (const std::int64_t row : cell.sample) {
    sample.real.push_back(row_of(encoded, row));
    sample.real_persons.push_back(person(row));
  }
  for (const std::int64_t row : rows)
    sample.made_persons.push_back(person(made.parents[static_cast<std::size_t>(row)]));
  return sample;
}

void add_copies(const Looked& looked, std::vector<MadeRowFinding>& found, CellArtifacts& cell) {
  const RealCell& real = looked.cell;
  const KnownValues& known = looked.real.known;
  std::int64_t of_parents = 0;
  for (std::size_t i = 0; i < looked.rows.size(); ++i) {
    found[i].copy_of = known.twin(looked.encoded[i]);
    if (looked.parent(i) >= 0 &&
        known.are_equal(looked.encoded[i], row_of(*looked.real.rows.encoded, looked.parent(i)))) {
      found[i].copy_of = looked.parent(i);
      ++of_parents;
    }
    if (!real.distances.empty() && looked.around[i].closest <= real.near)
      found[i].near_copy_of = looked.around[i].closest_row;
  }
  const std::size_t rows = real.sample.size();
  cell.figures.push_back(share(
      looked, ArtifactKind::copies, real.twins, rows, [&](std::size_t i) { return found[i].copy_of >= 0; },
      of_parents == 0 ? "" : percent_of(of_parents, looked.rows.size()) + " are equal to the row they are made of"));
  if (real.distances.empty()) {
    const std::string why = "the cell has no two training rows";
    cell.figures.push_back(without_figure(ArtifactKind::near_copies, why));
    cell.figures.push_back(without_figure(ArtifactKind::close, why));
    return;
  }
  cell.figures.push_back(share(looked, ArtifactKind::near_copies, real.near_share, rows,
                               [&](std::size_t i) { return found[i].near_copy_of >= 0; }));
  cell.figures.push_back(share(looked, ArtifactKind::close, real.close_share, rows,
                               [&](std::size_t i) { return looked.around[i].closest_other <= real.close; }));
}

void add_two_sample(const Looked& looked, std::int64_t min_rows, std::uint64_t seed, CellArtifacts& cell) {
  const CellSample& sample = looked.beside;
  const auto least = static_cast<std::int64_t>(std::min(sample.made.size(), sample.real.size()));
  if (least < min_rows) {
    cell.figures.push_back(without_figure(ArtifactKind::two_sample, "too few rows to learn from"));
    return;
  }
  const TwoSample found =
      tell_apart(looked.real.space, looked.real.rows.encoded->features, sample, looked.confidence, seed);
  ArtifactFigure figure = without_figure(ArtifactKind::two_sample, "");
  figure.made = figure.excess = found.auc;
  figure.real = 0.5;
  figure.interval = found.interval;
  figure.p_value = found.p_value;
  figure.made_rows = static_cast<std::int64_t>(sample.made.size());
  figure.real_rows = static_cast<std::int64_t>(sample.real.size());
  cell.figures.push_back(std::move(figure));
}

bool has_unlike_neighbors(const Neighborhood& neighborhood) {
  return std::ranges::adjacent_find(neighborhood.labels, std::not_equal_to()) != neighborhood.labels.end();
}

void add_labels(const Looked& looked, std::vector<MadeRowFinding>& found, CellArtifacts& cell) {
  const RealCell& real = looked.cell;
  if (!has_unlike_neighbors(*real.neighborhood)) {
    cell.figures.push_back(without_figure(ArtifactKind::labels, "all training rows of these groups have one label"));
  } else if (real.sample.empty()) {
    cell.figures.push_back(without_figure(ArtifactKind::labels, "the cell has no training row"));
  } else {
    std::vector<double> of_made, of_real;
    for (const Surroundings& one : looked.around) of_made.push_back(std::max(0.0, one.disagreeing));
    for (const Surroundings& one : real.around) of_real.push_back(std::max(0.0, one.disagreeing));
    const BesideReal compared = compare_means(of_made, looked.beside.made_persons, of_real, looked.beside.real_persons,
                                              looked.beside.persons, looked.confidence);
    cell.figures.push_back(figure_of(ArtifactKind::labels, compared, of_made.size(), of_real.size()));
    for (std::size_t i = 0; i < found.size(); ++i)
      found[i].neighbors_disagree = of_made[i] > real.most_disagreeing && of_made[i] >= 0.5;
  }
  for (std::size_t i = 0; i < found.size(); ++i)
    found[i].parent_disagrees = looked.has_unlike_label(looked.parent(i)) || looked.has_unlike_label(looked.partner(i));
  const bool are_known = std::ranges::any_of(
      looked.rows, [&](std::int64_t row) { return looked.made.parents[static_cast<std::size_t>(row)] >= 0; });
  cell.figures.push_back(
      are_known ? share(looked, ArtifactKind::parents, 0, 0, [&](std::size_t i) { return found[i].parent_disagrees; })
                : without_figure(ArtifactKind::parents, "parents are not known"));
}

void add_ranges(const Looked& looked, std::vector<MadeRowFinding>& found, CellArtifacts& cell) {
  const KnownValues& known = looked.real.known;
  const RealCell& real = looked.cell;
  std::map<std::string, std::int64_t> columns, cell_columns, pairs;
  std::vector<bool> outside_cell(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::int32_t column = known.outside(looked.encoded[i]);
    found[i].outside = column >= 0;
    if (column >= 0) ++columns[looked.name_of(column)];
    const std::int32_t in_cell = real.rows.empty() ? -1 : known.outside(looked.encoded[i], real.ranges, false);
    outside_cell[i] = in_cell >= 0;
    if (in_cell >= 0) ++cell_columns[looked.name_of(in_cell)];
    const KnownValues::Pair pair = known.unknown_pair(looked.encoded[i]);
    found[i].combination = pair.first >= 0;
    if (pair.first >= 0) ++pairs[looked.name_of(pair.first) + " and " + looked.name_of(pair.second)];
  }
  const std::size_t rows = found.size();
  cell.figures.push_back(share(
      looked, ArtifactKind::outside, real.outside, real.sample.size(), [&](std::size_t i) { return found[i].outside; },
      most_frequent(columns, rows)));
  cell.figures.push_back(real.sample.empty()
                             ? without_figure(ArtifactKind::cell_range, "the cell has no training row")
                             : share(
                                   looked, ArtifactKind::cell_range, real.outside_range, real.sample.size(),
                                   [&](std::size_t i) { return outside_cell[i]; }, most_frequent(cell_columns, rows)));
  cell.figures.push_back(known.has_pairs()
                             ? share(
                                   looked, ArtifactKind::combinations, real.unknown_pairs, real.sample.size(),
                                   [&](std::size_t i) { return found[i].combination; }, most_frequent(pairs, rows))
                             : without_figure(ArtifactKind::combinations, "too many levels to count their pairs"));
}

void add_drift(const Looked& looked, std::int64_t min_rows, CellArtifacts& cell) {
  const CellSample& sample = looked.beside;
  ArtifactFigure figure = without_figure(ArtifactKind::drift, "too few rows");
  if (static_cast<std::int64_t>(std::min(sample.made.size(), sample.real.size())) >= min_rows) {
    const CorrelationDrift found =
        correlation_drift(looked.real.space, looked.real.rows.encoded->features, sample, looked.confidence);
    figure.says = "no pair of columns that enough rows vary in";
    figure.made_rows = static_cast<std::int64_t>(sample.made.size());
    figure.real_rows = static_cast<std::int64_t>(sample.real.size());
    if (!found.first.empty()) {
      figure.made = found.made;
      figure.real = found.real;
      figure.excess = std::abs(found.made - found.real);
      figure.interval = found.interval;
      figure.p_value = found.p_value;
      figure.noise = found.noise;
      figure.says = found.first + " and " + found.second;
    }
  }
  cell.figures.push_back(std::move(figure));
}

void add_membership(const Looked& looked, CellArtifacts& cell) {
  double traced = 0, closer = 0;
  std::size_t with_parent = 0;
  for (const Surroundings& one : looked.around) {
    if (std::isfinite(one.own)) ++with_parent;
    traced += one.traced();
    closer += one.closest < one.closest_held_out ? 1 : one.closest == one.closest_held_out ? 0.5 : 0;
  }
  const auto training = static_cast<double>(looked.cell.rows.size());
  const auto known = static_cast<double>(with_parent);
  cell.figures.push_back(
      with_parent == 0
          ? without_figure(ArtifactKind::traced, "no parent is a training row of the cell")
          : figure_of(ArtifactKind::traced,
                      compare_shares(std::min(1.0, traced / known), known, 1 / training, 0, looked.confidence),
                      with_parent, looked.cell.rows.size()));
  const std::size_t held_out = looked.cell.held_out.size();
  if (held_out == 0 || looked.cell.rows.empty()) {
    cell.figures.push_back(without_figure(
        ArtifactKind::held_out, held_out == 0 ? "no held-out rows of the cell" : "the cell has no training row"));
    return;
  }
  const auto rows = static_cast<double>(looked.rows.size());
  const double chance = training / (training + static_cast<double>(held_out));
  cell.figures.push_back(figure_of(ArtifactKind::held_out,
                                   compare_shares(closer / rows, rows, chance, 0, looked.confidence),
                                   looked.rows.size(), held_out));
}

DistanceQuantiles quantiles(std::vector<double> distances) {
  std::ranges::sort(distances);
  DistanceQuantiles values;
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = quantile(distances, kDistanceShares[i]);
  return values;
}

std::optional<CellDistances> distances_of(const Looked& looked) {
  if (looked.cell.distances.empty()) return std::nullopt;
  std::vector<double> other, any;
  for (const Surroundings& one : looked.around) {
    other.push_back(one.closest_other);
    any.push_back(one.closest);
  }
  return CellDistances{quantiles(looked.cell.distances), quantiles(other), quantiles(any)};
}

bool says_anything(const MadeRowFinding& one) {
  return one.copy_of >= 0 || one.near_copy_of >= 0 || one.neighbors_disagree || one.parent_disagrees || one.outside ||
         one.combination;
}

}  // namespace

CellArtifacts look_at_made(const RealSide& real, const MadeSample& made, const std::vector<std::int64_t>& rows_of_cell,
                           std::int32_t number, const sampling::ArtifactParams& params, double confidence,
                           std::uint64_t seed, std::vector<MadeRowFinding>& findings) {
  const data::EncodedRows& encoded = *real.rows.encoded;
  const std::size_t features = encoded.features.size();
  const MadeCell& of = real.rows.cells[static_cast<std::size_t>(number)];
  Looked looked{real, real.cells[static_cast<std::size_t>(number)], made, of.label, {}, {}, {}, {}, confidence};
  std::vector<Seeker> seekers;
  for (const std::int64_t place :
       some_places(static_cast<std::int64_t>(rows_of_cell.size()), params.rows, core::seed_for(seed, "made"))) {
    const std::int64_t row = rows_of_cell[static_cast<std::size_t>(place)];
    looked.rows.push_back(row);
    looked.encoded.push_back({made.codes.data() + static_cast<std::size_t>(row) * features,
                              made.values.data() + static_cast<std::size_t>(row) * features});
    seekers.push_back({made.parents[static_cast<std::size_t>(row)], of.label});
  }
  const RealCell& beside = looked.cell;
  looked.around =
      surroundings(real.space, columns_of(real.space, features, looked.encoded), seekers, *beside.neighborhood,
                   beside.places, beside.held_out_columns, static_cast<std::size_t>(params.neighbors));
  looked.beside = sample_of(beside, made, looked.rows, encoded, looked.encoded);
  std::vector<MadeRowFinding> found(looked.rows.size());
  for (std::size_t i = 0; i < found.size(); ++i) found[i].row = looked.rows[i];

  CellArtifacts cell;
  cell.cell = of.name;
  cell.made_rows = static_cast<std::int64_t>(rows_of_cell.size());
  cell.looked_at = static_cast<std::int64_t>(looked.rows.size());
  cell.real_rows = static_cast<std::int64_t>(beside.rows.size());
  cell.held_out_rows = static_cast<std::int64_t>(beside.held_out.size());
  cell.distances = distances_of(looked);
  add_copies(looked, found, cell);
  add_two_sample(looked, params.min_rows, core::seed_for(seed, "classifier"), cell);
  add_labels(looked, found, cell);
  add_ranges(looked, found, cell);
  add_drift(looked, params.min_rows, cell);
  add_membership(looked, cell);
  for (const MadeRowFinding& one : found)
    if (says_anything(one)) findings.push_back(one);
  return cell;
}

}  // namespace equipoise::audit
