#include "engine/data/fit_features.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <numeric>
#include <string_view>

#include "engine/core/nearest_name.h"
#include "engine/core/threads.h"
#include "engine/data/column_summary.h"
#include "engine/data/edges.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string counted(std::int64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string missing_text(std::int64_t missing) {
  return missing == 0 ? "no missing" : counted(missing, "missing value", "missing values");
}

// One column's outcome: a rule, or why there is none.
struct Outcome {
  bool used = false;
  FeatureRule rule;
  std::string sentence;
  std::string warning;
};

class ColumnFitter {
 public:
  ColumnFitter(const FeatureParams& params, const ColumnRoles& roles, const Table& table, const TrainingRows& training)
      : params_(params), roles_(roles), table_(table), training_(training) {}

  Outcome fit(const Column& column) const {
    Outcome outcome;
    const std::string reason = not_an_input(column.name);
    if (!reason.empty()) {
      outcome.sentence = column.name + ": " + reason;
      return outcome;
    }
    outcome.rule.column = column.name;
    if (column.kind == ColumnKind::empty) {
      outcome.sentence = column.name + ": nothing but missing values, left out";
    } else if (is_number(column)) {
      fit_number(column, outcome);
    } else {
      fit_category(column, outcome);
    }
    return outcome;
  }

 private:
  std::string not_an_input(const std::string& name) const {
    if (const ColumnRole* role = role_of(roles_, name)) return std::string(role->noun) + ", not an input";
    if (contains(params_.drop, name)) return "dropped by data.features.drop";
    if (contains(roles_.groups, name) && !params_.groups_as_inputs) return "a group, not an input";
    if (!params_.keep.empty() && !contains(params_.keep, name)) return "not in data.features.keep";
    return "";
  }

  std::string declared(const std::string& name) const {
    const auto found = params_.types.find(name);
    return found == params_.types.end() ? "" : found->second;
  }

  bool is_number(const Column& column) const {
    const std::string type = declared(column.name);
    if (type == "category") return false;
    if (type == "number") return refuse_text(column);
    if (column.kind == ColumnKind::number || is_in_days(column.kind)) return true;
    return column.kind == ColumnKind::text && contains(roles_.read_as_text, column.name) &&
           NumberView(column).first_unreadable_level() < 0;
  }

  bool refuse_text(const Column& column) const {
    const std::optional<UnreadableNumbers> bad = unreadable_numbers(table_, column);
    if (!bad) return true;
    throw core::UserError(core::Fault::data,
                          "'" + bad->text + "' in column '" + column.name +
                              "' is not a number, but data.features.types says number; if it means a missing value, "
                              "list it under data.csv.missing" +
                              bad->others(),
                          table_.where(bad->row));
  }

  static NumberKind kind_of_numbers(const Column& column, const NumberSummary& summary) {
    if (column.kind == ColumnKind::time) return NumberKind::times_of_day;
    if (column.kind != ColumnKind::date) return NumberKind::plain;
    const bool has_times = std::ranges::any_of(summary.sorted, [](double day) { return day != std::floor(day); });
    return has_times ? NumberKind::dates_with_times : NumberKind::dates;
  }

  void fit_number(const Column& column, Outcome& outcome) const {
    FeatureRule& rule = outcome.rule;
    const bool standardize = params_.numbers == "standardize";
    const NumberSummary summary = summarize(table_, column, training_, standardize);
    rule.numbers = kind_of_numbers(column, summary);
    const std::string kind = rule.numbers == NumberKind::times_of_day ? ": time of day, in days, "
                             : is_in_days(rule)                       ? ": date, in days, "
                                                                      : ": number, ";
    if (summary.distinct <= 1 && (summary.distinct == 0 || summary.missing == 0)) {
      outcome.sentence = column.name + kind + "the same in every training row, left out";
      return;
    }
    outcome.used = true;
    if (column.kind == ColumnKind::date && declared(column.name).empty())
      outcome.warning = "column '" + column.name +
                        "' is a date, and an input: whoever comes later lies beyond all dates of training; "
                        "data.features.drop leaves it out";
    const bool sampled = training_.sample.size() < static_cast<std::size_t>(training_.count);
    outcome.sentence = column.name + kind + (sampled ? "at least " : "") +
                       counted(summary.distinct, "distinct value", "distinct values") + ", " +
                       missing_text(summary.missing) + ", ";
    if (summary.distinct == 1) {  // only whether it is missing tells rows apart
      rule.form = FeatureForm::levels;
      rule.missing_level = true;
      outcome.sentence += "1 component: whether it is missing";
    } else if (standardize) {
      refuse_spread(column, summary, std::isfinite(summary.deviation) && summary.deviation > 0);
      rule.form = FeatureForm::standardized;
      rule.mean = summary.mean;
      rule.deviation = summary.deviation;
      outcome.sentence +=
          "standardised by mean " + number_text(rule.mean) + ", deviation " + number_text(rule.deviation);
    } else {
      refuse_spread(column, summary, std::isfinite(summary.sorted.back() - summary.sorted.front()));
      rule.form = FeatureForm::ramps;
      rule.edges = ramp_edges(summary.sorted, params_.bins);
      outcome.sentence += counted(static_cast<std::int64_t>(rule.edges.size()) - 1, "ramp", "ramps");
    }
  }

