#include <cmath>
#include <limits>

#include "engine/core/json_reader.h"
#include "engine/report/compare_report.h"

namespace equipoise::report {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::int64_t kFormat = 1;

template <typename Range, typename ToJson>
ordered_json list_of(const Range& range, const ToJson& to_json) {
  ordered_json list = ordered_json::array();
  for (const auto& one : range) list.push_back(to_json(one));
  return list;
}

ordered_json numbers(const std::vector<std::optional<double>>& values) {
  return list_of(values, [](const std::optional<double>& value) { return ordered_json(core::number_or_null(value)); });
}

ordered_json figure_json(const evaluation::ComparedFigure& figure) {
  return {{"name", figure.name},
          {"title", figure.title},
          {"unit", figure.unit},
          {"more_is_better", figure.more_is_better},
          {"constraint", figure.constraint < 0 ? ordered_json(nullptr) : ordered_json(figure.constraint)}};
}

ordered_json difference_json(const std::optional<ComparedDifference>& difference) {
  if (!difference) return nullptr;
  const evaluation::PairedDifference& paired = difference->paired;
  return {{"finding", evaluation::name_of(difference->finding)},
          {"from", core::number_or_null(difference->from)},
          {"difference", core::number_or_null(paired.difference)},
          {"interval",
           {{"low", core::number_or_null(paired.interval.low)}, {"high", core::number_or_null(paired.interval.high)}}},
          {"p_value", core::number_or_null(paired.p_value)},
          {"corrected", core::number_or_null(difference->corrected)},
          {"counts_alone", said_of(*difference) == Said::unsure},
          {"seeds", paired.seeds},
          {"seeds_error", core::number_or_null(paired.seeds_error)},
          {"common_error", core::number_or_null(paired.common_error)},
          {"rows_error", core::number_or_null(paired.rows_error)}};
}

ordered_json arm_json(const ComparedArm& arm) {
  return {{"name", arm.name},
          {"sentence", arm.sentence},
          {"overrides", arm.overrides},
          {"means", numbers(arm.means)},
          {"differences", list_of(arm.differences, difference_json)}};
}

ordered_json run_json(const ComparedRun& run) {
  return {{"arm", run.arm},
          {"seed", run.seed},
          {"folder", run.folder},
          {"outcome", run.outcome},
          {"failure", run.failure},
          {"members", run.members},
          {"figures", numbers(run.figures)},
          {"verdicts", list_of(run.verdicts, [](evaluation::Verdict verdict) {
             return ordered_json(evaluation::name_of(verdict));
           })}};
}

std::vector<std::optional<double>> numbers_from(const json& object, const char* key, const std::string& path) {
  std::vector<std::optional<double>> values;
  core::JsonReader(object, path).each(key, [&](const json& item, const std::string& place) {
    if (!item.is_null() && !item.is_number()) throw core::UserError(core::Fault::data, place + " is no number");
    values.push_back(item.is_null() ? std::nullopt : std::optional(item.get<double>()));
  });
  return values;
}

evaluation::ComparedFigure figure_from(const json& object, const std::string& path) {
  const core::JsonReader reader(object, path);
  evaluation::ComparedFigure figure;
  reader.read("name", figure.name);
  reader.read("title", figure.title);
  reader.read("unit", figure.unit);
  reader.read("more_is_better", figure.more_is_better);
  std::optional<double> constraint;
  reader.read("constraint", constraint);
  figure.constraint = constraint ? static_cast<std::int32_t>(*constraint) : -1;
  return figure;
}

evaluation::Finding finding_from(const std::string& word, const std::string& path) {
  for (const auto finding : {evaluation::Finding::better, evaluation::Finding::worse, evaluation::Finding::unseen})
    if (word == evaluation::name_of(finding)) return finding;
  throw core::UserError(core::Fault::data, fmt::format("{}.finding is '{}', which is no finding", path, word));
}

std::optional<ComparedDifference> difference_from(const json& object, const std::string& path) {
  if (object.is_null()) return std::nullopt;
  const core::JsonReader reader(object, path);
  ComparedDifference difference;
  evaluation::PairedDifference& paired = difference.paired;
  std::string word;
  reader.read("finding", word);
  difference.finding = finding_from(word, path);
  difference.from = std::numeric_limits<double>::quiet_NaN();
  reader.read_if_there("from", difference.from);
  reader.read("difference", paired.difference);
  reader.read("p_value", paired.p_value);
  reader.read("corrected", difference.corrected);
  reader.read("seeds", paired.seeds);
  reader.read("seeds_error", paired.seeds_error);
  reader.read("common_error", paired.common_error);
  reader.read("rows_error", paired.rows_error);
  if (!object.contains("interval")) throw core::UserError(core::Fault::data, path + ".interval is missing");
  const core::JsonReader interval(object["interval"], path + ".interval");
  interval.read("low", paired.interval.low);
  interval.read("high", paired.interval.high);
  return difference;
}

ComparedArm arm_from(const json& object, const std::string& path) {
  const core::JsonReader reader(object, path);
  ComparedArm arm;
  reader.read("name", arm.name);
  reader.read("sentence", arm.sentence);
  reader.read("overrides", arm.overrides);
  arm.means = numbers_from(object, "means", path);
  reader.each("differences", [&](const json& item, const std::string& place) {
    arm.differences.push_back(difference_from(item, place));
  });
  return arm;
}

ComparedRun run_from(const json& object, const std::string& path) {
  const core::JsonReader reader(object, path);
  ComparedRun run;
  reader.read("arm", run.arm);
  reader.read("seed", run.seed);
  reader.read("folder", run.folder);
  reader.read("outcome", run.outcome);
  reader.read("failure", run.failure);
  reader.read_if_there("members", run.members);
  run.figures = numbers_from(object, "figures", path);
  std::vector<std::string> verdicts;
  reader.read("verdicts", verdicts);
  for (const std::string& word : verdicts) {
    const auto verdict = evaluation::verdict_from(word);
    if (!verdict) throw core::UserError(core::Fault::data, fmt::format("{}.verdicts: '{}' is no verdict", path, word));
    run.verdicts.push_back(*verdict);
  }
  return run;
}

// What the page takes for granted about places.
void check_places(const CompareReport& report) {
  const auto refuse = [](const char* what) {
    throw core::UserError(core::Fault::data, fmt::format("comparison.{}: the lists do not fit each other", what));
  };
  const std::size_t figures = report.figures.size(), arms = report.arms.size();
  for (std::size_t a = 0; a < arms; ++a)
    if (report.arms[a].means.size() != figures || report.arms[a].differences.size() != (a == 0 ? 0 : figures))
      refuse("arms");
  for (const ComparedRun& run : report.runs)
    if (run.arm < 0 || run.arm >= static_cast<std::int64_t>(arms) ||
        (!run.figures.empty() && run.figures.size() != figures) ||
        (!run.verdicts.empty() && run.verdicts.size() != report.constraints.size()))
      refuse("runs");
  for (const ComparedConstraint& constraint : report.constraints)
    if (constraint.met.size() != arms) refuse("constraints");
}

}  // namespace

