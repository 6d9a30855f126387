#include "engine/checkpoint/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "engine/core/cut.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::checkpoint {
namespace {

bool is_inside(const std::string& field, const std::string& part) {
  if (!field.starts_with(part)) return false;
  return field.size() == part.size() || field[part.size()] == '.' || field[part.size()] == '[';
}

std::string shown(const std::optional<std::string>& value) {
  constexpr std::size_t kLongest = 80;
  if (!value) return "nothing";
  return value->size() <= kLongest ? *value : core::cut(*value, kLongest) + "...";
}

std::optional<std::string> value_of(const std::map<std::string, std::string>& values, const std::string& field) {
  const auto found = values.find(field);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

// "constraints[1].kind" as "constraints[].kind": lists of two runs may be of two lengths.
std::string without_places(const std::string& field) {
  std::string text;
  bool is_place = false;
  for (const char letter : field) {
    if (letter == ']') is_place = false;
    if (!is_place) text += letter;
    if (letter == '[') is_place = true;
  }
  return text;
}

}  // namespace

std::vector<Difference> differences(const Fields& saved, const Fields& now) {
  const std::map<std::string, std::string> before(saved.begin(), saved.end()), after(now.begin(), now.end());
  std::vector<std::string> fields;  // in the order of the config
  for (const auto& [field, value] : now) fields.push_back(field);
  for (const auto& [field, value] : saved)
    if (!after.contains(field)) fields.push_back(field);
  std::vector<Difference> differing;
  for (const std::string& field : fields) {
    Difference one{field, value_of(before, field), value_of(after, field)};
    if (one.there != one.now) differing.push_back(std::move(one));
  }
  return differing;
}

std::vector<Difference> without(std::vector<Difference> differing, const std::vector<std::string>& allowed) {
  std::erase_if(differing, [&](const Difference& one) {
    return std::ranges::any_of(allowed, [&](const std::string& part) { return is_inside(one.field, part); });
  });
  return differing;
}

std::string to_lines(const std::vector<Difference>& differing) {
  std::string text;
  for (const Difference& one : differing)
    text += fmt::format("\n  {}: {} there, {} now", one.field, shown(one.there), shown(one.now));
  return text;
}

void check_allowed(const std::vector<std::string>& allowed, const Fields& known) {
  std::set<std::string> names;
  for (const auto& [field, value] : known) {
    names.insert(field);
    for (std::size_t at = field.find_first_of(".["); at != std::string::npos; at = field.find_first_of(".[", at + 1))
      names.insert(field.substr(0, at));
  }
  for (const std::string& part : allowed) {
    const bool has_a_place = part.find("[]") == std::string::npos;
    if (has_a_place && (names.contains(part) || names.contains(without_places(part)))) continue;
    throw core::UserError(core::Fault::config,
                          fmt::format("--allow-change: there is no field '{}'{}", part,
                                      core::did_you_mean(part, std::vector<std::string>(names.begin(), names.end()))));
  }
}

}  // namespace equipoise::checkpoint