  // Numbers whose distances leave the finite numbers, or are lost in them: nothing is learnt from such a column.
  void refuse_spread(const Column& column, const NumberSummary& summary, bool is_fine) const {
    if (is_fine) return;
    const double least = summary.sorted.front(), largest = summary.sorted.back();
    const double farthest = std::abs(least) > std::abs(largest) ? least : largest;
    const std::int64_t row = last_row_with(farthest, table_, column, training_);
    throw core::UserError(core::Fault::data,
                          "the training rows of column '" + column.name + "' go from " + number_text(least) + " to " +
                              number_text(largest) +
                              ": their distances cannot be computed with; if such a number means a missing value, "
                              "list it under data.csv.missing, or list the column under data.features.drop",
                          table_.where(row));
  }

  void fit_category(const Column& column, Outcome& outcome) const {
    FeatureRule& rule = outcome.rule;
    const CategorySummary summary = summarize_categories(table_, column, training_);
    const std::string kind = column.kind == ColumnKind::boolean ? ": true or false, " : ": category, ";
    const std::int64_t known = training_.count - summary.missing;
    constexpr std::int64_t kFewLevels = 20;
    if (declared(column.name).empty() && summary.distinct > kFewLevels && 10 * summary.distinct > 9 * known) {
      outcome.sentence = column.name + ": text, nearly every row has its own, left out";
      const std::string stray = stray_texts(column, summary);
      outcome.warning =
          !stray.empty()
              ? "column '" + column.name + "' holds " + stray +
                    " among its numbers: it is read as text, of which nearly every row has "
                    "its own, and the model does not see it; if that means a missing value, "
                    "list it under data.csv.missing"
              : "column '" + column.name + "' holds " + std::to_string(summary.distinct) + " different texts in " +
                    std::to_string(known) +
                    " rows, like a name or number of a person: the model does not see it (data.features.types." +
                    column.name + ": category would keep it)";
      return;
    }
    if (summary.distinct <= 1 && (summary.distinct == 0 || summary.missing == 0)) {
      outcome.sentence = column.name + kind + "the same in every training row, left out";
      return;
    }
    outcome.used = true;
    rule.form = FeatureForm::levels;
    rule.levels = most_frequent(summary);
    rule.missing_level = summary.missing > 0;
    rule.other_level = static_cast<std::int64_t>(rule.levels.size()) < summary.distinct;
    rule.layout.embedded = params_.categories == "embedding";
    outcome.sentence =
        column.name + kind + counted(summary.distinct, "level", "levels") + ", " + missing_text(summary.missing);
    if (rule.other_level) {
      outcome.sentence += ", the " + std::to_string(rule.levels.size()) + " most frequent kept, the rest is '" +
                          name_of_others(rule) + "'";
    }
    if (rule.layout.embedded) outcome.sentence += ", embedded";
    warn_of_stray_text(column, summary, outcome);
    warn_of_numbers_as_text(column, summary, outcome);
  }

