#include "engine/cli/cell_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/cli/measuring.h"
#include "engine/cli/posterior.h"
#include "engine/constraints/titles.h"
#include "engine/frontier/tolerances.h"

namespace equipoise::cli {
namespace {

using constraints::ConstraintParams;

// Of a logarithmic loss near a decision, beside accuracy.
constexpr double kOfTraining = 2;

// By how much of each constraint's figure a rule aims inside.
std::vector<double> margins_of_constraints(const constraints::ConstraintTable& table,
                                           const std::vector<double>& margins) {
  std::vector<double> largest(table.constraint_titles.size(), 0.0);
  for (std::size_t j = 0; j < margins.size(); ++j) {
    const constraints::Promise& promise = table.promises[table.rows[j].promise];
    double& of_constraint = largest[static_cast<std::size_t>(promise.constraint)];
    of_constraint = std::max(of_constraint, margins[j] * (promise.form == "max_min" ? 2 : 1));
  }
  return largest;
}

std::string answer_name(const data::Dataset& dataset, std::int32_t answer) {
  if (dataset.task == data::Task::classes) return dataset.outcomes[static_cast<std::size_t>(answer)];
  return answer == 1 ? "positive" : "negative";
}

// "0.71, 0.25 and 0.04"
std::string probability_list(const std::vector<double>& probabilities) {
  std::string list;
  for (std::size_t i = 0; i < probabilities.size(); ++i)
    list += fmt::format("{}{:.2g}", i == 0 ? "" : i + 1 == probabilities.size() ? " and " : ", ", probabilities[i]);
  return list;
}

// Of the rows that a rule was solved on, which steer it as training rows steer a training.
void copy_figures(evaluation::Measurement& measurement, const evaluation::SplitResult& held_out, data::Split split) {
  const bool is_selection = split == data::Split::selection;
  if (is_selection) {
    measurement.selection_loss = held_out.metrics.log_loss;
    measurement.selection_accuracy = held_out.metrics.accuracy;
  }
  for (const evaluation::ConstraintResult& constraint : held_out.constraints)
    for (const evaluation::PromiseResult& promise : constraint.promises) {
      measurement.training_gaps.push_back(promise.gap);
      if (!is_selection) continue;
      measurement.selection_gaps.push_back(promise.gap);
      measurement.selection_bounds.push_back(promise.upper_bound);
    }
}

// "on the selection split"
const char* place_of(data::Split held_out) {
  return held_out == data::Split::selection ? "on the selection split"
                                            : "on the training rows, each scored by the member that left it out,";
}

}  // namespace

CellRules::CellRules(const training::RunConfig& config, const constraints::ConstraintTable& table,
                     const data::Dataset& dataset, std::vector<double> posteriors)
    : config_(config),
      table_(table),
      dataset_(dataset),
      posteriors_(std::move(posteriors)),
      cells_(frontier::posterior_cells_of(table.cells)),
      given_(config.decision.uses_group ? frontier::rule_of_groups(table.cells) : models::CellRule()),
      groups_(given_.uses_groups() ? models::groups_of(given_, dataset) : std::vector<std::int32_t>()),
      held_out_(held_out()) {}

// What is known of a row's group is certain: posteriors are those given it.
frontier::HeldOut CellRules::held_out() const {
  if (groups_.empty()) return held_out_rows(dataset_, cells_, posteriors_);
  std::vector<double> given(posteriors_.size());
  const auto count = static_cast<std::size_t>(cells_.count());
  for (std::size_t row = 0; row < groups_.size(); ++row)
    models::given_group(posteriors_.data() + row * count, count, given_.groups.size(), groups_[row],
                        given.data() + row * count);
  return held_out_rows(dataset_, cells_, given);
}

CellRules::Rule CellRules::decided(frontier::Solved solved) const {
  const std::uint64_t lot_seed = models::lot_seed(static_cast<std::uint64_t>(config_.seed));
  Rule rule{frontier::cell_rule(solved, cells_, lot_seed), std::move(solved), {}};
  rule.rule.groupings = given_.groupings;
  rule.rule.groups = given_.groups;
  const std::size_t answers = rule.rule.answers(), count = static_cast<std::size_t>(cells_.count()),
                    rows = static_cast<std::size_t>(dataset_.rows());
  rule.scores.resize(rows * answers);
  for (std::size_t row = 0; row < rows; ++row)
    models::decide(rule.rule, posteriors_.data() + row * count, rule.scores.data() + row * answers,
                   groups_.empty() ? models::kNoGroup : groups_[row], static_cast<std::int64_t>(row));
  return rule;
}

CellRules::Rule CellRules::under(const std::vector<ConstraintParams>& constraints) const {
  const constraints::ConstraintTable table = frontier::with_tolerances(table_, constraints);
  if (config_.decision.confidence > 0)
    return decided(frontier::holding_rule(table, cells_, held_out_, confidence_margins_of(config_, table, dataset_),
                                          config_.decision.randomised));
  const auto solve = config_.decision.randomised ? frontier::best_mixture : frontier::best_rule;
  return decided(solve(table, cells_, held_out_, margins_of(config_, table, dataset_)));
}

CellRules::Rule CellRules::unconstrained() const {
  frontier::Solved solved;
  solved.weights = frontier::most_probable(cells_);
  solved.multipliers.assign(table_.rows.size(), 0.0);
  solved.decided = frontier::decide_rows(solved.weights, cells_, held_out_);
  solved.accuracy = solved.bound = frontier::accuracy_of(solved.decided, cells_);
  return decided(std::move(solved));
}

std::optional<evaluation::SplitResult> CellRules::measure(const Rule& rule, data::Split split,
                                                          const std::vector<ConstraintParams>& constraints) const {
  const std::vector<std::int64_t> rows = dataset_.rows_of(split);
  if (rows.empty()) return std::nullopt;
  training::RunConfig config = config_;
  config.constraints = constraints;
  return MeasuredRows(dataset_, table_.cells.of_row, rule.scores)
      .measure(data::kSplitNames[static_cast<int>(split)], rows, frontier::with_tolerances(table_, constraints),
               config);
}

report::FrontierRule CellRules::measured(const Rule& rule, const std::vector<ConstraintParams>& constraints) const {
  const frontier::Solved& solved = rule.solved;
  report::FrontierRule figures;
  figures.multipliers = solved.multipliers;
  figures.attainable = solved.bound;
  figures.expected_accuracy = solved.accuracy;
  figures.excess = solved.excess;
  figures.margins = margins_of_constraints(table_, solved.margins);
  figures.probabilities = rule.rule.lot.probabilities;
  if (solved.leaning) figures.leaning = {answer_name(dataset_, solved.leaning->answer), solved.leaning->by};
  figures.held_out = measure(rule, held_out_split(dataset_), constraints);
  figures.test = measure(rule, data::Split::test, constraints);
  for (auto* split : {&figures.held_out, &figures.test})
    if (*split) *split = report::figures_alone(std::move(**split));
  return figures;
}

std::string CellRules::sentence_of(const Rule& rule) const {
  const frontier::Solved& solved = rule.solved;
  const std::vector<double>& probabilities = rule.rule.lot.probabilities;
  const bool is_drawn = rule.rule.is_randomised();
  const std::vector<double> margins = margins_of_constraints(table_, solved.margins);
  const bool has_margin = std::ranges::any_of(margins, [](double margin) { return margin > 0; });
  std::string inside = has_margin ? "inside the tolerances by multipliers.margin" : "inside the tolerances";
  const bool is_sure = config_.decision.confidence > 0;
  if (is_sure)
    inside = fmt::format("inside the tolerances, with probability {:g} on as many new people as {}",
                         config_.decision.confidence,
                         dataset_.rows_of(data::Split::test).empty() ? "these are" : "the test split has");
  const char* rules = is_drawn ? "mixtures of its rules" : "its rules";
  const std::string of_rule =
      solved.excess > report::kSlightExcess
          ? fmt::format(
                "none of {} is expected to have all figures {} {}, and this one comes nearest: the worst is {:.4f} "
                "above",
                rules, place_of(held_out_split(dataset_)), inside, solved.excess)
          : fmt::format("of {} whose figures {} are expected to be {}{} the most accurate", rules,
                        place_of(held_out_split(dataset_)), inside, is_sure ? "," : "");
  return fmt::format(
      "A posterior of {} cells{} decides{}: {}.{}{}", cells_.count(),
      groups_.empty() ? "" : ", given each row's group,",
      is_drawn
          ? fmt::format(" by {} rules, with probabilities {}", probabilities.size(), probability_list(probabilities))
          : "",
      of_rule,
      solved.leaning
          ? fmt::format(" To be that sure it leans to the {} answer: another is decided where it is ahead by more than "
                        "{:.3f}.",
                        answer_name(dataset_, solved.leaning->answer), solved.leaning->by)
          : "",
      is_drawn ? " Each row is decided by one of them, drawn by its place in the files: equal people may be decided "
                 "differently."
               : "");
}

void CellRules::finish(training::TrainingResult& posterior, const Rule& rule,
                       const std::vector<ConstraintParams>& constraints) const {
  const frontier::Solved& solved = rule.solved;
  evaluation::Measurement end;
  if (!posterior.measurements.empty()) end = posterior.measurements.back();
  const auto kept = std::ranges::find(posterior.measurements, posterior.kept_step, &evaluation::Measurement::step);
  if (kept != posterior.measurements.end()) end = *kept;
  end.training_gaps.clear();
  end.selection_gaps.clear();
  end.selection_bounds.clear();
  end.selection_lower_bounds.clear();
  end.multipliers = solved.multipliers;
  for (double& multiplier : end.multipliers) multiplier *= kOfTraining;
  if (const auto train = measure(rule, data::Split::train, constraints)) {
    end.training_loss = train->metrics.log_loss;
    end.training_accuracy = train->metrics.accuracy;
  }
  const data::Split split = held_out_split(dataset_);
  copy_figures(end, *measure(rule, split, constraints), split);
  posterior.kept = sentence_of(rule) + " " + posterior.kept;
  const char* rows = split == data::Split::selection
                         ? "rows of the selection split, from which the model did not learn."
                         : "training rows, each scored by the member that did not learn from it.";
  posterior.measured_on = fmt::format("The multipliers solve a linear program over the {} {}", held_out_.rows(), rows);
  posterior.measurements = {end};
  posterior.swings = {};
  posterior.rule = rule.rule;
}

namespace {

// A constraint of a rule that its rows show to be outside by more than chance.
struct FigureOff {
  std::string title;
  report::ConstraintFigure figure;
  double aim = 0;

