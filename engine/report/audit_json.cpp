#include <limits>

#include "engine/core/json_reader.h"
#include "engine/report/audit_report.h"

namespace equipoise::report {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t kFormat = 1;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

ordered_json interval_json(const evaluation::Interval& interval) {
  return {{"low", core::number_or_null(interval.low)}, {"high", core::number_or_null(interval.high)}};
}

template <typename Range, typename ToJson>
ordered_json list_of(const Range& range, const ToJson& to_json) {
  ordered_json list = ordered_json::array();
  for (const auto& one : range) list.push_back(to_json(one));
  return list;
}

ordered_json rows_by_split(const std::array<std::int64_t, 4>& rows) {
  ordered_json json;
  for (std::size_t split = 0; split < rows.size(); ++split) json[data::kSplitNames[split]] = rows[split];
  return json;
}

ordered_json answer_json(const audit::AnswerRate& rate) {
  return {{"answer", rate.answer}, {"rate", rate.rate}, {"interval", interval_json(rate.interval)}};
}

ordered_json population_json(const audit::BesidePopulation& beside) {
  return {{"share", beside.share},
          {"of_population", beside.expected},
          {"interval", interval_json(beside.interval)},
          {"p_value", beside.p_value}};
}

ordered_json level_json(const audit::LevelCounts& level) {
  return {{"level", level.level},
          {"rows", rows_by_split(level.rows)},
          {"share", level.share},
          {"population", level.population ? population_json(*level.population) : ordered_json(nullptr)},
          {"answers", list_of(level.answers, answer_json)},
          {"mean_target", core::number_or_null(level.mean_target.value_or(kNone))},
          {"missing", level.missing}};
}

ordered_json grouping_json(const audit::GroupingCounts& grouping) {
  return {
      {"group", grouping.grouping}, {"crossed", grouping.crossed}, {"levels", list_of(grouping.levels, level_json)}};
}

ordered_json missing_json(const audit::MissingInput& one) {
  return {{"input", one.input},       {"share", one.share},   {"group", one.grouping}, {"level", one.level},
          {"in_level", one.in_level}, {"others", one.others}, {"p_value", one.p_value}};
}

ordered_json duplicates_json(const audit::Duplicates& duplicates) {
  return {
      {"rows", duplicates.rows},
      {"unlike", duplicates.unlike},
      {"disagreeing", duplicates.disagreeing},
      {"across", list_of(duplicates.across, [](const audit::Duplicates::Pair& pair) -> ordered_json {
         return {{"split", pair.split}, {"other", pair.other}, {"rows", pair.rows}, {"same_label", pair.same_label}};
       })}};
}

ordered_json showable_json(const audit::Showable& one) {
  return {{"promise", one.promise},
          {"tolerance", core::number_or_null(one.tolerance)},
          {"smallest_tolerance", core::number_or_null(one.least.value_or(kNone))},
          {"warning", one.says}};
}

ordered_json proxy_json(const audit::Proxy& proxy) {
  return {{"group", proxy.grouping},
          {"level", proxy.level},
          {"input", proxy.input.empty() ? ordered_json(nullptr) : ordered_json(proxy.input)},
          {"auc", proxy.auc},
          {"interval", interval_json(proxy.interval)}};
}

ordered_json relation_json(const audit::Relation& relation) {
  return {{"group", relation.grouping},
          {"level", relation.level},
          {"input", relation.input},
          {"value", relation.value},
          {"answer", relation.answer},
          {"odds_ratio", core::number_or_null(relation.odds_ratio)},
          {"odds_ratio_of_others", core::number_or_null(relation.others)},
          {"rows", relation.rows},
          {"p_value", relation.p_value}};
}

ordered_json slice_json(const audit::Slice& slice) {
  return {{"conditions",
           list_of(slice.conditions,
                   [](const audit::SliceCondition& condition) -> ordered_json {
                     return {{condition.is_group ? "group" : "input", condition.column}, {"value", condition.value}};
                   })},
          {"rows", slice.rows},
          {"error", core::number_or_null(slice.error)},
          {"interval", interval_json(slice.interval)},
          {"elsewhere", core::number_or_null(slice.elsewhere)},
          {"p_value", slice.p_value}};
}

ordered_json slices_json(const audit::SliceSearch& slices) {
  return {{"run", slices.run},
          {"measure", slices.is_absolute ? "mean absolute error" : "share of wrong decisions"},
          {"error", core::number_or_null(slices.error)},
          {"looked_at", slices.looked_at},
          {"measured", slices.measured},
          {"slices", list_of(slices.slices, slice_json)}};
}

ordered_json suggestions_json(const audit::Suggestions& suggestions) {
  return {{"recipes", list_of(suggestions.recipes,
                              [](const audit::SuggestedRecipe& one) -> ordered_json {
                                return {{"yaml", one.yaml}, {"reason", one.reason}};
                              })},
          {"too_few", suggestions.too_few}};
}

}  // namespace

ordered_json to_json(const AuditReport& report) {
  const audit::Audit& audit = report.audit;
  return {{"format", kFormat},
          {"name", report.name},
          {"finished", report.finished},
          {"command", report.command},
          {"reference", report.reference},
          {"confidence", report.confidence},
          {"min_rows", report.min_rows},
          {"files",
           list_of(report.files,
                   [](const data::Fingerprint& file) -> ordered_json {
                     return {{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}, {"rows", file.rows}};
                   })},
          {"warnings", report.warnings},
          {"findings", findings(report)},
          {"rows", audit.rows},
          {"split_rows", rows_by_split(audit.split_rows)},
          {"answers", list_of(audit.answers, answer_json)},
          {"groups", list_of(audit.groupings, grouping_json)},
          {"showable", list_of(audit.showable, showable_json)},
          {"inputs_themselves", audit.inputs_themselves},
          {"proxies", list_of(audit.proxies, proxy_json)},
          {"relations", list_of(audit.relations, relation_json)},
          {"compared_relations", audit.compared_relations},
          {"uncompared_inputs", audit.uncompared_inputs},
          {"slices", audit.slices ? slices_json(*audit.slices) : ordered_json(nullptr)},
          {"missing", list_of(audit.missing, missing_json)},
          {"duplicates", audit.duplicates ? duplicates_json(*audit.duplicates) : ordered_json(nullptr)},
          {"suggestions", suggestions_json(audit.suggestions)}};
}

}  // namespace equipoise::report
