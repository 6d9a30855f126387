#include "engine/sampling/shares.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "engine/core/error.h"
#include "engine/sampling/mixing.h"

namespace equipoise::sampling {
namespace {

constexpr double kLeastOfNatural = 0.05;

[[noreturn]] void refuse(const std::string& path, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, path + ": " + what, origin.of(path));
}

double rows_of(const SampledCells& cells) {
  return std::accumulate(cells.cells.begin(), cells.cells.end(), 0.0, [](double sum, const SampledCells::Cell& cell) {
    return sum + static_cast<double>(cell.rows);
  });
}

// Sums over the cells that have the same number.
std::vector<double> sum_by(const std::vector<std::int32_t>& number, const std::vector<double>& values) {
  std::vector<double> sums(number.empty() ? 0 : static_cast<std::size_t>(*std::ranges::max_element(number)) + 1);
  for (std::size_t c = 0; c < number.size(); ++c) sums[static_cast<std::size_t>(number[c])] += values[c];
  return sums;
}

// Each class's share among its cells, as they come.
Shares spread(const std::vector<double>& of_class, const std::vector<std::int32_t>& class_of, const Shares& natural) {
  const std::vector<double> mass = sum_by(class_of, natural);
  Shares shares(natural.size());
  for (std::size_t c = 0; c < shares.size(); ++c) {
    const auto k = static_cast<std::size_t>(class_of[c]);
    shares[c] = mass[k] > 0 ? of_class[k] * natural[c] / mass[k] : 0;
  }
  return shares;
}

Shares by_power(const SampledCells& cells, const Shares& natural, const RecipeParams& params) {
  const std::vector<bool> aimed = cells.matching(params.where);
  Shares of_aimed = natural;
  double mass = 0;
  for (std::size_t c = 0; c < natural.size(); ++c) {
    if (!aimed[c]) of_aimed[c] = 0;
    mass += of_aimed[c];
  }
  const std::vector<std::int32_t> class_of = cells.merged(params.by);
  std::vector<double> wanted = sum_by(class_of, of_aimed);
  for (double& share : wanted) share = share > 0 ? std::pow(share, params.power) : 0;
  const double sum = std::accumulate(wanted.begin(), wanted.end(), 0.0);
  for (double& share : wanted) share *= mass / sum;
  Shares shares = spread(wanted, class_of, of_aimed);
  for (std::size_t c = 0; c < natural.size(); ++c)
    if (!aimed[c]) shares[c] = natural[c];
  return shares;
}

Shares by_targets(const SampledCells& cells, const Shares& natural, const RecipeParams& params, const std::string& path,
                  const config::Origin& origin) {
  const auto targets = static_cast<std::int32_t>(params.targets.size());
  std::vector<std::int32_t> target_of(natural.size(), targets);  // the last is of all others
  std::vector<double> wanted;
  double left = 1;
  for (std::int32_t t = 0; t < targets; ++t) {
    const TargetParams& target = params.targets[static_cast<std::size_t>(t)];
    const std::vector<bool> match = cells.matching(target.where);
    for (std::size_t c = 0; c < natural.size(); ++c) {
      if (!match[c]) continue;
      if (target_of[c] != targets)
        refuse(path + ".targets[" + std::to_string(t) + "]",
               "rows of " + cells.name(c) + " have a share by an earlier target", origin);
      target_of[c] = t;
    }
    wanted.push_back(target.share);
    left -= target.share;
  }
  const bool has_others = std::ranges::find(target_of, targets) != target_of.end();
  constexpr double kRounding = 1e-6;
  if (!has_others && left > kRounding)
    refuse(path + ".targets", "the shares leave a part of the batch, and every training row is in one of them", origin);
  wanted.push_back(has_others ? std::max(0.0, left) : 0);
  Shares shares = spread(wanted, target_of, natural);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

// Groups and labels of the cells.
class ByGroupAndLabel {
 public:
  ByGroupAndLabel(const SampledCells& cells, const std::vector<std::string>& by)
      : group_(cells.merged(by)), natural_(natural_shares(cells)) {
    for (std::size_t c = 0; c < cells.cells.size(); ++c) {
      label_.push_back(cells.cells[c].answer);
      least_[{label_[c], group_[c]}] += kLeastOfNatural * natural_[c];
    }
  }

  // The mean of a figure over the rows of each group, of one label or of any.
  std::map<std::int32_t, double> means(const OfCells& figure, std::optional<std::int32_t> label) const {
    std::map<std::int32_t, double> sums, weights;
    for (std::size_t c = 0; c < figure.size(); ++c) {
      if (!figure[c] || (label && label_[c] != *label)) continue;
      sums[group_[c]] += natural_[c] * *figure[c];
      weights[group_[c]] += natural_[c];
    }
    for (auto& [group, sum] : sums) sum /= weights[group];
    return sums;
  }

  std::vector<std::int32_t> labels() const {
    std::vector<std::int32_t> labels;
    for (const auto& [key, least] : least_)
      if (labels.empty() || labels.back() != key.first) labels.push_back(key.first);
    return labels;
  }

  // Moves a part of the batch from one group to another among the rows of a label.
  void move(Shares& shares, std::int32_t label, std::int32_t from, std::int32_t to, double part) const {
    const auto least = least_.find({label, from});
    if (from == to || least == least_.end() || !least_.contains({label, to})) return;
    const double own = share_of(shares, label, from);
    part = std::min(part, own - least->second);
    if (part <= 0) return;
    const double theirs = share_of(shares, label, to);
    if (theirs <= 0) return;
    for (std::size_t c = 0; c < shares.size(); ++c) {
      if (label_[c] != label) continue;
      if (group_[c] == from) shares[c] *= (own - part) / own;
      if (group_[c] == to) shares[c] *= (theirs + part) / theirs;
    }
  }

 private:
  double share_of(const Shares& shares, std::int32_t label, std::int32_t group) const {
    double sum = 0;
    for (std::size_t c = 0; c < shares.size(); ++c) sum += label_[c] == label && group_[c] == group ? shares[c] : 0;
    return sum;
  }

  std::vector<std::int32_t> group_, label_;
  Shares natural_;
  std::map<std::pair<std::int32_t, std::int32_t>, double> least_;  // by label and group
};

struct Apart {
  std::int32_t label = 0, low = 0, high = 0;
  double distance = -1;
};

Apart furthest_apart(std::int32_t label, const std::map<std::int32_t, double>& figures, Apart known) {
  if (figures.size() < 2) return known;
  const auto by_figure = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [low, high] = std::minmax_element(figures.begin(), figures.end(), by_figure);
  const double distance = high->second - low->second;
  return distance > known.distance ? Apart{label, low->first, high->first, distance} : known;
}

}  // namespace

Shares natural_shares(const SampledCells& cells) {
  const double all = rows_of(cells);
  Shares shares;
  for (const SampledCells::Cell& cell : cells.cells) shares.push_back(static_cast<double>(cell.rows) / all);
  return shares;
}

namespace {

// Of rows, or of what they weigh.
Shares balanced(const SampledCells& cells, const Shares& natural, const RecipeParams& params, const std::string& path,
                const config::Origin& origin) {
  Shares shares =
      params.targets.empty() ? by_power(cells, natural, params) : by_targets(cells, natural, params, path, origin);
  for (std::size_t c = 0; c < shares.size(); ++c)
    if (cells.cells[c].rows > 0 && shares[c] <= 0)
      refuse(path,
             "no share is left for the rows of " + cells.name(c) + ": nothing would be known of them while training",
             origin);
  return shares;
}

Shares weight_shares(const SampledCells& cells) {
  Shares shares;
  for (const SampledCells::Cell& cell : cells.cells) shares.push_back(cell.weight);
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= all;
  return shares;
}

}  // namespace

Shares balanced_shares(const SampledCells& cells, const RecipeParams& params, const std::string& path,
                       const config::Origin& origin) {
  return balanced(cells, natural_shares(cells), params, path, origin);
}

std::vector<double> weighing_factors(const SampledCells& cells, const RecipeParams& params, const std::string& path,
                                     const config::Origin& origin) {
  const Shares natural = weight_shares(cells);
  std::vector<double> factors = balanced(cells, natural, params, path, origin);
  for (std::size_t c = 0; c < factors.size(); ++c) factors[c] = natural[c] > 0 ? factors[c] / natural[c] : 1;
  return factors;
}

Shares fairbatch_update(const Shares& shares, const SampledCells& cells, const Measured& measured,
                        const RecipeParams& params, double step) {
  const ByGroupAndLabel known(cells, params.by);
  const bool is_parity = params.rate == "demographic_parity";
  constexpr std::int32_t kPositive = 1;
  Apart apart;
  for (const std::int32_t label : known.labels()) {
    if (params.rate == "equal_opportunity" && label != kPositive) continue;
    const auto figures = is_parity ? known.means(measured.given[static_cast<std::size_t>(label)], {})
                                   : known.means(measured.losses, label);
    apart = furthest_apart(label, figures, apart);
  }
  Shares moved = shares;
  if (apart.distance <= 0) return moved;
  if (!is_parity) {
    known.move(moved, apart.label, apart.low, apart.high, step);
    return moved;
  }
  for (const std::int32_t label : known.labels())
    known.move(moved, label, label == apart.label ? apart.high : apart.low,
               label == apart.label ? apart.low : apart.high, step);
  return moved;
}

Shares group_dro_update(const Shares& shares, const SampledCells& cells, const OfCells& losses,
                        const RecipeParams& params, double step) {
  const Shares natural = natural_shares(cells);
  const std::vector<std::int32_t> class_of = cells.merged(params.by);
  std::vector<double> loss_sum(natural.size()), measured(natural.size());
  for (std::size_t c = 0; c < natural.size(); ++c) {
    loss_sum[c] = losses[c] ? natural[c] * *losses[c] : 0;
    measured[c] = losses[c] ? natural[c] : 0;
  }
  const std::vector<double> sums = sum_by(class_of, loss_sum), weights = sum_by(class_of, measured),
                            least = sum_by(class_of, natural);
  std::vector<double> wanted = sum_by(class_of, shares), exponents(wanted.size());
  for (std::size_t k = 0; k < wanted.size(); ++k)
    if (weights[k] > 0) exponents[k] = step * sums[k] / weights[k];
  const double largest = *std::ranges::max_element(exponents);  // taken off all, so that none overflows
  for (std::size_t k = 0; k < wanted.size(); ++k) wanted[k] *= std::exp(exponents[k] - largest);
  const double all = std::accumulate(wanted.begin(), wanted.end(), 0.0);
  double above = 0;  // what shares exceed their least by
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    wanted[k] /= all;
    above += std::max(0.0, wanted[k] - kLeastOfNatural * least[k]);
  }
  for (std::size_t k = 0; k < wanted.size(); ++k)
    wanted[k] = kLeastOfNatural * least[k] +
                (1 - kLeastOfNatural) * std::max(0.0, wanted[k] - kLeastOfNatural * least[k]) / above;
  return spread(wanted, class_of, natural);
}

