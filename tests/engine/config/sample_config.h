#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/config/load.h"
#include "engine/config/origin.h"
#include "engine/core/error.h"

// A config with a field of every kind, in the shape of the real one.
namespace equipoise::config::sample {

struct Label {
  std::string column;
  std::vector<std::string> positive;

  void describe(Fields& fields) {
    fields.text("column", column, "The column to predict.", Need::required);
    fields.texts("positive", positive, "The values that count as positive.", Need::required);
  }
  bool operator==(const Label&) const = default;
};

struct Data {
  std::vector<std::string> files;
  Label label;
  std::map<std::string, std::string> types;
  std::map<std::string, std::string> names;
  std::vector<std::string> missing = {"", "?"};
  bool header = true;

  void describe(Fields& fields) {
    fields.paths("files", files, "CSV files.", Need::required);
    fields.section("label", label, "What is predicted.", Need::required);
    fields.text_map("types", types, {"number", "category"}, "Columns with a type of their own.");
    fields.text_map("names", names, {}, "What columns are called in reports.");
    fields.texts("missing", missing, "Texts that mean a missing value.");
    fields.boolean("header", header, "Whether the first line holds names.");
  }
  bool operator==(const Data&) const = default;
};

struct Optimizer {
  std::string kind = "adamw";
  double learning_rate = 1e-3;

  void describe(Fields& fields) {
    fields.choice("kind", kind, {"adamw", "sgd"}, "The rule of the step.");
    fields.number("learning_rate", learning_rate, above(0), "The size of a step.");
  }
  bool operator==(const Optimizer&) const = default;
};

struct Training {
  std::int64_t epochs = 20;
  double dropout = 0.25;
  std::vector<std::int64_t> hidden = {256, 256};
  std::vector<double> bins;
  double limit = 1;
  Optimizer optimizer;

  void describe(Fields& fields) {
    fields.integer("epochs", epochs, between(1, 1000), "Passes over the rows.");
    fields.number("dropout", dropout, {0, 1, false, true}, "Share of units that are zeroed.");
    fields.integers("hidden", hidden, between(1, 65536), "Widths of the hidden layers.");
    fields.numbers("bins", bins, any(), "Ascending bounds.");
    fields.number("limit", limit, {0, std::numeric_limits<double>::infinity(), false, false}, "May be infinite.");
    fields.section("optimizer", optimizer, "How the step is made.");
  }
  bool operator==(const Training&) const = default;
};

struct Output {
  std::string folder = "runs";

  void describe(Fields& fields) { fields.path("folder", folder, "Where runs are written."); }
  bool operator==(const Output&) const = default;
};

struct Constraint {
  std::string kind;
  std::string group;
  double tolerance = 0.05;

  void describe(Fields& fields) {
    fields.choice("kind", kind, {"demographic_parity", "equalized_odds"}, "Which rates must agree.", Need::required);
    fields.text("group", group, "The grouping.", Need::required);
    fields.number("tolerance", tolerance, inside(0, 1), "The largest gap that is allowed.");
  }
  bool operator==(const Constraint&) const = default;
};

struct Config {
  std::string name = "run";
  std::int64_t seed = 0;
  Data data;
  Training training;
  std::vector<Constraint> constraints;
  std::string folder = "runs";
  Output output;

  void describe(Fields& fields) {
    fields.text("name", name, "What the run is called.");
    fields.integer("seed", seed, at_least(0), "Where random draws start.");
    fields.section("data", data, "What is read.", Need::required);
    fields.section("training", training, "How the model is trained.");
    fields.list("constraints", constraints, "What must hold.");
    fields.path("folder", folder, "Where runs are written.");
    fields.section("output", output, "A section with a path.");
  }
  bool operator==(const Config&) const = default;
};

inline Describe describe(Config& config) {
  return [&config](Fields& fields) { config.describe(fields); };
}

inline constexpr std::string_view kValid = R"(# A whole config.
name: adult
seed: 7
data:
  files: [../a.csv, b.csv]
  label: {column: income, positive: [">50K", ">50K."]}
  types: {age: number, "zip.code": category}
  missing: ["", "?", NA]
  header: false
training:
  epochs: 5
  dropout: 0
  hidden: [64, 32]
  bins: [-1.5, 2, 3e2]
  optimizer: {kind: sgd, learning_rate: 1e-2}
constraints:
  - {kind: equalized_odds, group: sex, tolerance: 0.02}
  - kind: demographic_parity
    group: 'race'
folder: out
)";

/// A text with only what is required, and `more` after it.
inline std::string with(const std::string& more) {
  return "data: {files: a.csv, label: {column: y, positive: yes}}\n" + more;
}

inline Config load_sample(std::string_view text, const std::vector<std::string>& overrides = {}) {
  Config config;
  Origin origin;
  load_text(text, "run.yaml", "/data/me/configs", overrides, describe(config), origin);
  return config;
}

/// What the load complains about, a line each; "" when it does not.
inline std::string complaint(std::string_view text, const std::vector<std::string>& overrides = {}) {
  try {
    load_sample(text, overrides);
  } catch (const core::UserError& error) {
    return error.fault() == core::Fault::config ? error.what() : "not a config fault";
  }
  return "";
}

}  // namespace equipoise::config::sample
