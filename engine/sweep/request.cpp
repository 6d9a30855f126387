#include "engine/sweep/request.h"

#include <fmt/format.h>

#include "engine/config/config_file.h"
#include "engine/config/load.h"
#include "engine/config/reader.h"
#include "engine/core/error.h"

namespace equipoise::sweep {
namespace {

void refuse_a_config(const config::Node& root, const std::filesystem::path& file) {
  if (root.kind != config::Node::Kind::mapping || root.find("data") == nullptr || root.find("axes") != nullptr) return;
  throw core::UserError(core::Fault::config,
                        fmt::format("this is a config of one run; what varies is said with -m: equipoise sweep {} -m "
                                    "training.epochs=5,10, or in a sweep file",
                                    file.string()),
                        core::Position{file.string(), 0, 0});
}

// As a list of an axis that is empty would: no run.
void refuse_no_seeds(const config::Node& root, std::vector<core::Problem>& problems) {
  const config::Entry* seeds = root.kind == config::Node::Kind::mapping ? root.find("seeds") : nullptr;
  if (seeds != nullptr && seeds->value.kind == config::Node::Kind::list && seeds->value.items.empty())
    problems.push_back(
        {"seeds: the list is empty, so there would be no run; leave it out for the config's own training.seed",
         seeds->value.position});
}

}  // namespace

Request read_request(const std::filesystem::path& file, const std::string& config, core::Journal& journal) {
  config::require_file(file);
  Request request;
  request.text = config::read_start(file);
  std::vector<core::Problem> problems;
  std::optional<config::Node> root = config::parse_yaml(request.text, file.string(), problems);
  if (!root) throw core::UserError(core::Fault::config, std::move(problems));
  if (root->kind == config::Node::Kind::nothing)
    throw core::UserError(core::Fault::config,
                          "the sweep file is empty; expected at least a name, the config that varies and its axes",
                          core::Position{file.string(), 0, 0});
  refuse_a_config(*root, file);
  std::error_code error;
  const std::string given = config.empty() ? "" : std::filesystem::absolute(config, error).lexically_normal().string();
  if (is_wandb(*root)) {
    request.params = params_from_wandb(*root, file.parent_path(), journal, problems);
    if (!given.empty()) request.params.config = given;
    if (request.params.config.empty())
      problems.push_back({"a W&B file does not say which config it is about: give it with --config CONFIG",
                          core::Position{file.string(), 0, 0}});
  } else {
    if (!given.empty() && root->kind == config::Node::Kind::mapping) {
      std::erase_if(root->entries, [](const config::Entry& entry) { return entry.key == "config"; });
      config::Node path;
      path.kind = config::Node::Kind::scalar;
      path.text = given;
      root->entries.push_back({"config", {}, path});
    }
    config::read_struct(*root, file.parent_path(), request.params, request.origin, problems);
    refuse_no_seeds(*root, problems);
    for (const char* key : {"halving", "metric", "seed"})
      if (const config::Entry* entry = root->kind == config::Node::Kind::mapping ? root->find(key) : nullptr)
        request.written.emplace(key, entry->key_position);
  }
  if (!problems.empty()) throw core::UserError(core::Fault::config, std::move(problems));
  request.set_by_file = request.params.set.size();
  return request;
}

}  // namespace equipoise::sweep
