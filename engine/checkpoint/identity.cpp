#include "engine/checkpoint/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/core/cut.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/core/refusals.h"

namespace equipoise::checkpoint {
namespace {

bool is_inside(const std::string& field, const std::string& part) {
  if (!field.starts_with(part)) return false;
  return field.size() == part.size() || field[part.size()] == '.' || field[part.size()] == '[';
}

std::string shown(const std::string* value) {
  constexpr std::size_t kLongest = 80;
  if (value == nullptr) return "nothing";
  return value->size() <= kLongest ? *value : core::cut(*value, kLongest) + "...";
}

}  // namespace

void check_belongs(const Fields& saved, const Fields& now, const std::vector<std::string>& allowed,
                   const std::string& name) {
  const std::map<std::string, std::string> before(saved.begin(), saved.end()), after(now.begin(), now.end());
  std::vector<std::string> fields;  // in the order of the config
  for (const auto& [field, value] : now) fields.push_back(field);
  for (const auto& [field, value] : saved)
    if (!after.contains(field)) fields.push_back(field);
  std::vector<std::string> differing;
  std::string text;
  for (const std::string& field : fields) {
    const auto there = before.find(field), here = after.find(field);
    if (there != before.end() && here != after.end() && there->second == here->second) continue;
    if (std::ranges::any_of(allowed, [&](const std::string& part) { return is_inside(field, part); })) continue;
    differing.push_back(field);
    text += fmt::format("\n  {}: {} there, {} now", field, shown(there == before.end() ? nullptr : &there->second),
                        shown(here == after.end() ? nullptr : &here->second));
  }
  if (differing.empty()) return;
  std::string options;
  for (const std::string& field : differing) options += " --allow-change " + field;
  throw core::UserError(core::Fault::config,
                        fmt::format("the checkpoint '{}' {}:{}\nGo on with the run as it was, or accept "
                                    "what differs with{}; what is trained is then neither the one run nor the other",
                                    name, core::refusals::kOtherRun, text, options));
}

void check_allowed(const std::vector<std::string>& allowed, const Fields& known) {
  std::set<std::string> names;
  for (const auto& [field, value] : known) {
    names.insert(field);
    for (std::size_t at = field.find_first_of(".["); at != std::string::npos; at = field.find_first_of(".[", at + 1))
      names.insert(field.substr(0, at));
  }
  for (const std::string& part : allowed) {
    if (names.contains(part)) continue;
    throw core::UserError(core::Fault::config,
                          fmt::format("--allow-change: there is no field '{}'{}", part,
                                      core::did_you_mean(part, std::vector<std::string>(names.begin(), names.end()))));
  }
}

}  // namespace equipoise::checkpoint
