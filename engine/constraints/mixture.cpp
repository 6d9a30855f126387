#include "engine/constraints/mixture.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "engine/constraints/forms.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/linear_program.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"

namespace equipoise::constraints {
namespace {

constexpr double kNobody = 1e-9;  // a probability below this is the solver's rounding

// Which rows the denominator counts hangs on what is decided, or on the score's bin.
bool depends_on_model(const RateEntry& entry) {
  return depends_on_decisions(entry) || entry.by_score;
}

bool has_one_rate_a_row(const std::string& form) {
  const Comparison comparison = form_entry(form).comparison;
  return comparison == Comparison::alone || comparison == Comparison::zero;
}

// The rate of a constraint that stands in a row with others, and is not linear; nullptr where there is none.
const RateEntry* rate_that_is_not_linear(const ConstraintParams& wanted) {
  const KindEntry* kind = find_kind(wanted.kind);
  if (kind == nullptr) return nullptr;
  const auto found = [](const std::string& name) -> const RateEntry* {
    const RateEntry* rate = find_rate(name);
    return rate != nullptr && depends_on_model(*rate) ? rate : nullptr;
  };
  if (kind->demand == Demand::linear) {
    for (const TermParams& term : wanted.terms)
      if (const RateEntry* rate = found(term.rate); rate != nullptr && wanted.terms.size() > 1) return rate;
    return nullptr;
  }
  for (const Demanded& demanded : demands_of(wanted))
    if (const RateEntry* rate = found(demanded.rate);
        rate != nullptr && find_form(demanded.form) != nullptr && !has_one_rate_a_row(demanded.form))
      return rate;
  return nullptr;
}

struct Ratio {
  double numerator = 0, denominator = 0;
};

// The program's variables: a probability for each model, the middle of each band, and the largest loss of any group.
class Program {
 public:
  Program(const ConstraintTable& table, const std::vector<MixedModel>& models, const std::vector<double>& margins)
      : table_(table), models_(models), variables_(models.size(), {0, 1}) {
    variables_.resize(models.size() + table.bands.size() + 1);
    costs_.assign(variables_.size(), 0.0);
    add_ratios();
    for (std::size_t j = 0; j < table.rows.size(); ++j) {
      const Row& row = table.rows[j];
      if (table.promises[row.promise].form == "worst")
        add_group_loss(row);
      else if (std::isfinite(row.bound) && (margins.empty() || !std::isnan(margins[j])))
        add_row(row, row.bound - (margins.empty() ? 0.0 : margins[j]));
    }
    if (costs_.back() == 0) {
      variables_.back() = {0, 0};
      for (std::size_t k = 0; k < models.size(); ++k) costs_[k] = models[k].loss;
    }
    std::vector<std::pair<std::int32_t, double>> all, minus_all;
    for (std::int32_t k = 0; k < static_cast<std::int32_t>(models.size()); ++k) {
      all.emplace_back(k, 1.0);
      minus_all.emplace_back(k, -1.0);
    }
    inequalities_.push_back({all, 1, 0});
    inequalities_.push_back({minus_all, -1, 0});
  }

  // The solver's excess is the smallest to about its rounding: with no more than that it may find none at all.
  std::optional<BestMixture> solve() const {
    const std::optional<double> excess = smallest_excess(variables_, inequalities_);
    if (!excess) return std::nullopt;
    std::optional<Solution> solution;
    for (const double rounding : {0.0, kSolverRounding}) {
      std::vector<Inequality> holding = inequalities_;
      for (Inequality& inequality : holding) inequality.bound += inequality.give * (*excess + rounding);
      if (!solution) solution = cheapest(variables_, holding, costs_);
    }
    if (!solution) return std::nullopt;
    return BestMixture{cleaned(*solution), solution->objective, *excess <= kSolverRounding ? 0 : *excess};
  }

 private:
  void add_ratios() {
    for (const MixedModel& model : models_) {
      std::vector<Ratio>& ratios = ratios_.emplace_back();
      for (const Rate& rate : table_.rates)
        ratios.push_back({value_of(rate.numerator, *model.sums, Reading::exact),
                          value_of(rate.denominator, *model.sums, Reading::exact)});
    }
  }

  double mean_denominator(std::int32_t rate) const {
    double sum = 0;
    for (const std::vector<Ratio>& of_model : ratios_) sum += of_model[rate].denominator;
    return sum / static_cast<double>(models_.size());
  }