  // Of floors and ratios.
  bool is_turned() const { return figure.unit == "floor" || figure.unit == "percent"; }

  // "at most 0.217"
  std::string aim_words() const {
    return fmt::format("at {} {:.3f}", is_turned() ? "least" : "most", is_turned() ? 1 - aim : aim);
  }

  // "has 0.153 there (0.135 to 0.172)"; of floors and ratios what is one less the figure, as the config has it.
  std::string words() const {
    const auto shown = [&](double value) { return is_turned() ? 1 - value : value; };
    return fmt::format("has {:.3f} there ({:.3f} to {:.3f})", shown(figure.value.value_or(0)),
                       shown(is_turned() ? figure.interval->high : figure.interval->low),
                       shown(is_turned() ? figure.interval->low : figure.interval->high));
  }
};

}  // namespace

void warn_where_off(const std::vector<report::FrontierRule>& rules, double confidence, core::Journal& journal) {
  int off = 0;
  std::optional<FigureOff> worst;
  for (const report::FrontierRule& rule : rules) {
    if (report::is_unsure(confidence, rule)) continue;  // it is expected outside, and said to be
    bool is_off = false;
    for (std::size_t c = 0; c < rule.held_out->constraints.size(); ++c) {
      const evaluation::ConstraintResult& one = rule.held_out->constraints[c];
      // What makes a rule sure is that it is expected further inside, but for what rounds; of a ratio that is in units of its rates.
      const bool has_aim = confidence > 0 && c < rule.margins.size() && !one.form.empty() && one.form != "ratio";
      const double aim =
          has_aim ? std::max(0.0, one.tolerance - rule.margins[c]) + 2 * report::kSlightExcess : one.tolerance;
      const report::ConstraintFigure figure = report::figure_of(one);
      const double inside = one.unit.empty() ? figure.tolerance : aim;
      if (!figure.interval || figure.interval->low <= inside) continue;
      is_off = true;
      if (worst && figure.interval->low - inside <= worst->figure.interval->low - worst->aim) continue;
      worst = {one.title, figure, inside};
    }
    off += is_off;
  }
  if (!worst) return;
  const char* rows = rules.front().held_out->split == data::kSplitNames[static_cast<int>(data::Split::train)]
                         ? "training"
                         : "selection";
  if (confidence > 0) {
    journal.warn(fmt::format(
        "On the {} rows {} further out than the posterior expects, by more than chance: that of {} {}, and {} is "
        "expected. The probability {:g} of decision.confidence does not hold then: the posterior knows less of cells "
        "than it believes; more rows, a smaller model or fewer rounds help.",
        rows,
        rules.size() == 1 ? "the rule is"
                          : fmt::format("{} of {} rules {}", off, rules.size(), off == 1 ? "is" : "are"),
        worst->title, worst->words(), worst->aim_words(), confidence));
    return;
  }
  const std::string which = rules.size() == 1
                                ? "the rule is outside its tolerances"
                                : fmt::format("{} of {} rules {} outside {} tolerances", off, rules.size(),
                                              off == 1 ? "is" : "are", off == 1 ? "its" : "their");
  journal.warn(fmt::format(
      "On the {} rows {} by more than chance: that of {} {}. The posterior "
      "knows less of cells than it believes; more rows, a smaller model or fewer rounds help, and equipoise train "
      "holds constraints by the rates that it measures.",
      rows, which, worst->title, worst->words()));
}

}  // namespace equipoise::cli
