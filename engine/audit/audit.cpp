#include "engine/audit/audit.h"

#include <algorithm>

#include "engine/audit/counting.h"
#include "engine/audit/duplicates.h"
#include "engine/audit/inputs.h"
#include "engine/audit/missing.h"
#include "engine/audit/proxies.h"
#include "engine/audit/relations.h"
#include "engine/audit/representation.h"
#include "engine/audit/suggestions.h"
#include "engine/constraints/forms.h"
#include "engine/constraints/row_counts.h"
#include "engine/constraints/titles.h"
#include "engine/core/interrupt.h"
#include "engine/evaluation/showable.h"

namespace equipoise::audit {
namespace {

// Of a parity of which nothing can be shown, for want of rows: that. What hangs on decisions alone is known after training.
std::string says_of_few_rows(const constraints::ConstraintTable& table, const constraints::Promise& promise,
                             const constraints::RowCounts& counts, std::int64_t min_rows) {
  constexpr int kTest = static_cast<int>(data::Split::test);
  if (!constraints::compares_groups(promise) || !counts.used(kTest)) return "";
  const auto is_judged = [&](std::int32_t rate) {
    return constraints::effective_rows_in(table.rates[static_cast<std::size_t>(rate)].denominator, counts, kTest) >=
           static_cast<double>(min_rows);
  };
  const auto judged = std::ranges::count_if(promise.rates, is_judged);
  std::string who = judged == 0 ? "none of its levels has" : "only one of its levels has";
  if (const std::int32_t reference = promise.reference_level;
      reference >= 0 && !is_judged(promise.rates[static_cast<std::size_t>(reference)]))
    who = "its reference level, " + promise.levels[static_cast<std::size_t>(reference)] + ", has not";
  else if (judged >= 2)
    return "";
  return "'" + constraints::promise_title(promise) + "' cannot be judged on this test split: " + who +
         " as many rows there as multipliers.min_rows asks for, " + std::to_string(min_rows) + ".";
}

// Members of a bank that promise the same are named once.
std::vector<Showable> showable_of(const data::Dataset& dataset, const std::vector<constraints::ConstraintTable>& tables,
                                  const AuditParams& params, const evaluation::EvaluationParams& evaluation) {
  std::vector<Showable> showable;
  for (const constraints::ConstraintTable& table : tables) {
    const auto is_known = [&](const constraints::Promise& promise) {
      return std::ranges::any_of(showable, [&](const Showable& one) {
        return one.promise == constraints::promise_title(promise) && one.tolerance == promise.tolerance;
      });
    };
    if (std::ranges::all_of(table.promises, is_known)) continue;
    const constraints::RowCounts counts = constraints::count_rows(table.cells, dataset);
    const std::vector<evaluation::Outlook> outlooks =
        evaluation::outlooks(table, counts, params.min_rows, evaluation, params.loss);
    for (std::size_t p = 0; p < outlooks.size(); ++p)
      if (const constraints::Promise& promise = table.promises[p]; !is_known(promise))
        showable.push_back({constraints::promise_title(promise), promise.tolerance, outlooks[p].least,
                            outlooks[p].least || outlooks[p].warning
                                ? outlooks[p].warning.value_or("")
                                : says_of_few_rows(table, promise, counts, params.min_rows)});
  }
  return showable;
}

}  // namespace

Audit audit(const data::Dataset& dataset, const std::vector<constraints::ConstraintTable>& tables,
            const Reference& reference, const AuditParams& params, const evaluation::EvaluationParams& evaluation,
            core::Journal& journal) {
  // A value that few rows have tells nothing surely, and of a million rows a few hundred values of an input are enough.
  constexpr std::int64_t kMostValues = 500;
  const auto training = static_cast<std::int64_t>(dataset.rows_of(data::Split::train).size());
  const std::vector<Input> inputs = inputs_of(dataset, std::max(params.min_rows, training / kMostValues));
  const std::vector<Answer> answers = answers_of(dataset);
  Audit audit;
  journal.say("counting rows, answers and missing values");
  count(dataset, inputs, answers, reference, params, audit);
  audit.missing = find_missing(dataset, inputs, params);
  audit.showable = showable_of(dataset, tables, params, evaluation);
  core::stop_if_interrupted();
  if (!dataset.encoded.images.any()) {
    journal.say("looking for rows that are alike");
    audit.duplicates = find_duplicates(dataset);
    core::stop_if_interrupted();
  }
  journal.say("looking for inputs that tell a group");
  for (const data::Grouping& grouping : dataset.groupings)
    if (std::ranges::find(inputs, own_column(grouping, params), &Input::name) != inputs.end())
      audit.inputs_themselves.push_back(grouping.name);
  audit.proxies = find_proxies(dataset, inputs, params);
  core::stop_if_interrupted();
  journal.say("comparing what inputs mean in each group");
  FoundRelations relations = find_relations(dataset, inputs, answers, params);
  audit.relations = std::move(relations.relations);
  audit.compared_relations = relations.compared;
  audit.uncompared_inputs = std::move(relations.uncompared);
  audit.suggestions = suggest(dataset, tables, audit, params);
  return audit;
}

}  // namespace equipoise::audit