  // One row's figure of each model; of a rate over decisions N - bound D over what D is on average.
  std::optional<std::vector<double>> figures_of(const Row& row, double bound) const {
    std::vector<double> figures(models_.size(), 0.0);
    for (const auto& [rate, coefficient] : row.terms) {
      const bool is_bound = depends_on_model(rate_entry(table_.rates[rate].kind));
      if (is_bound && (row.terms.size() > 1 || row.band >= 0))
        throw std::logic_error("a mixture of models cannot hold a row of the rate '" + table_.rates[rate].kind + "'");
      const double size = mean_denominator(rate);
      if (!(size > 0)) return std::nullopt;
      for (std::size_t k = 0; k < models_.size(); ++k) {
        const Ratio& ratio = ratios_[k][rate];
        figures[k] += is_bound ? (coefficient * ratio.numerator - bound * ratio.denominator) / size
                               : coefficient * ratio.numerator / ratio.denominator;
      }
    }
    return figures;
  }

  bool is_of_model(const Row& row) const {
    return depends_on_model(rate_entry(table_.rates[row.terms.front().first].kind));
  }

  // A band keeps rates within half of the tolerance from its middle.
  void add_row(const Row& row, double bound) {
    const std::optional<std::vector<double>> figures = figures_of(row, bound);
    if (!figures) return;
    Inequality inequality{terms_of(*figures), is_of_model(row) ? 0.0 : bound, 1};
    if (table_.promises[row.promise].form == "max_min") inequality.give = 0.5;
    inequality.give /= table_.promises[row.promise].scale;
    if (row.band >= 0)
      inequality.terms.emplace_back(static_cast<std::int32_t>(models_.size()) + row.band, row.band_coefficient);
    inequalities_.push_back(std::move(inequality));
  }

  // The loss of a group is the first of its row's two rates: at most the largest, which costs what it is.
  void add_group_loss(const Row& row) {
    const std::optional<std::vector<double>> losses = figures_of({{{row.terms.front().first, 1.0}}}, 0);
    if (!losses) return;
    const auto largest = static_cast<std::int32_t>(variables_.size()) - 1;
    inequalities_.push_back({terms_of(*losses), 0, 0});
    inequalities_.back().terms.emplace_back(largest, -1.0);
    costs_.back() = 1;
  }

  static std::vector<std::pair<std::int32_t, double>> terms_of(const std::vector<double>& figures) {
    std::vector<std::pair<std::int32_t, double>> terms;
    for (std::size_t k = 0; k < figures.size(); ++k) terms.emplace_back(static_cast<std::int32_t>(k), figures[k]);
    return terms;
  }

  std::vector<double> cleaned(const Solution& solution) const {
    std::vector<double> probabilities(solution.values.begin(),
                                      solution.values.begin() + static_cast<std::ptrdiff_t>(models_.size()));
    double sum = 0;
    for (double& probability : probabilities) {
      if (probability < kNobody) probability = 0;
      sum += probability;
    }
    for (double& probability : probabilities) probability /= sum;
    return probabilities;
  }

  const ConstraintTable& table_;
  const std::vector<MixedModel>& models_;
  std::vector<std::vector<Ratio>> ratios_;  // [models][R]
  std::vector<Variable> variables_;
  std::vector<double> costs_;
  std::vector<Inequality> inequalities_;
};

}  // namespace

void check_mixture(const std::vector<ConstraintParams>& constraints, const config::Origin& origin) {
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const RateEntry* rate = rate_that_is_not_linear(constraints[i]);
    if (rate == nullptr) continue;
    const std::string path = "constraints[" + std::to_string(i) + "]";
    throw core::UserError(
        core::Fault::config,
        path + ": training.keep is 'mixture', which cannot hold '" + constraint_title(constraints[i]) + "': the " +
            rate->long_name +
            " is over rows that hang on the model, so that what compares or adds such rates is not "
            "linear in the mixture's probabilities; bounds on it are (at_most, at_least), and training.keep: "
            "best_feasible holds it",
        origin.of(path));
  }
}

std::optional<BestMixture> best_mixture(const ConstraintTable& table, const std::vector<MixedModel>& models,
                                        const std::vector<double>& margins) {
  if (models.empty()) throw std::logic_error("best_mixture: there are no models to mix");
  return Program(table, models, margins).solve();
}

std::vector<double> mixed(const std::vector<const std::vector<double>*>& values,
                          const std::vector<double>& probabilities) {
  std::vector<double> sum(values.front()->size(), 0.0);
  for (std::size_t k = 0; k < values.size(); ++k)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += probabilities[k] * (*values[k])[i];
  return sum;
}

}  // namespace equipoise::constraints