  // At most max_levels that occur in training, in the order they had (by name or size); ties by that order too.
  std::vector<std::string> most_frequent(const CategorySummary& summary) const {
    std::vector<std::size_t> order(summary.levels.size());
    std::iota(order.begin(), order.end(), 0);
    std::erase_if(order, [&](std::size_t level) { return summary.counts[level] == 0; });
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t level) { return summary.counts[level]; });
    if (order.size() > static_cast<std::size_t>(params_.max_levels)) {
      order.resize(static_cast<std::size_t>(params_.max_levels));
    }
    std::ranges::sort(order);
    std::vector<std::string> levels;
    for (const std::size_t level : order) levels.push_back(summary.levels[level]);
    return levels;
  }

  // Numbers with a few odd texts among them are more likely a missing mark than a category: "'unknown' and 'n/k'", or nothing.
  std::string stray_texts(const Column& column, const CategorySummary& summary) const {
    if (column.kind != ColumnKind::text || !declared(column.name).empty()) return "";
    std::vector<std::string> texts;
    for (const std::string& level : summary.levels) {
      if (!parse_number(level)) texts.push_back("'" + level + "'");
    }
    if (summary.levels.size() < 10 || texts.size() * 5 > summary.levels.size()) return "";
    return core::listed(texts, 5);
  }

  void warn_of_stray_text(const Column& column, const CategorySummary& summary, Outcome& outcome) const {
    const std::string stray = stray_texts(column, summary);
    if (stray.empty()) return;
    outcome.warning = "column '" + column.name + "' is read as a category because it holds " + stray +
                      " among its numbers; if that means a missing value, list it under data.csv.missing";
  }

  // "2020-01-31", with whatever follows.
  static bool looks_like_a_date(const std::string& level) {
    constexpr std::string_view kPattern = "0000-00-00";
    if (level.size() < kPattern.size()) return false;
    return std::ranges::equal(kPattern, level.substr(0, kPattern.size()), [](char wanted, unsigned char letter) {
      return wanted == '0' ? std::isdigit(letter) != 0 : wanted == static_cast<char>(letter);
    });
  }

  // Parquet says what is text, and takes numbers that are stored as such for names. What orders them is lost, and most of them too.
  void warn_of_numbers_as_text(const Column& column, const CategorySummary& summary, Outcome& outcome) const {
    if (column.kind != ColumnKind::text || !declared(column.name).empty() || !outcome.rule.other_level) return;
    const bool are_numbers =
        std::ranges::all_of(summary.levels, [](const auto& one) { return parse_number(one).has_value(); });
    if (!are_numbers && !std::ranges::all_of(summary.levels, looks_like_a_date)) return;
    outcome.warning = "column '" + column.name + "' holds " + std::to_string(summary.distinct) + " different " +
                      (are_numbers ? "numbers" : "dates") + " as text and is read as a category, of which the " +
                      std::to_string(outcome.rule.levels.size()) + " most frequent are told apart; " +
                      (are_numbers ? "data.features.types." + column.name + ": number reads them as numbers"
                                   : "store them as dates in every file") +
                      " (data.features.types." + column.name + ": category says that this is meant)";
  }

  const FeatureParams& params_;
  const ColumnRoles& roles_;
  const Table& table_;
  const TrainingRows& training_;
};

std::vector<Outcome> fit_all(const ColumnFitter& fitter, const Table& table) {
  std::vector<Outcome> outcomes(table.columns.size());
  core::on_threads(2, outcomes.size(), [&](std::size_t i) { outcomes[i] = fitter.fit(table.columns[i]); });
  return outcomes;
}

}  // namespace

void check_feature_names(const FeatureParams& params, const Table& table, const config::Origin& origin) {
  for (const std::string& name : params.drop) column_named(table, name, "data.features.drop", origin);
  for (const std::string& name : params.keep) column_named(table, name, "data.features.keep", origin);
  for (const auto& [name, type] : params.types) column_named(table, name, "data.features.types", origin);
}

void check_kept_names(const FeatureParams& params, const ColumnRoles& roles, const config::Origin& origin) {
  for (const std::string& name : params.keep) {
    std::string reason;
    if (const ColumnRole* role = role_of(roles, name))
      reason = "is " + std::string(role->noun) + ", which the model does not see";
    if (contains(params.drop, name)) reason = "is also in data.features.drop";
    if (contains(roles.groups, name) && !params.groups_as_inputs) {
      reason =
          "makes a group; give that group `input: true` (or data.features.groups_as_inputs: true) if the model is to "
          "see it";
    }
    if (reason.empty()) continue;
    throw core::UserError(core::Fault::config, "data.features.keep: the column '" + name + "' " + reason,
                          origin.of("data.features.keep"));
  }
}

FittedFeatures fit_features(const FeatureParams& params, const ColumnRoles& roles, const Table& table,
                            const std::vector<Split>& splits, const config::Origin& origin, core::Journal& journal) {
  const TrainingRows training = training_rows(splits);
  const std::vector<Outcome> outcomes = fit_all(ColumnFitter(params, roles, table, training), table);
  FittedFeatures fitted;
  for (const Outcome& outcome : outcomes) {
    if (outcome.used) fitted.rules.push_back(outcome.rule);
    fitted.reading.push_back(outcome.sentence + ".");
    if (!outcome.warning.empty()) journal.warn(outcome.warning);
  }
  if (fitted.rules.empty()) {
    throw core::UserError(
        core::Fault::config,
        "no input is left for the model; the columns were read as: " + core::listed(fitted.reading, 60),
        origin.of("data.features"));
  }
  lay_out(fitted.rules);
  return fitted;
}

}  // namespace equipoise::data
