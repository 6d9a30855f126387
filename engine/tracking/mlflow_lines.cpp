#include "engine/tracking/mlflow_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "engine/core/cut.h"

namespace equipoise::tracking {
namespace {

using nlohmann::json;
using namespace mlflow_limits;

// Scripts whose signs Python's \w, which is MLflow's rule, takes for letters. Signs of other ranges may be none.
constexpr std::pair<char32_t, char32_t> kLetters[] = {
    {0xC0, 0xD6},   {0xD8, 0xF6},     {0xF8, 0x24F},    {0x386, 0x386},   {0x388, 0x38A},
    {0x38E, 0x3A1}, {0x3A3, 0x3CE},   {0x400, 0x481},   {0x48A, 0x52F},   {0x5D0, 0x5EA},
    {0x620, 0x64A}, {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}};

bool is_letter(char32_t sign) {
  return std::ranges::any_of(kLetters, [&](const auto& range) { return sign >= range.first && sign <= range.second; });
}

// The sign of UTF-8 at the front, and its bytes; of broken text one byte that is no letter.
std::pair<char32_t, std::size_t> first_sign(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t bytes = byte(0) < 0x80 ? 1 : byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : byte(0) >= 0xC2 ? 2 : 1;
  if (bytes == 1 || text.size() < bytes) return {byte(0) < 0x80 ? byte(0) : 0xFFFD, 1};
  char32_t sign = byte(0) & (0xFF >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0xFFFD, 1};
    sign = (sign << 6) | (byte(i) & 0x3F);
  }
  return {sign, bytes};
}

bool is_taken(char32_t sign) {
  if (sign >= 0x80) return is_letter(sign);
  return std::isalnum(static_cast<int>(sign)) != 0 ||
         std::string_view("_-. /:").find(static_cast<char>(sign)) != std::string_view::npos;
}

json entry(const std::string& key, const std::string& value, std::size_t most) {
  return {{"key", key}, {"value", core::cut(value, most)}};
}

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void add_in_parts(std::vector<Line>& lines, const char* what, const json& entries, std::size_t most) {
  for (std::size_t first = 0; first < entries.size(); first += most) {
    json part = json::array();
    for (std::size_t i = first; i < std::min(first + most, entries.size()); ++i) part.push_back(entries[i]);
    lines.push_back({{what, part}});
  }
}

json params_of(const RunFacts& facts) {
  std::vector<std::string> paths;
  for (const Setting& setting : facts.settings) paths.push_back(setting.path);
  const std::vector<std::string> names = mlflow_names(paths);
  json params = json::array();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string value = text_of(facts.settings[i].value);
    if (!value.empty()) params.push_back(entry(names[i], value, kParamBytes));
  }
  return params;
}

const char* status_of(const std::string& outcome) {
  if (outcome == "finished") return "FINISHED";
  return outcome == "interrupted" ? "KILLED" : "FAILED";
}

// A job's folder is named by a hash, which tells people nothing: in a sweep a run is named by what it sets.
std::string name_of(const RunFacts& facts, bool is_member) {
  if (facts.sweep && !facts.sweep->title.empty()) return core::cut(facts.sweep->title, kKeyBytes);
  return is_member || facts.sweep ? facts.name : facts.label;
}

}  // namespace

std::string mlflow_name(const std::string& text) {
  std::string name;
  for (std::string_view rest = text; !rest.empty();) {
    const auto [sign, bytes] = first_sign(rest);
    if (is_taken(sign))
      name += rest.substr(0, bytes);
    else if (sign != ']')
      name += sign == '=' || sign == '[' ? '.' : '_';
    rest.remove_prefix(bytes);
  }
  name = core::cut(name, kKeyBytes);
  // It is also read as a path, which has to be in its plainest form.
  for (std::size_t at = name.find("//"); at != std::string::npos; at = name.find("//")) name.erase(at, 1);
  while (name.starts_with('/') || name.starts_with('.')) name.front() = '_';
  while (name.ends_with('/')) name.pop_back();
  for (std::size_t at = name.find("/."); at != std::string::npos; at = name.find("/.")) name[at + 1] = '_';
  return name.empty() ? "_" : name;
}

