#include "engine/config/load.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "engine/config/config_file.h"
#include "engine/config/overrides.h"
#include "engine/config/reader.h"
#include "engine/config/recipe_files.h"
#include "engine/config/tree.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::config {
namespace {

[[noreturn]] void throw_all(std::vector<core::Problem> problems) {
  constexpr std::size_t kMostListed = 100;
  sort_by_position(problems);
  if (problems.size() > kMostListed) {
    const std::size_t rest = problems.size() - kMostListed;
    problems.resize(kMostListed);
    problems.push_back({"and " + std::to_string(rest) + " more problems", std::nullopt});
  }
  throw core::UserError(core::Fault::config, std::move(problems));
}

}  // namespace

void load(const std::filesystem::path& path, const std::vector<std::string>& overrides, const Describe& describe,
          Origin& origin) {
  require_file(path);
  load_text(read_start(path), path.string(), path.parent_path(), overrides, describe, origin);
}

void load_text(std::string_view text, const std::string& file_name, const std::filesystem::path& folder,
               const std::vector<std::string>& overrides, const Describe& describe, Origin& origin) {
  std::vector<core::Problem> problems;
  std::optional<Node> root = parse_yaml(text, file_name, problems);
  if (!root) throw_all(std::move(problems));
  const std::vector<Field> fields = outline(describe);
  if (root->kind == Node::Kind::nothing) {
    problems.push_back({"the config is empty; expected a mapping of " + core::listed(names_of(fields)),
                        core::Position{file_name, 0, 0}});
    throw_all(std::move(problems));
  }
  if (root->kind == Node::Kind::mapping) apply_overrides(*root, overrides, fields, problems);
  read_recipe_files(*root, folder, problems);
  read(*root, folder, describe, origin, problems);
  if (!problems.empty()) throw_all(std::move(problems));
}

}  // namespace equipoise::config