ordered_json to_json(const CompareReport& report) {
  return {{"format", kFormat},
          {"name", report.name},
          {"finished", report.finished},
          {"command", report.command},
          {"outcome", report.outcome},
          {"confidence", report.confidence},
          {"seeds", report.seeds},
          {"done", report.done},
          {"same_test_rows", report.same_test_rows},
          {"test_rows", report.test_rows},
          {"comparisons", report.comparisons},
          {"device", report.device},
          {"seconds", core::number_or_null(report.seconds)},
          {"figures", list_of(report.figures, figure_json)},
          {"constraints", list_of(report.constraints,
                                  [](const ComparedConstraint& one) -> ordered_json {
                                    return {{"title", one.title}, {"met", one.met}};
                                  })},
          {"arms", list_of(report.arms, arm_json)},
          {"runs", list_of(report.runs, run_json)},
          {"files",
           list_of(report.files,
                   [](const data::Fingerprint& file) -> ordered_json {
                     return {{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}, {"rows", file.rows}};
                   })},
          {"warnings", report.warnings}};
}

CompareReport compare_report_from_json(const json& object) {
  const core::JsonReader reader(object, "comparison");
  reader.require_format(kFormat);
  CompareReport report;
  reader.read("name", report.name);
  reader.read("finished", report.finished);
  reader.read("command", report.command);
  reader.read("outcome", report.outcome);
  reader.read("confidence", report.confidence);
  reader.read("seeds", report.seeds);
  reader.read("done", report.done);
  reader.read("same_test_rows", report.same_test_rows);
  reader.read("test_rows", report.test_rows);
  reader.read("comparisons", report.comparisons);
  reader.read("device", report.device);
  reader.read("seconds", report.seconds);
  reader.each("figures",
              [&](const json& item, const std::string& path) { report.figures.push_back(figure_from(item, path)); });
  reader.each("constraints", [&](const json& item, const std::string& path) {
    const core::JsonReader fields(item, path);
    ComparedConstraint& constraint = report.constraints.emplace_back();
    fields.read("title", constraint.title);
    fields.read("met", constraint.met);
  });
  reader.each("arms", [&](const json& item, const std::string& path) { report.arms.push_back(arm_from(item, path)); });
  reader.each("runs", [&](const json& item, const std::string& path) { report.runs.push_back(run_from(item, path)); });
  reader.each("files", [&](const json& item, const std::string& path) {
    const core::JsonReader fields(item, path);
    data::Fingerprint& file = report.files.emplace_back();
    fields.read("path", file.path);
    fields.read("sha256", file.sha256);
    fields.read("bytes", file.bytes);
    fields.read("rows", file.rows);
  });
  reader.read("warnings", report.warnings);
  check_places(report);
  // Of a file of an earlier program the first arm's mean over all of its seeds.
  for (ComparedArm& arm : report.arms)
    for (std::size_t f = 0; f < arm.differences.size(); ++f)
      if (arm.differences[f] && std::isnan(arm.differences[f]->from))
        arm.differences[f]->from = report.arms.front().means[f].value_or(0);
  return report;
}

}  // namespace equipoise::report
