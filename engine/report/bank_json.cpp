#include "engine/core/json_reader.h"
#include "engine/report/bank_report.h"
#include "engine/report/sections.h"

namespace equipoise::report {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::int64_t kFormat = 1;

ordered_json to_json(const BankMember& member) {
  return {{"title", member.title},
          {"folder", member.folder},
          {"outcome", member.outcome},
          {"failure", member.failure},
          {"steps", member.steps},
          {"kept", member.kept},
          {"result", member.result ? ordered_json(evaluation::to_json(*member.result)) : ordered_json(nullptr)}};
}

BankMember member_from_json(const json& object, const std::string& path) {
  const core::JsonReader reader(object, path);
  BankMember member;
  reader.read("title", member.title);
  reader.read("folder", member.folder);
  reader.read("outcome", member.outcome);
  reader.read("failure", member.failure);
  reader.read("steps", member.steps);
  reader.read("kept", member.kept);
  const auto result = object.find("result");
  if (result == object.end()) throw core::UserError(core::Fault::data, path + ".result is missing");
  if (result->is_null()) return member;
  try {
    member.result = evaluation::split_result_from_json(*result);
  } catch (const core::UserError& error) {
    // Its place counts from the result, the same in every member.
    throw core::UserError(error.fault(), fmt::format("{}.result: {}", path, error.what()));
  }
  return member;
}

void let_go(evaluation::Metrics& metrics) {
  metrics.groups.clear();
  metrics.calibration.clear();
}

}  // namespace

BankMember bank_member(const Report& report, std::string title, std::string folder, std::string failure) {
  BankMember member;
  member.title = std::move(title);
  member.folder = std::move(folder);
  member.outcome = report.outcome;
  member.failure = std::move(failure);
  member.steps = report.steps;
  member.kept = report.kept;
  if (const evaluation::SplitResult* split = headline_split(report)) {
    member.result = *split;
    let_go(member.result->metrics);
    for (evaluation::OutcomeMetrics& outcome : member.result->outcomes) let_go(outcome.metrics);
    // Everyone's errors say how good the member is.
    if (member.result->regression)
      std::erase_if(member.result->regression->groups, [](const auto& group) { return !group.grouping.empty(); });
    member.result->thresholds.clear();
  }
  return member;
}

ordered_json to_json(const BankReport& report) {
  ordered_json members = ordered_json::array();
  for (const BankMember& member : report.members) members.push_back(to_json(member));
  return {{"format", kFormat},
          {"name", report.name},
          {"finished", report.finished},
          {"command", report.command},
          {"outcome", report.outcome},
          {"confidence", core::number_or_null(report.confidence)},
          {"training_seconds", core::number_or_null(report.training_seconds)},
          {"rows_per_second", core::number_or_null(report.rows_per_second)},
          {"device", report.device},
          {"warnings", report.warnings},
          {"members", std::move(members)}};
}

BankReport bank_report_from_json(const json& object) {
  const core::JsonReader reader(object, "bank");
  reader.require_format(kFormat);
  BankReport report;
  reader.read("name", report.name);
  reader.read("finished", report.finished);
  reader.read("command", report.command);
  reader.read("outcome", report.outcome);
  reader.read("confidence", report.confidence);
  reader.read("training_seconds", report.training_seconds);
  reader.read("rows_per_second", report.rows_per_second);
  reader.read("device", report.device);
  reader.read("warnings", report.warnings);
  reader.each("members", [&](const json& item, const std::string& path) {
    report.members.push_back(member_from_json(item, path));
  });
  return report;
}

}  // namespace equipoise::report
