#include "engine/core/json_reader.h"
#include "engine/report/frontier_report.h"

namespace equipoise::report {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::int64_t kFormat = 1;

ordered_json split_json(const std::optional<evaluation::SplitResult>& split) {
  return split ? ordered_json(evaluation::to_json(*split)) : ordered_json(nullptr);
}

ordered_json to_json(const FrontierReport& report, const FrontierRule& rule) {
  const std::optional<bool> is_showable = can_be_shown(report, rule);
  return {
      {"tolerance", core::number_or_null(rule.tolerance)},
      {"can_be_shown", is_showable ? ordered_json(*is_showable) : ordered_json(nullptr)},
      {"multipliers", rule.multipliers},
      // Less than nothing where no rule holds all bounds.
      {"attainable", rule.attainable < 0 ? ordered_json(nullptr) : ordered_json(core::number_or_null(rule.attainable))},
      {"expected_accuracy", rule.expected_accuracy},
      {"excess", rule.excess},
      {"margins", rule.margins},
      {"leaning",
       rule.leaning ? ordered_json{{"answer", rule.leaning->answer}, {"by", rule.leaning->by}} : ordered_json(nullptr)},
      {"probabilities", rule.probabilities},
      {"selection", split_json(report.is_out_of_fold ? std::nullopt : rule.held_out)},
      {"out_of_fold", split_json(report.is_out_of_fold ? rule.held_out : std::nullopt)},
      {"test", split_json(rule.test)}};
}

std::optional<evaluation::SplitResult> split_from(const json& object, const char* key, const std::string& path) {
  const auto found = object.find(key);
  if (found == object.end()) throw core::UserError(core::Fault::data, path + "." + key + " is missing");
  if (found->is_null()) return std::nullopt;
  try {
    return evaluation::split_result_from_json(*found);
  } catch (const core::UserError& error) {
    throw core::UserError(error.fault(), fmt::format("{}.{}: {}", path, key, error.what()));
  }
}

FrontierRule rule_from(const json& object, const std::string& path) {
  const core::JsonReader reader(object, path);
  FrontierRule rule;
  reader.read("tolerance", rule.tolerance);
  reader.read("multipliers", rule.multipliers);
  reader.read("attainable", rule.attainable);
  reader.read("expected_accuracy", rule.expected_accuracy);
  reader.read("excess", rule.excess);
  reader.read("margins", rule.margins);
  reader.read_if_there("probabilities", rule.probabilities);
  reader.if_there("leaning", [&](const json& item, const std::string& place) {
    if (item.is_null()) return;
    const core::JsonReader leaning(item, place);
    leaning.read("answer", rule.leaning.emplace().answer);
    leaning.read("by", rule.leaning->by);
  });
  rule.held_out = split_from(object, "selection", path);
  if (!rule.held_out && object.contains("out_of_fold")) rule.held_out = split_from(object, "out_of_fold", path);
  rule.test = split_from(object, "test", path);
  return rule;
}

}  // namespace

evaluation::SplitResult figures_alone(evaluation::SplitResult result) {
  const auto let_go = [](evaluation::Metrics& metrics) {
    metrics.groups.clear();
    metrics.calibration.clear();
  };
  let_go(result.metrics);
  for (evaluation::OutcomeMetrics& outcome : result.outcomes) let_go(outcome.metrics);
  result.thresholds.clear();
  return result;
}

ordered_json to_json(const FrontierReport& report) {
  ordered_json rules = ordered_json::array();
  for (const FrontierRule& rule : report.rules) rules.push_back(to_json(report, rule));
  return {{"format", kFormat},
          {"name", report.name},
          {"finished", report.finished},
          {"command", report.command},
          {"confidence", report.confidence},
          {"device", report.device},
          {"model", report.model},
          {"training_seconds", report.training_seconds},
          {"solving_seconds", report.solving_seconds},
          {"selection_rows", report.is_out_of_fold ? 0 : report.held_out_rows},
          {"training_rows", report.is_out_of_fold ? report.held_out_rows : 0},
          {"test_rows", report.test_rows},
          {"showable", core::number_or_null(report.showable)},
          {"kept", report.kept},
          {"uses_groups", report.uses_groups},
          {"randomised", report.is_randomised},
          {"rule_confidence", report.rule_confidence},
          {"cells", report.cells},
          {"multiplier_titles", report.multiplier_titles},
          {"warnings", report.warnings},
          {"unconstrained", to_json(report, report.unconstrained)},
          {"rules", std::move(rules)}};
}

FrontierReport frontier_report_from_json(const json& object) {
  const core::JsonReader reader(object, "frontier");
  reader.require_format(kFormat);
  FrontierReport report;
  reader.read("name", report.name);
  reader.read("finished", report.finished);
  reader.read("command", report.command);
  reader.read("confidence", report.confidence);
  reader.read("device", report.device);
  reader.read("model", report.model);
  reader.read("training_seconds", report.training_seconds);
  reader.read("solving_seconds", report.solving_seconds);
  reader.read("selection_rows", report.held_out_rows);
  std::int64_t training_rows = 0;
  reader.read_if_there("training_rows", training_rows);
  report.is_out_of_fold = training_rows > 0;
  if (report.is_out_of_fold) report.held_out_rows = training_rows;
  reader.read("test_rows", report.test_rows);
  reader.read("showable", report.showable);
  reader.read("kept", report.kept);
  reader.read("uses_groups", report.uses_groups);
  reader.read_if_there("randomised", report.is_randomised);
  reader.read_if_there("rule_confidence", report.rule_confidence);
  reader.read("cells", report.cells);
  reader.read("multiplier_titles", report.multiplier_titles);
  reader.read("warnings", report.warnings);
  bool has_unconstrained = false;
  reader.if_there("unconstrained", [&](const json& item, const std::string& path) {
    report.unconstrained = rule_from(item, path);
    has_unconstrained = true;
  });
  if (!has_unconstrained) throw core::UserError(core::Fault::data, "frontier.unconstrained is missing");
  reader.each("rules",
              [&](const json& item, const std::string& path) { report.rules.push_back(rule_from(item, path)); });
  return report;
}

}  // namespace equipoise::report
