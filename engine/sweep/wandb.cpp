#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/config/reader.h"
#include "engine/config/scalars.h"
#include "engine/core/nearest_name.h"
#include "engine/sweep/nodes.h"
#include "engine/sweep/request.h"
#include "engine/sweep/rounding.h"

namespace equipoise::sweep {
namespace {

using config::Entry;
using config::Node;

// One of W&B's ways to draw a number, in terms of this room's.
struct Distribution {
  const char* name;
  bool is_normal, is_log, is_whole;
  bool has_step;
  bool ends_are_exponents;
  bool is_of_inverse = false;  // its ends are those of the logarithm of 1 / x
};

constexpr Distribution kDistributions[] = {{"uniform", false, false, false, false, false},
                                           {"int_uniform", false, false, true, false, false},
                                           {"q_uniform", false, false, false, true, false},
                                           {"log_uniform", false, true, false, false, true},
                                           {"q_log_uniform", false, true, false, true, true},
                                           {"log_uniform_values", false, true, false, false, false},
                                           {"inv_log_uniform", false, true, false, false, true, true},
                                           {"inv_log_uniform_values", false, true, false, false, false},  // the same
                                           {"q_log_uniform_values", false, true, false, true, false},
                                           {"normal", true, false, false, false, false},
                                           {"q_normal", true, false, false, true, false},
                                           {"log_normal", true, true, false, false, false},
                                           {"q_log_normal", true, true, false, true, false}};

class WandbReader {
 public:
  WandbReader(SweepParams& params, core::Journal& journal, std::vector<core::Problem>& problems)
      : params_(params), journal_(journal), problems_(problems) {}

  void read(const Node& root, const std::filesystem::path& folder) {
    params_.axes = mapping_node(root.position);
    if (const Entry* method = root.find("method")) read_method(*method);  // what parameters mean hangs on it
    for (const Entry& entry : root.entries) read_key(entry, folder);
    if (!passed_over_.empty())
      journal_.say("Of the W&B file, these mean nothing to a sweep without a server and are passed over: " +
                   core::listed(passed_over_) + ".");
    if (cap_ && params_.search == "random") params_.trials = *cap_;
    if (!cap_ && params_.search == "random" && problems_.empty())
      problem(root.position,
              "method: random draws without an end on a server; say how many settings here with run_cap");
    if (cap_ && params_.search == "grid") params_.limit = *cap_;
  }

 private:
  void problem(const core::Position& position, const std::string& what) { problems_.push_back({what, position}); }

  void read_key(const Entry& entry, const std::filesystem::path& folder) {
    const std::string& key = entry.key;
    if (key == "method") return;
    if (key == "parameters") return read_parameters(entry.value, "");
    if (key == "name") {
      params_.name = entry.value.text;
    } else if (key == "run_cap") {
      const auto parsed = config::parse_integer(entry.value.text, config::between(1, 1000000));
      if (const auto* cap = std::get_if<std::int64_t>(&parsed))
        cap_ = *cap;
      else
        problem(entry.value.position, "run_cap: " + std::get<config::Refusal>(parsed).reason);
    } else if (key == "metric") {
      read_metric(entry);
    } else if (key == "program") {
      const std::filesystem::path file = entry.value.text;
      if (file.extension() == ".yaml" || file.extension() == ".yml")
        params_.config = std::filesystem::absolute(folder / file).lexically_normal().string();
      else
        passed_over_.push_back(key);
    } else if (key == "early_terminate") {
      problem(entry.key_position,
              "early_terminate is W&B's own; leave it out, or write a sweep file with search: asha, which stops runs "
              "that fall "
              "behind the frontier");
    } else {
      passed_over_.push_back(key);
    }
  }

  void read_metric(const Entry& entry) {
    const Entry *name = entry.value.find("name"), *goal = entry.value.find("goal");
    if (name == nullptr || (name->value.text != "accuracy" && name->value.text != "loss")) {
      passed_over_.push_back(entry.key);
      return;
    }
    params_.metric = name->value.text;
    const std::string wanted = params_.metric == "accuracy" ? "maximize" : "minimize";
    if (goal != nullptr && goal->value.text != wanted)
      problem(goal->value.position,
              fmt::format("metric: the goal of {} is to {} it, got '{}'", params_.metric, wanted, goal->value.text));
  }

  void read_method(const Entry& entry) {
    const std::string& method = entry.value.text;
    if (method == "grid" || method == "random") {
      params_.search = method;
    } else if (method == "bayes") {
      problem(entry.value.position,
              "method: bayes models one figure, and a constraint has two, accuracy and gap: use random here, or "
              "search: sobol "
              "in a sweep file");
    } else {
      problem(entry.value.position, fmt::format("method: expected grid or random, got '{}'", method));
    }
  }

  void read_parameters(const Node& node, const std::string& prefix) {
    if (node.kind != Node::Kind::mapping)
      return problem(node.position, "parameters: expected a mapping, got " + config::described(node));
    for (const Entry& entry : node.entries) {
      const std::string field = prefix + entry.key;
      if (entry.value.kind != Node::Kind::mapping)
        problem(entry.value.position,
                fmt::format("parameters.{}: expected a mapping with value, values, or min and max", field));
      else if (const Entry* inner = entry.value.find("parameters"))
        read_parameters(inner->value, field + ".");
      else
        read_parameter(field, entry.value);
    }
  }