std::vector<std::string> mlflow_names(const std::vector<std::string>& texts) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const std::string& text : texts) {
    const std::string plain = mlflow_name(text);
    std::string name = plain;
    for (int number = 2; !taken.insert(name).second; ++number) {
      const std::string suffix = fmt::format(" {}", number);
      name = core::cut(plain, kKeyBytes - suffix.size()) + suffix;
    }
    names.push_back(name);
  }
  return names;
}

std::vector<Line> first_lines(const RunFacts& facts, const std::string& key, std::int64_t start, bool is_member,
                              const std::optional<SweepParent>& sweep) {
  json tags = {{"equipoise.key", key},
               {"equipoise.run", facts.label},
               {"equipoise.command", core::cut(facts.command, kTagBytes)},
               {"equipoise.config_sha256", facts.config_sha256},
               {"mlflow.source.name", "equipoise"},
               {"mlflow.source.type", "LOCAL"}};
  if (sweep) tags[kSweepTag] = sweep->key;
  json run = {{"name", name_of(facts, is_member)},
              {"key", key},
              {"start_time", start},
              {"tags", tags},
              {"is_member", is_member}};
  if (sweep && !is_member) run["sweep"] = to_json(*sweep);
  std::vector<Line> lines;
  lines.push_back({{"run", run}});
  add_in_parts(lines, "params", params_of(facts), kParams);
  return lines;
}

std::vector<Line> metrics_lines(const std::vector<Figure>& figures, std::int64_t step, std::int64_t timestamp) {
  std::vector<std::string> texts;
  for (const Figure& figure : figures) texts.push_back(figure.name);
  const std::vector<std::string> names = mlflow_names(texts);
  json metrics = json::array();
  for (std::size_t i = 0; i < names.size(); ++i)
    metrics.push_back({{"key", names[i]}, {"value", figures[i].value}, {"timestamp", timestamp}, {"step", step}});
  std::vector<Line> lines;
  add_in_parts(lines, "metrics", metrics, kMetrics);
  return lines;
}

std::vector<Line> last_lines(const RunFacts& facts, const RunEnd& end, std::int64_t step, std::int64_t now,
                             bool with_artifacts) {
  std::vector<Line> lines;
  if (!facts.holds_runs) lines = metrics_lines(final_figures(facts, end), step, now);
  std::vector<std::string> names = {"outcome"}, values = {end.outcome};
  if (!facts.holds_runs) {
    names.emplace_back("verdict");
    values.push_back(worst_verdict(end));
  }
  for (const auto& [constraint, result] : test_constraints(facts, end)) {
    names.push_back("verdict/" + constraint);
    values.emplace_back(evaluation::name_of(result.verdict));
  }
  names = mlflow_names(names);
  json tags = json::array();
  for (std::size_t i = 0; i < names.size(); ++i)
    tags.push_back(entry("equipoise." + core::cut(names[i], 240), values[i], kTagBytes));
  add_in_parts(lines, "tags", tags, kTags);
  lines.push_back(ended_line(end.outcome, now));
  // Last: a store of artefacts that is away holds nothing else up.
  if (with_artifacts)
    for (const std::string& name : end.artifacts) lines.push_back({{"artifact", name}});
  return lines;
}

Line ended_line(const std::string& outcome, std::int64_t now) {
  return {{"status", {{"status", status_of(outcome)}, {"end_time", now}}}};
}

Line running_line() {
  return {{"status", {{"status", "RUNNING"}}}};
}

std::int64_t step_of(const Line& line) {
  std::int64_t step = -1;
  if (const auto metrics = line.find("metrics"); metrics != line.end())
    for (const json& metric : *metrics) step = std::max(step, metric.value("step", std::int64_t{-1}));
  return step;
}

}  // namespace equipoise::tracking
