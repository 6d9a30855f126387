#include "engine/constraints/requests.h"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/constraints/forms.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::constraints {
namespace {

// Collects problems with their places in the config.
class Problems {
 public:
  explicit Problems(const config::Origin& origin) : origin_(origin) {}

  void add(std::size_t constraint, const std::string& field, const std::string& message) {
    const std::string path = "constraints[" + std::to_string(constraint) + "]" + (field.empty() ? "" : "." + field);
    problems_.push_back({path + ": " + message, origin_.of(path)});
  }

  void throw_if_any() {
    if (!problems_.empty()) throw core::UserError(core::Fault::config, std::move(problems_));
  }

 private:
  const config::Origin& origin_;
  std::vector<core::Problem> problems_;
};

std::string unknown(const std::string& what, const std::string& given, const std::vector<std::string>& known) {
  return "there is no " + what + " '" + given + "'" + core::did_you_mean(given, known) +
         "; known: " + (known.empty() ? "none" : core::listed(known));
}

// A grouping as far as it is known: before the data are read only by name.
struct KnownGrouping {
  std::string name;
  std::optional<std::vector<std::string>> levels;
};

std::vector<std::string> occurring_levels(const data::Grouping& grouping) {
  std::vector<bool> occurs(grouping.levels.size());
  for (const std::int32_t code : grouping.codes)
    if (code != data::kUnknownLevel) occurs[code] = true;
  std::vector<std::string> levels;
  for (std::size_t i = 0; i < occurs.size(); ++i)
    if (occurs[i]) levels.push_back(grouping.levels[i]);
  return levels;
}

void check_reference(const ConstraintParams& wanted, std::size_t index,
                     const std::optional<std::vector<std::string>>& levels, Problems& problems) {
  if (wanted.form != "reference") {
    if (!wanted.reference.empty())
      problems.add(index, "reference", "a reference level is for the form 'reference', not for '" + wanted.form + "'");
  } else if (wanted.reference.empty()) {
    problems.add(index, "form",
                 "the form 'reference' needs 'reference:', one of the levels of '" + wanted.group + "'" +
                     (levels ? ": " + core::listed(*levels) : ""));
  } else if (levels && std::find(levels->begin(), levels->end(), wanted.reference) == levels->end()) {
    problems.add(index, "reference", unknown("level of '" + wanted.group + "'", wanted.reference, *levels));
  }
}

void check_group(const ConstraintParams& wanted, std::size_t index, const std::vector<KnownGrouping>& known,
                 Problems& problems) {
  const auto grouping = std::ranges::find(known, wanted.group, &KnownGrouping::name);
  if (grouping == known.end()) {
    std::vector<std::string> names;
    for (const KnownGrouping& one : known) names.push_back(one.name);
    problems.add(index, "group", unknown("grouping", wanted.group, names) + " (groupings are named in data.groups)");
    return;
  }
  const auto& levels = grouping->levels;
  if (levels && levels->size() < 2) {
    problems.add(index, "group",
                 levels->empty() ? "the grouping '" + wanted.group + "' has no rows"
                                 : "the grouping '" + wanted.group + "' has one level, '" + levels->front() +
                                       "', on every row: there is nothing to compare it with");
    return;
  }
  check_reference(wanted, index, levels, problems);
}

void check_repeats(const std::vector<ConstraintParams>& constraints, std::size_t index, Problems& problems) {
  const ConstraintParams& later = constraints[index];
  for (std::size_t i = 0; i < index; ++i) {
    const ConstraintParams& earlier = constraints[i];
    if (earlier.kind != later.kind || earlier.group != later.group || earlier.form != later.form ||
        earlier.reference != later.reference)
      continue;
    const std::string place = "constraints[" + std::to_string(i) + "]";
    problems.add(index, "",
                 earlier.tolerance == later.tolerance
                     ? "it repeats " + place + " (" + constraint_title(earlier) + "); remove one of them"
                     : "it asks for a tolerance of " + number_text(later.tolerance) + " where " + place + " (" +
                           constraint_title(earlier) + ") asks for " + number_text(earlier.tolerance) +
                           "; keep one of them");
    return;
  }
}

void check_all(const std::vector<ConstraintParams>& constraints, const std::vector<KnownGrouping>& known,
               const config::Origin& origin) {
  Problems problems(origin);
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const ConstraintParams& wanted = constraints[i];
    if (find_kind(wanted.kind) == nullptr)
      problems.add(i, "kind", unknown("kind of constraint", wanted.kind, kind_names()));
    if (find_form(wanted.form) == nullptr) problems.add(i, "form", unknown("form", wanted.form, form_names()));
    if (!(wanted.tolerance > 0 && wanted.tolerance < 1))
      problems.add(i, "tolerance",
                   "the tolerance must lie between 0 and 1, both excluded; it is " + number_text(wanted.tolerance));
    check_group(wanted, i, known, problems);
    check_repeats(constraints, i, problems);
  }
  problems.throw_if_any();
}

}  // namespace

void check_requests(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset,
                    const config::Origin& origin) {
  std::vector<KnownGrouping> known;
  for (const data::Grouping& grouping : dataset.groupings) known.push_back({grouping.name, occurring_levels(grouping)});
  check_all(constraints, known, origin);
}

void check_requests(const std::vector<ConstraintParams>& constraints, const std::vector<std::string>& groupings,
                    const config::Origin& origin) {
  std::vector<KnownGrouping> known;
  for (const std::string& name : groupings) known.push_back({name, std::nullopt});
  check_all(constraints, known, origin);
}

void check_levels_in_splits(const std::vector<ConstraintParams>& constraints, const data::Cells& cells,
                            const RowCounts& counts, std::int64_t min_rows, const config::Origin& origin) {
  Problems problems(origin);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    if (!seen.insert(constraints[i].group).second) continue;
    const auto place = std::find(cells.groupings.begin(), cells.groupings.end(), constraints[i].group);
    const int grouping = static_cast<int>(place - cells.groupings.begin());
    for (std::size_t level = 0; level < cells.levels[grouping].size(); ++level) {
      const LinearForm everyone =
          make_rate(RateKind::selection_rate, cells, grouping, static_cast<std::int32_t>(level)).denominator;
      std::int64_t rows = 0;
      std::vector<std::string> absent_from;
      for (int split = 0; split < kSplits; ++split) {
        const std::int64_t here = rows_in(everyone, counts.rows_of_cell[split]);
        rows += here;
        if (counts.used(split) && here == 0) absent_from.emplace_back(data::kSplitNames[split]);
      }
      if (rows < min_rows || absent_from.empty()) continue;
      problems.add(i, "group",
                   "the level '" + cells.levels[grouping][level] + "' of '" + constraints[i].group + "' has " +
                       std::to_string(rows) + " rows but none in the split " + core::listed(absent_from) +
                       ", where the constraint must hold too; split so that every split has rows of "
                       "every group (data.split)");
    }
  }
  problems.throw_if_any();
}

}  // namespace equipoise::constraints
