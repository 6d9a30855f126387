#include "engine/sweep/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/sweep/data_changes.h"
#include "engine/sweep/effects.h"
#include "engine/sweep/frontier.h"

namespace equipoise::sweep {
namespace {

core::UserError usage_error(const std::string& message) {
  return core::UserError(core::Fault::config, message);
}

// constraints[0].tolerance is constraints.0.tolerance.
std::string with_dots(std::string path) {
  std::erase(path, ']');
  std::ranges::replace(path, '[', '.');
  return path;
}

// The field that a user names by its path or its short name.
std::size_t field_from(const SweepResults& results, const std::string& name) {
  std::vector<std::string> known;
  for (std::size_t f = 0; f < results.fields.size(); ++f) {
    if (with_dots(name) == with_dots(results.fields[f]) || name == results.short_names[f]) return f;
    known.push_back(results.fields[f]);
  }
  const std::vector<std::string>& short_names = results.short_names;
  std::string hint = core::did_you_mean(name, known);
  if (hint.empty()) hint = core::did_you_mean(name, short_names);
  throw usage_error(
      fmt::format("--compare names the axis '{}'{}; the sweep varies {}", name, hint, core::listed(known)));
}

// Cut at commas outside of brackets, braces and quotes.
std::vector<std::string> values_from(const std::string& list) {
  std::vector<std::string> values(1);
  int depth = 0;
  char quote = 0;
  for (const char letter : list) {
    if (quote != 0) {
      if (letter == quote)
        quote = 0;
      else
        values.back() += letter;
      continue;
    }
    if (depth == 0 && values.back().empty() && (letter == '"' || letter == '\'')) {
      quote = letter;
      continue;
    }
    depth += (letter == '[' || letter == '{') - (letter == ']' || letter == '}');
    if (letter == ',' && depth == 0)
      values.emplace_back();
    else if (letter != ' ')
      values.back() += letter;
  }
  return values;
}

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

// A value as runs have it: written otherwise, 0.050 is 0.05.
std::string value_from(const SweepResults& results, const std::string& field, const std::string& given) {
  std::vector<std::string> known;
  const Value as_json = Value::parse(given, nullptr, false);
  for (const PlannedRun& run : results.plan.runs) {
    const Value* value = value_of(run, field);
    if (value == nullptr) continue;
    const std::string text = value_text(*value);
    if (without_blanks(text) == without_blanks(given)) return text;
    if (as_json.is_number() && value->is_number() && as_json.get<double>() == value->get<double>()) return text;
    if (std::ranges::find(known, text) == known.end()) known.push_back(text);
  }
  throw usage_error(fmt::format("--compare: no run has {}={}{}; there are {}", field, given,
                                core::did_you_mean(given, known), core::listed(known)));
}

bool is_measured(const SweepResults& results, std::size_t run) {
  const RunResult& result = results.runs[run];
  return result.status == RunStatus::finished && result.on(data::Split::test) && result.on(data::Split::test)->quality;
}

// The axis' other fields change along, where it is a paired one.
const std::vector<std::string>& fields_along(const SweepResults& results, const std::string& field) {
  for (const PlannedAxis& axis : results.plan.axes)
    if (std::ranges::find(axis.fields, field) != axis.fields.end()) return axis.fields;
  throw std::logic_error("a field of no axis");
}

// The values of the fields that are paired with `field`, with one value of it.
std::set<std::string> texts_along(const SweepResults& results, const std::string& field, const std::string& value) {
  std::set<std::string> texts;
  for (const PlannedRun& run : results.plan.runs) {
    const Value* own = value_of(run, field);
    if (own == nullptr || value_text(*own) != value) continue;
    std::string text;
    for (const std::string& other : fields_along(results, field)) {
      const Value* along = other == field ? nullptr : value_of(run, other);
      if (along != nullptr) text += fmt::format("{}{} {}", text.empty() ? "" : " and ", other, value_text(*along));
    }
    texts.insert(text);
  }
  return texts;
}

// What goes along with a value of a paired axis; "" of any other. A value that stands for several settings is refused: runs of each would be as if
// nothing else had changed.
std::string text_along(const SweepResults& results, const std::string& field, const std::string& value) {
  const std::set<std::string> texts = texts_along(results, field, value);
  if (texts.size() > 1)
    throw usage_error(
        fmt::format("--compare: {}={} goes with {} on its paired axis; name the two settings by a field whose "
                    "value tells them apart",
                    field, value, core::listed({texts.begin(), texts.end()})));
  return texts.empty() ? "" : *texts.begin();
}

// Pairs by a key that both have; `key` of a run, "" for one of neither side.
struct Sides {
  std::map<std::string, std::size_t> first, second;

