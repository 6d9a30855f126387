// What came of a sweep, for programs.
#include "engine/report/sweep_report.h"

namespace equipoise::report {

nlohmann::ordered_json to_json(const SweepReport& report) {
  const sweep::SweepResults& results = report.results;
  nlohmann::ordered_json counts = nlohmann::ordered_json::object(), chosen = nlohmann::ordered_json::array(),
                         never = nlohmann::ordered_json::array();
  for (const sweep::RunStatus status :
       {sweep::RunStatus::finished, sweep::RunStatus::stopped, sweep::RunStatus::interrupted, sweep::RunStatus::running,
        sweep::RunStatus::gone, sweep::RunStatus::failed, sweep::RunStatus::missing})
    counts[name_of(status)] = results.count(status);
  const auto split = report.findings.choosing;
  const auto id = [&](const std::optional<std::size_t>& run) {
    return run ? nlohmann::ordered_json(results.plan.runs[*run].id) : nlohmann::ordered_json(nullptr);
  };
  for (const sweep::Choice& choice : report.findings.choices)
    chosen.push_back({{"constraint", choice.constraint ? results.constraints[*choice.constraint].name : "all"},
                      {"tolerance", choice.tolerance ? nlohmann::ordered_json(*choice.tolerance) : nullptr},
                      {"candidates", choice.candidates},
                      {"feasible", choice.feasible},
                      {"run", id(choice.run)},
                      {"nearest", id(choice.nearest)}});
  for (const sweep::NeverFeasible& one : report.findings.never_feasible)
    never.push_back({{"field", one.field}, {"value", one.value}, {"runs", one.runs}});
  nlohmann::ordered_json changed = nlohmann::ordered_json::array(), warnings = nlohmann::ordered_json::array();
  for (const std::size_t run : report.findings.changed_data) changed.push_back(results.plan.runs[run].id);
  for (const std::string& text : {changed_data_text(report), other_rows_text(report)})
    if (!text.empty()) warnings.push_back(text);
  return {{"runs", results.runs.size()},
          {"counts", counts},
          {"chosen_by", split ? nlohmann::ordered_json(split_word(*split)) : nullptr},
          {"choices", chosen},
          {"never_feasible", never},
          {"changed_data", changed},
          {"warnings", warnings},
          {"comparison", report.comparison ? nlohmann::ordered_json(to_json(*report.comparison)) : nullptr}};
}

}  // namespace equipoise::report
