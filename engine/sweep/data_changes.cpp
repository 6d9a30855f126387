#include "engine/sweep/data_changes.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace equipoise::sweep {
namespace {

// "data.files", "data.split.test_files[0]", "data.teacher.predictions", all of "data": whatever decides which files are read.
bool names_files(const std::string& field) {
  if (field == "data" || field == "data.split") return true;
  if (!field.starts_with("data.")) return false;
  constexpr std::array<const char*, 3> kSections = {"data.images", "data.teacher", "data.stored_decisions"};
  return field.find("files") != std::string::npos ||
         std::ranges::any_of(kSections, [&](const char* section) { return field.starts_with(section); });
}

bool decides_test_rows(const std::string& field) {
  if (field == "data") return true;
  return field.starts_with("data.") && !field.starts_with("data.features") && !field.starts_with("data.teacher");
}

std::string files_asked_for(const PlannedRun& run) {
  std::string text;
  for (const auto& [field, value] : run.point)
    if (names_files(field)) text += field + "=" + value_text(value) + "\n";
  return text;
}

struct Known {
  std::string sha256;
  std::vector<std::size_t> runs;
};

void add_all_but_the_most(std::vector<Known>& known, std::vector<std::size_t>& changed) {
  const auto most = std::ranges::max_element(known, {}, [](const Known& one) { return one.runs.size(); });
  for (auto one = known.begin(); one != known.end(); ++one)
    if (one != most) changed.insert(changed.end(), one->runs.begin(), one->runs.end());
}

}  // namespace

std::vector<std::size_t> runs_of_changed_data(const SweepResults& results) {
  std::map<std::string, std::vector<Known>> by_files;  // in the order of the plan
  for (std::size_t i = 0; i < results.runs.size(); ++i) {
    const std::string& sha256 = results.runs[i].data_sha256;
    if (sha256.empty()) continue;
    std::vector<Known>& known = by_files[files_asked_for(results.plan.runs[i])];
    auto same = std::ranges::find(known, sha256, &Known::sha256);
    if (same == known.end()) same = known.insert(known.end(), {sha256, {}});
    same->runs.push_back(i);
  }
  std::vector<std::size_t> changed;
  for (auto& [files, known] : by_files) add_all_but_the_most(known, changed);
  std::ranges::sort(changed);
  return changed;
}

bool have_changed_data(const SweepResults& results, std::size_t one, std::size_t other) {
  const std::string &first = results.runs[one].data_sha256, &second = results.runs[other].data_sha256;
  return !first.empty() && !second.empty() && first != second &&
         files_asked_for(results.plan.runs[one]) == files_asked_for(results.plan.runs[other]);
}

std::vector<std::string> fields_of_test_rows(const SweepResults& results) {
  std::vector<std::string> fields;
  for (const std::string& field : results.fields) {
    if (!decides_test_rows(field)) continue;
    std::set<std::string> values;
    for (std::size_t i = 0; i < results.runs.size(); ++i) {
      const Value* value = value_of(results.plan.runs[i], field);
      if (results.runs[i].status == RunStatus::finished) values.insert(value == nullptr ? "" : value_text(*value));
    }
    if (values.size() > 1) fields.push_back(field);
  }
  return fields;
}

bool have_other_test_rows(const SweepResults& results, std::size_t one, std::size_t other) {
  const std::string &splits = results.runs[one].splits_sha256, &others = results.runs[other].splits_sha256;
  if (!splits.empty() && !others.empty() && splits != others) return true;
  return std::ranges::any_of(results.fields, [&](const std::string& field) {
    if (!decides_test_rows(field)) return false;
    const Value *first = value_of(results.plan.runs[one], field), *second = value_of(results.plan.runs[other], field);
    return (first == nullptr) != (second == nullptr) || (first != nullptr && *first != *second);
  });
}

}  // namespace equipoise::sweep