  void read_parameter(const std::string& field, const Node& node) {
    static const std::vector<std::string> known = {
        "value", "values", "probabilities", "distribution", "min", "max", "mu", "sigma", "q"};
    for (const Entry& entry : node.entries)
      if (std::ranges::find(known, entry.key) == known.end())
        return problem(entry.key_position,
                       fmt::format("parameters.{}: '{}' is not known{}; there are {}", field, entry.key,
                                   core::did_you_mean(entry.key, known), core::listed(known)));
    if (const Entry* value = node.find("value"))
      return put(params_.axes, field, list_node({value->value}, value->key_position));
    if (const Entry* values = node.find("values")) return read_values(field, node, values->value);
    read_numbers(field, node);
  }

  // W&B's grid takes every value, whatever its probability.
  void read_values(const std::string& field, const Node& node, const Node& values) {
    const Entry* probabilities = node.find("probabilities");
    if (probabilities == nullptr) return put(params_.axes, field, values);
    if (params_.search == "grid") {
      passed_over_.push_back(fmt::format("parameters.{}.probabilities", field));
      return put(params_.axes, field, values);
    }
    Node axis = mapping_node(node.position);
    put(axis, "values", values);
    put(axis, "probabilities", probabilities->value);
    put(params_.axes, field, std::move(axis));
  }

  std::optional<double> number(const std::string& field, const Node& node, const char* key) {
    const Entry* entry = node.find(key);
    if (entry == nullptr) {
      problem(node.position, fmt::format("parameters.{}: '{}' is missing", field, key));
      return std::nullopt;
    }
    const auto parsed = config::parse_number(entry->value.text, config::any());
    if (const auto* value = std::get_if<double>(&parsed)) return *value;
    problem(entry->value.position,
            fmt::format("parameters.{}.{}: {}", field, key, std::get<config::Refusal>(parsed).reason));
    return std::nullopt;
  }

  // Where nothing else is said, two whole ends mean whole numbers.
  static std::string distribution_of(const Node& node) {
    if (const Entry* entry = node.find("distribution")) return entry->value.text;
    const auto is_whole = [&](const char* key) {
      const Entry* entry = node.find(key);
      return entry != nullptr &&
             std::holds_alternative<std::int64_t>(config::parse_integer(entry->value.text, config::Bounds{}));
    };
    return is_whole("min") && is_whole("max") ? "int_uniform" : "uniform";
  }

  void read_numbers(const std::string& field, const Node& node) {
    const std::string name = distribution_of(node);
    const auto found = std::ranges::find(kDistributions, name, &Distribution::name);
    if (found == std::end(kDistributions)) {
      std::vector<std::string> known;
      for (const Distribution& one : kDistributions) known.emplace_back(one.name);
      return problem(node.position, fmt::format("parameters.{}: the distribution '{}' is not known{}; there are {}",
                                                field, name, core::did_you_mean(name, known), core::listed(known)));
    }
    std::optional<double> low = number(field, node, found->is_normal ? "mu" : "min");
    std::optional<double> high = number(field, node, found->is_normal ? "sigma" : "max");
    std::optional<double> step = 1.0;
    if (found->has_step && node.find("q") != nullptr) step = number(field, node, "q");
    if (!low || !high || !step) return;
    if (found->is_of_inverse) {
      low = -*low;
      high = -*high;
      std::swap(low, high);
    }
    if (found->ends_are_exponents) {
      low = std::exp(*low);
      high = std::exp(*high);
    }
    const core::Position& at = node.position;
    if (params_.search == "grid" && (found->is_whole || (found->has_step && !found->is_log && !found->is_normal)))
      return put(params_.axes, field, every(*low, *high, found->is_whole ? 1.0 : *step, found->is_whole, at));
    Node axis = mapping_node(at);
    put(axis, found->is_normal ? "normal" : "range", list_node({number_node(*low, at), number_node(*high, at)}, at));
    if (found->is_log) put(axis, "scale", scalar_node("log", at));
    if (found->is_whole) put(axis, "whole", scalar_node("true", at));
    if (found->has_step) put(axis, "step", number_node(*step, at));
    put(params_.axes, field, std::move(axis));
  }

  Node every(double low, double high, double step, bool is_whole, const core::Position& at) {
    constexpr double kMost = 100000;
    std::vector<Node> items;
    if (step <= 0 || (high - low) / step > kMost) {
      problem(at, fmt::format("min to max by steps is more than {} values", kMost));
      return list_node({scalar_node("0", at)}, at);
    }
    for (double i = 0; low + i * step <= high + 1e-9 * step; ++i) {
      const double x = by_steps(low, step, i);
      items.push_back(is_whole ? scalar_node(std::to_string(std::llround(x)), at) : number_node(x, at));
    }
    return list_node(std::move(items), at);
  }

  SweepParams& params_;
  core::Journal& journal_;
  std::vector<core::Problem>& problems_;
  std::vector<std::string> passed_over_;
  std::optional<std::int64_t> cap_;
};

}  // namespace

bool is_wandb(const Node& root) {
  return root.kind == Node::Kind::mapping && root.find("method") != nullptr && root.find("parameters") != nullptr;
}

SweepParams params_from_wandb(const Node& root, const std::filesystem::path& folder, core::Journal& journal,
                              std::vector<core::Problem>& problems) {
  SweepParams params;
  WandbReader(params, journal, problems).read(root, folder);
  return params;
}

}  // namespace equipoise::sweep