  void fill(const SweepResults& results, SettingPair& pair) const {
    for (const auto& [key, run] : first) {
      const auto other = second.find(key);
      if (other == second.end()) continue;
      if (have_changed_data(results, run, other->second))
        ++pair.of_other_data;
      else if (have_other_test_rows(results, run, other->second))
        ++pair.of_other_rows;
      else
        pair.pairs.push_back({run, other->second, unit_text(results, results.plan.runs[run])});
    }
    pair.unpaired = first.size() + second.size() - 2 * (pair.pairs.size() + pair.of_other_data + pair.of_other_rows);
  }
};

// What says which rows are tested, where that is what is compared.
std::string rows_hint(const SweepResults& results, const std::string& field) {
  const std::vector<std::string> fields = fields_of_test_rows(results);
  const bool is_it = std::ranges::find(fields, field) != fields.end();
  return is_it ? ": '" + field + "' says which rows these are" : "";
}

struct Ranked {
  std::size_t setting = 0;
  double kept = 0, quality = 0;  // the share of its seeds at which constraints are kept; the mean
};

std::optional<Ranked> rank_of(const SweepResults& results, const SettingRuns& setting, data::Split split) {
  Ranked ranked;
  double runs = 0;
  for (const std::size_t run : setting.runs) {
    if (!is_measured(results, run) || !results.runs[run].on(split) || !results.runs[run].on(split)->quality) continue;
    ++runs;
    ranked.kept += keeps_all(results, run, split).value_or(false);
    ranked.quality += *results.runs[run].on(split)->quality;
  }
  if (runs == 0) return std::nullopt;
  ranked.kept /= runs;
  ranked.quality /= runs;
  return ranked;
}

}  // namespace

SettingPair pair_from(const SweepResults& results, const std::string& request) {
  const std::size_t equals = request.find('=');
  const std::vector<std::string> given =
      equals == std::string::npos ? std::vector<std::string>{} : values_from(request.substr(equals + 1));
  if (given.size() != 2 || given[0].empty() || given[1].empty())
    throw usage_error(
        fmt::format("--compare is '{}'; expected an axis and two of its values: tolerance=0.02,0.05", request));
  const std::size_t place = field_from(results, without_blanks(request.substr(0, equals)));
  const std::string& field = results.fields[place];
  if (is_seed(field))
    throw usage_error(fmt::format(
        "--compare: '{}' seeds random numbers alone: runs that differ in it are repetitions of one setting{}; "
        "name an axis that is part of the setting",
        field, field == "seed" ? ", each with a split of its own, and have no test rows in common" : ""));
  const std::string first = value_from(results, field, given[0]), second = value_from(results, field, given[1]);
  if (first == second) throw usage_error(fmt::format("--compare: both values of {} are {}", field, first));
  SettingPair pair;
  pair.first = fmt::format("{} {}", results.short_names[place], first);
  pair.second = fmt::format("{} {}", results.short_names[place], second);
  const std::string along = text_along(results, field, first), along_second = text_along(results, field, second);
  pair.how = "They were asked for with --compare, and are set side by side where all other axes agree.";
  if (!along.empty())
    pair.how +=
        fmt::format(" On the paired axis {} goes along with the first, {} with the second.", along, along_second);
  Sides sides;
  for (std::size_t run = 0; run < results.plan.runs.size(); ++run) {
    const Value* value = value_of(results.plan.runs[run], field);
    if (value == nullptr || !is_measured(results, run)) continue;
    const std::string text = value_text(*value),
                      rest = text_without(results, results.plan.runs[run], fields_along(results, field));
    if (text == first) sides.first.emplace(rest, run);
    if (text == second) sides.second.emplace(rest, run);
  }
  sides.fill(results, pair);
  if (pair.pairs.empty())
    throw usage_error(fmt::format(
        "--compare: no finished run with {} has one with {} that is alike in all other axes{}", pair.first, pair.second,
        pair.of_other_data > 0   ? " and learned from the same data: the data files changed between them"
        : pair.of_other_rows > 0 ? " and is tested on the same rows" + rows_hint(results, field)
                                 : ""));
  return pair;
}

std::optional<SettingPair> best_pair(const SweepResults& results) {
  const auto split = choosing_split(results);
  if (!split) return std::nullopt;
  const std::vector<SettingRuns> settings = settings_of(results);
  std::vector<Ranked> ranking;
  for (std::size_t s = 0; s < settings.size(); ++s)
    if (auto ranked = rank_of(results, settings[s], *split)) {
      ranked->setting = s;
      ranking.push_back(*ranked);
    }
  std::ranges::stable_sort(ranking, [&](const Ranked& one, const Ranked& other) {
    if (one.kept != other.kept) return one.kept > other.kept;
    return evaluation::is_better(one.quality, other.quality, results.quality.is_error);
  });
  for (std::size_t other = 1; other < ranking.size(); ++other) {
    SettingPair pair;
    const SettingRuns &one = settings[ranking[0].setting], &two = settings[ranking[other].setting];
    pair.first = one.title;
    pair.second = two.title;
    pair.how = fmt::format(
        "They are the two that look best on the {} rows: those that keep all constraints there at the most seeds, and "
        "of these the ones with the best {}. Looking best among many is partly luck; this is what the test rows say.",
        data::kSplitNames[static_cast<int>(*split)], results.quality.name);
    Sides sides;
    for (const std::size_t run : one.runs)
      if (is_measured(results, run)) sides.first.emplace(seed_text(results.plan.runs[run]), run);
    for (const std::size_t run : two.runs)
      if (is_measured(results, run)) sides.second.emplace(seed_text(results.plan.runs[run]), run);
    sides.fill(results, pair);
    if (!pair.pairs.empty()) return pair;
  }
  return std::nullopt;
}

PartedRun stored_figures(const SweepResults& results, std::size_t run,
                         const std::vector<evaluation::ComparedFigure>& figures) {
  PartedRun parted;
  for (const evaluation::ComparedFigure& figure : figures) {
    const auto value = figure_of(results, run, figure, data::Split::test);
    parted.emplace_back();
    if (value) parted.back() = evaluation::PartedFigure{*value, {*value, *value}};
  }
  return parted;
}

void thin_out(SettingPair& pair, std::size_t most) {
  if (pair.pairs.size() <= most) return;
  // Each seed keeps about as many, and these are spread over the settings.
  std::map<std::string, std::vector<RunPair>> by_seed;
  for (const RunPair& one : pair.pairs) by_seed[one.seed].push_back(one);
  std::vector<const std::vector<RunPair>*> fewest_first;
  for (const auto& [seed, pairs] : by_seed) fewest_first.push_back(&pairs);
  std::ranges::stable_sort(fewest_first, {}, &std::vector<RunPair>::size);
  std::vector<RunPair> kept;
  for (std::size_t i = 0; i < fewest_first.size(); ++i) {
    const std::vector<RunPair>& pairs = *fewest_first[i];
    const std::size_t quota = std::min(pairs.size(), (most - kept.size()) / (fewest_first.size() - i));
    for (std::size_t k = 0; k < quota; ++k) kept.push_back(pairs[k * pairs.size() / quota]);
  }
  pair.pairs = std::move(kept);
}

}  // namespace equipoise::sweep
