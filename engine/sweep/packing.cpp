#include "engine/sweep/packing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/config/origin.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/training/bank.h"

namespace equipoise::sweep {
namespace {

// A program's argument is at most 128 KiB long on Linux.
constexpr std::size_t kLongestArgument = 100000;

std::string members_text(const std::vector<const Setting*>& members) {
  std::string text;
  for (const Setting* member : members) {
    std::string words;
    for (const std::string& word : member->own) words += (words.empty() ? "" : ", ") + config::in_double_quotes(word);
    text += fmt::format("{}{{set: [{}]}}", text.empty() ? "" : ", ", words);
  }
  return "bank.members=[" + text + "]";
}

PlannedJob run_of(const Setting& setting) {
  PlannedJob job{setting.id, JobKind::run, setting.shared, {setting.id}};
  job.overrides.insert(job.overrides.end(), setting.own.begin(), setting.own.end());
  return job;
}

PlannedJob bank_of(const std::vector<const Setting*>& members) {
  PlannedJob job{"", JobKind::bank, members.front()->shared, {}};
  job.overrides.push_back(members_text(members));
  std::string ids;
  for (const Setting* member : members) {
    job.runs.push_back(member->id);
    ids += member->id;
  }
  job.id = id_of(ids);
  return job;
}

bool can_be_bank(const Setting& setting, std::size_t members, const BaseConfig& base) {
  try {
    training::check(base.with(setting.shared), members, config::Origin());
    return true;
  } catch (const core::UserError&) {
    return false;  // each alone is fine: that was checked
  }
}

// In banks of like size, of which none is too long to be said on a command line.
void cut(const std::vector<const Setting*>& group, std::size_t bank_size, std::vector<PlannedJob>& jobs) {
  const std::size_t banks = (group.size() + bank_size - 1) / bank_size;
  std::size_t begin = 0;
  for (std::size_t bank = 0; bank < banks; ++bank) {
    const std::size_t end = group.size() * (bank + 1) / banks;
    const std::vector<const Setting*> members(group.begin() + static_cast<std::ptrdiff_t>(begin),
                                              group.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end;
    if (members.size() == 1)
      jobs.push_back(run_of(*members.front()));
    else if (members_text(members).size() > kLongestArgument)
      cut(members, members.size() / 2, jobs);
    else
      jobs.push_back(bank_of(members));
  }
}

}  // namespace

Setting setting_of(const Point& point, const BaseConfig& base) {
  Setting setting;
  setting.point = point;
  const std::vector<std::string> overrides = base.overrides_of(point);
  const training::RunConfig config = base.with(overrides);
  const training::RunConfig deciding = deciding_part(config);
  setting.id = id_of(config::struct_to_yaml(deciding));
  std::vector<std::string> words;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const bool is_own = training::may_vary(point[i].first, config);
    (is_own ? setting.own : setting.shared).push_back(overrides[i]);
  }
  // A member says something, if only what it would have been without.
  if (setting.own.empty()) setting.own.push_back(fmt::format("training.seed={}", config.training.seed));
  setting.group = id_of(config::struct_to_yaml(training::shared_part(deciding)));
  for (const std::string& word : setting.shared) setting.group += "\n" + word;
  return setting;
}

std::vector<PlannedJob> pack(const std::vector<Setting>& settings, std::size_t bank_size, const BaseConfig& base) {
  std::vector<std::vector<const Setting*>> groups;
  std::map<std::string, std::size_t> places;
  for (const Setting& setting : settings) {
    const auto [place, is_new] = places.emplace(setting.group, groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(&setting);
  }
  std::vector<PlannedJob> jobs;
  for (const std::vector<const Setting*>& group : groups) {
    const bool as_bank = bank_size > 1 && group.size() > 1 && can_be_bank(*group.front(), group.size(), base);
    if (as_bank)
      cut(group, bank_size, jobs);
    else
      for (const Setting* setting : group) jobs.push_back(run_of(*setting));
  }
  return jobs;
}

}  // namespace equipoise::sweep