namespace {

std::int64_t rows_beside(const SampledCells& cells, const std::vector<bool>& partners) {
  std::int64_t rows = 0;
  for (std::size_t c = 0; c < partners.size(); ++c) rows += partners[c] ? cells.cells[c].rows : 0;
  return rows;
}

}  // namespace

std::vector<bool> cells_to_make(const SampledCells& cells, const RecipeParams& params) {
  const std::int64_t least = recipe_entry(params.recipe).from_cell ? 2 : 1;
  std::vector<bool> can_be_made;
  for (const SampledCells::Cell& cell : cells.cells) can_be_made.push_back(cell.rows >= least);
  if (params.recipe != "mixup") return can_be_made;
  const std::vector<std::vector<bool>> partners = partner_cells(cells, params);
  for (std::size_t c = 0; c < partners.size(); ++c)
    can_be_made[c] = can_be_made[c] && rows_beside(cells, partners[c]) > (partners[c][c] ? 1 : 0);
  return can_be_made;
}

std::vector<double> made_shares(const SampledCells& cells, const RecipeParams& params) {
  const std::vector<bool> aimed = cells.matching(params.where), can_be_made = cells_to_make(cells, params);
  std::vector<double> shares;
  for (std::size_t c = 0; c < aimed.size(); ++c) shares.push_back(aimed[c] && can_be_made[c] ? params.share : 0);
  return shares;
}

std::vector<double> reweighing_factors(const SampledCells& cells, const RecipeParams& params) {
  const Shares natural = weight_shares(cells);
  std::vector<std::string> both = params.by;
  both.emplace_back(kLabel);
  const std::vector<std::int32_t> group = cells.merged(params.by), label = cells.merged({kLabel}),
                                  cell = cells.merged(both);
  const std::vector<double> of_group = sum_by(group, natural), of_label = sum_by(label, natural),
                            of_cell = sum_by(cell, natural);
  std::vector<double> factors;
  for (std::size_t c = 0; c < natural.size(); ++c) {
    const double own = of_cell[static_cast<std::size_t>(cell[c])];
    factors.push_back(own > 0 ? of_group[static_cast<std::size_t>(group[c])] *
                                    of_label[static_cast<std::size_t>(label[c])] / own
                              : 1);
  }
  return factors;
}

}  // namespace equipoise::sampling
