#include "engine/constraints/catalogue.h"

#include <functional>

#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"

namespace equipoise::constraints {
namespace {

constexpr const char* kIntroduction = R"(# Constraints

What can be promised about groups, read off the program's own tables (`equipoise config constraints`). Formulas:
[math.md](math.md); fields: [config.md](config.md#constraints). A rate that is not here is one row of a table away:
[guides/add_a_rate.md](guides/add_a_rate.md).

```yaml
constraints:
  - {kind: equalized_odds, group: sex, tolerance: 0.03}
  - {kind: demographic_parity, group: [sex, race], form: overall, tolerance: 0.1}   # each grouping on its own
  - {kind: parity, rate: f1, group: sex, tolerance: 0.1}
  - {kind: predictive_equality, group: sex, within: race, tolerance: 0.1}           # in each level of race
  - {kind: min_recall, group: sex, at_least: 0.4}
  - {kind: bounded_group_loss, group: sex, at_most: 0.6}
  - {kind: selection_rate_bound, at_most: 0.4}                                     # of everyone
  - kind: linear                                                                   # a weighted sum of any rates
    terms:
      - {rate: tpr, group: {sex: Male}, weight: 1}
      - {rate: tpr, group: {sex: Female}, weight: -1}
    at_most: 0.02
```

`group` names groupings of `data.groups`, each held on its own; crossings are groupings too (`cross`). With `within` groups are
compared inside each level of another grouping. Bounds without a group are about everyone. Sample weights count in every rate and loss.

`{kind: churn, at_most: 0.05}` holds decisions against stored ones, such as a deployed model's, which `data.stored_decisions`
names: a file that `equipoise predict` wrote for the same rows, or a column of 0 and 1 (of several classes their names) in the
data. They are no input of the model. Guide: [guides/churn.md](guides/churn.md).

Several classes, several labels, numbers and calibration: [guides/tasks.md](guides/tasks.md).

## Kinds

| kind | what must hold | rates | needs | tasks |
|---|---|---|---|---|
)";

constexpr const char* kForms = R"(
## Forms of parity

| form | the gap |
|---|---|
| `max_min` | between any two groups (the default) |
| `overall` | between a group and everyone |
| `reference` | between a group and the one that `reference` names |
| `ratio` | one minus the smallest over the largest rate |

## Rates

| rate | stands in titles as | what it is | tasks |
|---|---|---|---|
)";

constexpr const char* kEnd = R"(
A rate whose denominator hangs on the decisions has no value while nobody is decided so; its constraints wait until it has one.
)";

std::string rates_of(const KindEntry& kind) {
  std::string text;
  for (const char* rate : kind.rates) text += std::string(text.empty() ? "`" : ", `") + rate + "`";
  if (!text.empty()) return text;
  return kind.demand == Demand::linear ? "any, in `terms`" : "any, in `rate`";
}

std::string needs_of(const KindEntry& kind) {
  if (kind.demand == Demand::linear) return "`terms`, `at_most`";
  if (kind.demand == Demand::worst) return "`group`";
  if (is_calibration(ConstraintParams{kind.name})) return "`group`, `tolerance`, `bins`";
  if (std::string(kind.name) == "exceedance_parity") return "`group`, `tolerance`, `above`";
  const bool is_loss = !kind.rates.empty() && rate_entry(kind.rates.front()).family == RateFamily::mean;
  if (*kind.side != '\0') return std::string("`") + kind.side + "`";
  if (kind.demand == Demand::bound) return is_loss ? "`at_most`" : "`at_most` or `at_least`";
  return kind.tolerance > 0 ? "`group`" : "`group`, `tolerance`";
}

// "all", or the names of the tasks for which it holds.
std::string tasks_where(const std::function<bool(data::Task)>& holds) {
  std::string names;
  int count = 0;
  for (const data::Task task : {data::Task::binary, data::Task::classes, data::Task::labels, data::Task::regression}) {
    if (!holds(task)) continue;
    ++count;
    names += std::string(names.empty() ? "" : ", ") + data::name_of(task);
  }
  return count == 4 ? "all" : names;
}

// Several labels have a loss each, and an aim is one.
bool is_of(const KindEntry& kind, data::Task task) {
  return fits(ConstraintParams{kind.name}, task) && !(kind.demand == Demand::worst && task == data::Task::labels);
}

}  // namespace

std::string catalogue() {
  std::string page = kIntroduction;
  for (const KindEntry& kind : kind_entries())
    page += std::string("| `") + kind.name + "` | " + kind.meaning + " | " + rates_of(kind) + " | " + needs_of(kind) +
            " | " + tasks_where([&](data::Task task) { return is_of(kind, task); }) + " |\n";
  page += kForms;
  for (const RateEntry& rate : rate_entries())
    page += std::string("| `") + rate.name + "` | " + rate.short_name + " | " + rate.meaning +
            (depends_on_decisions(rate) ? "; its denominator hangs on the decisions" : "") + " | " +
            tasks_where([&](data::Task task) { return rate.tasks.contain(task); }) + " |\n";
  return page + kEnd;
}

}  // namespace equipoise::constraints
