#include "engine/cli/command.h"
#include "engine/cli/run_folder.h"
#include "engine/config/explain.h"
#include "engine/config/load.h"
#include "engine/config/schema.h"
#include "engine/config/writer.h"
#include "engine/constraints/catalogue.h"
#include "engine/constraints/requests.h"
#include "engine/core/error.h"
#include "engine/data/prepare.h"
#include "engine/training/run_config.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {
namespace {

constexpr const char* kTitle = "Equipoise config";
constexpr const char* kDescription = "An experiment: what data, what model, what constraints.";

config::Describe describe(training::RunConfig& config) {
  return [&config](config::Fields& fields) { config.describe(fields); };
}

// Show and validate take the same arguments.
class OfConfig : public Command {
 public:
  explicit OfConfig(std::string verb) : verb_(std::move(verb)) {}

  std::vector<Argument> arguments() override {
    return {{"CONFIG", "The YAML file", &file_, "", true},
            {"key=value", "Overrides, as in equipoise train", &overrides_}};
  }

 protected:
  training::RunConfig load() {
    if (file_.empty()) {
      throw core::UserError(core::Fault::config, "config " + verb_ + " needs a config: equipoise config " + verb_ +
                                                     " CONFIG [key=value ...]");
    }
    training::RunConfig config;
    config::load(file_, overrides_, config, origin_);
    return config;
  }

  std::string file_;
  config::Origin origin_;

 private:
  std::string verb_;
  std::vector<std::string> overrides_;
};

class Show final : public OfConfig {
 public:
  Show() : OfConfig("show") {}
  int run(const Console& console, TerminalJournal& journal) override {
    training::RunConfig config = load();
    console.print(config::to_yaml(describe(config)));
    console.print_json(config::to_json(describe(config)));
    return 0;
  }
};

class Validate final : public OfConfig {
 public:
  Validate() : OfConfig("validate") {}
  int run(const Console& console, TerminalJournal& journal) override {
    const training::RunConfig config = load();
    core::ProblemList problems;
    problems.collect([&] { training::check_data_and_constraints(config, origin_); });
    problems.collect([&] { training::check_device(config, origin_); });
    std::size_t members = 1;
    problems.collect([&] { members = training::members_of(config, origin_).size(); });
    problems.collect([&] { training::check(config, members, origin_); });
    problems.collect([&] { run_name(config.output, origin_); });
    problems.throw_if_any();
    console.print("ok, as far as it shows without reading the data\n");
    console.print_json({{"ok", true}, {"config", file_}});
    return 0;
  }
};

class Schema final : public Command {
 public:
  std::vector<Argument> arguments() override { return {}; }
  int run(const Console& console, TerminalJournal& journal) override {
    training::RunConfig config;
    const nlohmann::ordered_json schema = config::to_json_schema(describe(config), kTitle, kDescription);
    console.print(schema.dump(2) + "\n");
    console.print_json(schema);
    return 0;
  }
};

class Explain final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"PATH", "A field or section by its dotted path; nothing: the whole config", &path_},
            {"--markdown", "Every field, as the Markdown page docs/config.md", &as_markdown_}};
  }
  int run(const Console& console, TerminalJournal& journal) override {
    training::RunConfig config;
    const std::string text = as_markdown_ ? config::to_markdown(describe(config), "The config, field by field")
                                          : config::explain(describe(config), path_);
    console.print(text.empty() || text.back() != '\n' ? text + "\n" : text);
    console.print_json({{"path", path_}, {"text", text}});
    return 0;
  }

 private:
  std::string path_;
  bool as_markdown_ = false;
};

class Constraints final : public Command {
 public:
  std::vector<Argument> arguments() override { return {}; }
  int run(const Console& console, TerminalJournal& journal) override {
    const std::string page = constraints::catalogue();
    console.print(page);
    console.print_json({{"text", page}});
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_config_constraints() {
  return std::make_unique<Constraints>();
}
std::unique_ptr<Command> make_config_show() {
  return std::make_unique<Show>();
}
std::unique_ptr<Command> make_config_validate() {
  return std::make_unique<Validate>();
}
std::unique_ptr<Command> make_config_schema() {
  return std::make_unique<Schema>();
}
std::unique_ptr<Command> make_config_explain() {
  return std::make_unique<Explain>();
}

}  // namespace equipoise::cli
