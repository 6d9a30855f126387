#include "engine/evaluation/assumed_rows.h"

#include <algorithm>
#include <array>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <map>

#include "engine/constraints/rates.h"
#include "engine/evaluation/assumed_losses.h"

namespace equipoise::evaluation {
namespace {

using constraints::Rate;
using constraints::RowShare;

constexpr int kTest = static_cast<int>(data::Split::test);
constexpr double kSlack = 1e-12;

// By what decisions are held against: the rows' labels, or stored decisions.
using BySide = std::array<double, 2>;

// N - r D and D of a rate, as constant + of_selected . (weight of selected rows by side).
struct Line {
  double constant = 0;
  BySide of_selected = {0, 0};
  double at(const BySide& selected) const {
    return constant + of_selected[0] * selected[0] + of_selected[1] * selected[1];
  }
};

struct RateLines {
  Line miss, denominator;
  BySide weight = {0, 0};
};

RateLines lines_of(double rate, const std::vector<RowShare>& shares, const std::vector<int>& sides,
                   const std::vector<double>& weight) {
  RateLines lines;
  for (const RowShare& share : shares) {
    const int side = sides[static_cast<std::size_t>(share.cell)];
    const double of_cell = weight[share.cell];
    lines.weight[side] += of_cell;
    const double rejected = share.numerator[0] - rate * share.denominator[0];
    const double selected = share.numerator[1] - rate * share.denominator[1];
    lines.miss.constant += rejected * of_cell;
    lines.miss.of_selected[side] = selected - rejected;
    lines.denominator.constant += share.denominator[0] * of_cell;
    lines.denominator.of_selected[side] = share.denominator[1] - share.denominator[0];
  }
  return lines;
}

// The decisions with N = r D where that line leaves what the two sides' weights allow: two points, or the same twice.
std::vector<BySide> ends_of(const RateLines& lines) {
  std::vector<BySide> ends;
  for (const int fixed : {0, 1}) {
    const int other = 1 - fixed;
    if (lines.miss.of_selected[other] == 0) continue;
    for (const double at : {0.0, lines.weight[fixed]}) {
      BySide selected;
      selected[fixed] = at;
      selected[other] = -(lines.miss.constant + lines.miss.of_selected[fixed] * at) / lines.miss.of_selected[other];
      const double room = kSlack * lines.weight[other];
      if (selected[other] >= -room && selected[other] <= lines.weight[other] + room) ends.push_back(selected);
    }
  }
  return ends;
}

// The shares of each side's rows to select so that the rate is as wanted on as many rows as it can be; where all such
// decisions have as many, those in the middle.
BySide selected_shares(const RateLines& lines) {
  double most = 0;
  const std::vector<BySide> ends = ends_of(lines);
  for (const BySide& end : ends) most = std::max(most, lines.denominator.at(end));
  BySide mean = {0, 0};
  int best = 0;
  for (const BySide& end : ends) {
    if (lines.denominator.at(end) < most * (1 - 1e-9)) continue;
    ++best;
    for (const int side : {0, 1}) mean[side] += end[side];
  }
  for (const int side : {0, 1})
    mean[side] = best > 0 && lines.weight[side] > 0 ? std::clamp(mean[side] / best / lines.weight[side], 0.0, 1.0) : 0;
  return mean;
}

// Scores from `low` to `high` that are spread as a beta distribution.
struct BetaBin {
  double of_ones, of_zeros, low, high;

