#include "engine/config/recipe_files.h"

#include <optional>
#include <string>

#include "engine/config/config_file.h"
#include "engine/core/nearest_name.h"

namespace equipoise::config {
namespace {

constexpr const char* kRecipe = "recipe";
constexpr const char* kFile = "file";

bool names_a_file(const Node& item) {
  if (item.kind != Node::Kind::mapping) return false;
  const Entry* entry = item.find(kRecipe);
  if (entry == nullptr || entry->value.kind != Node::Kind::scalar) return false;
  const std::string extension = std::filesystem::path(entry->value.text).extension().string();
  return extension == ".yaml" || extension == ".yml";
}

// The mapping that a file holds.
std::optional<Node> read_mapping(const std::filesystem::path& path, const core::Position& named_at,
                                 std::vector<core::Problem>& problems) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    problems.push_back({"there is no recipe file " + path.string() +
                            core::did_you_mean(path.filename().string(), files_in(path.parent_path(), false)),
                        named_at});
    return std::nullopt;
  }
  std::string text;
  try {
    text = read_start(path);
  } catch (const core::UserError& failure) {
    problems.insert(problems.end(), failure.problems().begin(), failure.problems().end());
    return std::nullopt;
  }
  std::optional<Node> root = parse_yaml(text, path.string(), problems);
  if (!root) return std::nullopt;
  if (root->kind != Node::Kind::mapping || root->find(kRecipe) == nullptr) {
    problems.push_back({"the file " + path.string() + " holds no recipe: it has no key 'recipe'", named_at});
    return std::nullopt;
  }
  return root;
}

void take_in(Node& item, const std::filesystem::path& folder, std::vector<core::Problem>& problems) {
  Entry& named = *item.find(kRecipe);
  const std::filesystem::path path = folder / named.value.text;  // an absolute one stays
  std::optional<Node> file = read_mapping(path, named.value.position, problems);
  if (!file) {
    item.kind = Node::Kind::refused;
    return;
  }
  std::string changed;
  for (const Entry& entry : item.entries)
    if (entry.key != kRecipe && file->find(entry.key) != nullptr)
      changed += (changed.empty() ? " with other " : ", ") + entry.key;
  Entry where = named;
  where.key = kFile;
  where.value.text = path.lexically_normal().string() + changed;
  where.value.quoted = true;
  named.value = file->find(kRecipe)->value;
  for (Entry& entry : file->entries)
    if (item.find(entry.key) == nullptr) item.entries.push_back(std::move(entry));
  if (item.find(kFile) == nullptr) item.entries.push_back(std::move(where));
}

}  // namespace

void read_recipe_files(Node& root, const std::filesystem::path& folder, std::vector<core::Problem>& problems) {
  for (Node& item : root.items) {
    if (names_a_file(item))
      take_in(item, folder, problems);
    else
      read_recipe_files(item, folder, problems);
  }
  for (Entry& entry : root.entries) read_recipe_files(entry.value, folder, problems);
}

}  // namespace equipoise::config