  // The mean over all scores of s^ones (1 - s)^zeros, which is 0 outside the bin.
  double moment(int ones, int zeros) const {
    const double a = of_ones + ones, b = of_zeros + zeros;
    return boost::math::beta(a, b) / boost::math::beta(of_ones, of_zeros) *
           (boost::math::ibeta(a, b, high) - boost::math::ibeta(a, b, low));
  }
};

// What a cell's rows are answered with: a class, or a label.
std::int32_t answer_of(const data::Cells& cells, std::int32_t cell) {
  return cells.task == data::Task::classes ? cells.cells[cell].levels.back() : cells.cells[cell].label;
}

// How the losses vary of the rows of each of these cells.
std::map<std::int32_t, LossMoments> right_losses(const data::Cells& cells, const std::vector<std::int32_t>& own,
                                                 const std::vector<double>& weight,
                                                 const std::vector<double>& square_weight, double explained) {
  std::map<std::int32_t, double> of_answer;
  double all = 0, square = 0;
  for (const std::int32_t cell : own) {
    of_answer[answer_of(cells, cell)] += weight[cell];
    all += weight[cell];
    square += square_weight[cell];
  }
  std::map<std::int32_t, LossMoments> losses;
  if (!(all > 0)) return losses;
  // Half a row more of each answer: where there is one alone it would be certain, and nothing would be lost.
  const double rows = constraints::effective_rows(all, square), answers = static_cast<double>(of_answer.size());
  for (const std::int32_t cell : own) {
    const double share = of_answer[answer_of(cells, cell)] / all;
    losses[cell] = log_losses_of_right_scores((share * rows + 0.5) / (rows + 0.5 * answers), explained);
  }
  return losses;
}

}  // namespace

AssumedRows::AssumedRows(const constraints::ConstraintTable& table, const constraints::RowCounts& counts)
    : table_(table),
      weight_(counts.weight[kTest]),
      square_(counts.square_weight[kTest]),
      sums_(weight_.size() * constraints::kColumns, 0.0) {
  const std::vector<double> none(weight_.size(), 0.0);
  squares_.loss = squares_.loss_square = none;
  if (weight_ != square_ || !std::ranges::equal(weight_, counts.rows_of_cell[kTest]))
    squares_.all = squares_.selected = none;
  for (std::int32_t cell = 0; cell < table.cells.count(); ++cell) set_rows(cell, weight_[cell], square_[cell]);
}

void AssumedRows::set_rows(std::int32_t cell, double weight, double square) {
  sum(cell, constraints::kWeight) = weight;
  if (!squares_.all.empty()) squares_.all[cell] = square;
}

void AssumedRows::select(std::int32_t cell, double share) {
  sum(cell, constraints::kHard) = share * weight_[cell];
  if (!squares_.all.empty()) squares_.selected[cell] = share * square_[cell];
}

void AssumedRows::set_share(const Rate& rate, double value) {
  const constraints::RateEntry& entry = constraints::rate_entry(rate.kind, table_.cells.task);
  const std::vector<RowShare> shares = constraints::row_shares(rate);
  if (!constraints::depends_on_decisions(entry)) {
    for (const RowShare& share : shares)
      select(share.cell,
             std::clamp((value * share.denominator[0] - share.numerator[0]) / (share.numerator[1] - share.numerator[0]),
                        0.0, 1.0));
    return;
  }
  const std::vector<int> sides = constraints::sides_of_cells(entry, table_.cells);
  const BySide selected = selected_shares(lines_of(value, shares, sides, weight_));
  for (const RowShare& share : shares)
    select(share.cell, selected[static_cast<std::size_t>(sides[static_cast<std::size_t>(share.cell)])]);
}

void AssumedRows::set_right_scores(const Rate& rate) {
  constexpr double kCount = 1 / kExplained - 1;
  const data::Cells& cells = table_.cells;
  const std::vector<std::int32_t> own = constraints::cells_of(rate.denominator);
  double weight = 0, positive = 0, square = 0;
  for (const std::int32_t cell : own) {
    weight += weight_[cell];
    square += square_[cell];
    if (cells.cells[cell].label == 1) positive += weight_[cell];
    set_rows(cell, 0, 0);
  }
  if (!(weight > 0)) return;
  // Half a row more of either label: without any the other would be certain.
  const double rows = constraints::effective_rows(weight, square),
               share = (positive / weight * rows + 0.5) / (rows + 1);
  const auto bin = static_cast<double>(cells.cells[own.front()].levels.back() % (1 + cells.score_bins) - 1);
  const BetaBin scores{kCount * share, kCount * (1 - share), bin / cells.score_bins, (bin + 1) / cells.score_bins};
  // One cell of each label stands for all of them: what is judged are their sums.
  for (const int label : {0, 1}) {
    const auto cell = std::ranges::find_if(own, [&](std::int32_t c) { return cells.cells[c].label == label; });
    const int zeros = 1 - label;
    set_rows(*cell, weight * scores.moment(label, zeros), square * scores.moment(label, zeros));
    sum(*cell, constraints::kHard) = weight * scores.moment(1 + label, zeros);
    squares_.loss[*cell] = square * (zeros - label) * scores.moment(1, 1);
    squares_.loss_square[*cell] = square * scores.moment(1 + zeros, 1 + label);
  }
}

double AssumedRows::mean_log_loss(const Rate& rate, double explained) const {
  double sum = 0, all = 0;
  for (const auto& [cell, losses] :
       right_losses(table_.cells, constraints::cells_of(rate.denominator), weight_, square_, explained)) {
    sum += weight_[cell] * losses.mean;
    all += weight_[cell];
  }
  return all > 0 ? sum / all : std::nan("");
}

void AssumedRows::add_log_losses(const Rate& rate, double explained, double added) {
  for (const auto& [cell, losses] :
       right_losses(table_.cells, constraints::cells_of(rate.denominator), weight_, square_, explained)) {
    const double loss = losses.mean + added;
    sum(cell, constraints::kLoss) = weight_[cell] * loss;
    squares_.loss[cell] = square_[cell] * loss;
    squares_.loss_square[cell] = square_[cell] * (loss * loss + losses.variance);
  }
}

void AssumedRows::set_log_losses(const Rate& rate, double explained) {
  add_log_losses(rate, explained, 0);
}

void AssumedRows::set_equal_log_losses(const Rate& rate, double mean) {
  add_log_losses(rate, kExplained, mean - mean_log_loss(rate, kExplained));
}

void AssumedRows::set_figure(const Rate& rate, double mean, double deviation) {
  const constraints::Column column = rate.kind == "loss" ? constraints::kLoss : constraints::kHard;
  for (const std::int32_t cell : constraints::cells_of(rate.denominator)) {
    sum(cell, column) = weight_[cell] * mean;
    squares_.loss[cell] = square_[cell] * mean;
    squares_.loss_square[cell] = square_[cell] * (mean * mean + deviation * deviation);
  }
}

double AssumedRows::effective_rows(const Rate& rate) const {
  double weight = 0, square = 0;
  for (const std::int32_t cell : constraints::cells_of(rate.denominator)) {
    const double of_cell = sums_[static_cast<std::size_t>(cell) * constraints::kColumns + constraints::kWeight];
    weight += of_cell;
    square += squares_.all.empty() ? of_cell : squares_.all[cell];
  }
  return constraints::effective_rows(weight, square);
}

GapSample AssumedRows::sample(const constraints::Promise& promise, std::int64_t min_rows) const {
  std::vector<bool> enough;
  for (const std::int32_t rate : promise.rates)
    enough.push_back(effective_rows(table_.rates[rate]) >= static_cast<double>(min_rows) - kSlack);
  return make_gap_sample(table_, promise, sums_, squares_, enough);
}

}  // namespace equipoise::evaluation
