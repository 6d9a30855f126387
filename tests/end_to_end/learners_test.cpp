// Models beside mlp and convnet, from a config to decisions about new people, as their user sees them.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "tests/end_to_end/resume.h"

namespace equipoise::end_to_end {
namespace learners_test {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class Learners : public Resume {
 protected:
  // What makes a config's model this kind, small.
  Words model_of_kind(const std::string& kind) const {
    const std::map<std::string, Words> sizes = {
        {"residual_mlp", {"model.width=8", "model.inner_width=8"}},
        {"tabm", {"model.submodels=3", "model.hidden=[8]"}},
        {"ft_transformer", {"model.width=8", "model.inner_width=8", "model.heads=2"}}};
    Words words = {"model={kind: " + kind + ", dropout: 0.1}"};
    words.insert(words.end(), sizes.at(kind).begin(), sizes.at(kind).end());
    return words;
  }

  std::size_t input_width() const {
    train_into("width", {"training.epochs=1"});
    return nlohmann::json::parse(read("runs/width/model.json"))["input_width"];
  }

  static void TearDownTestSuite() { std::filesystem::remove_all(modules_); }

  // The modules of the room's own tests, for the columns of people.csv: made once, for Python's torch takes seconds to load.
  void write_modules() const {
    if (modules_.empty()) {
      modules_ = (std::filesystem::path(testing::TempDir()) / "learners_XXXXXX").string();
      ASSERT_NE(::mkdtemp(modules_.data()), nullptr);
      const std::string command = std::string(EQUIPOISE_PYTHON) + " -W ignore " + EQUIPOISE_SOURCE_DIR +
                                  "/tests/engine/models/torchscript_modules.py " + modules_ + " " +
                                  std::to_string(input_width());
      ASSERT_EQ(std::system(command.c_str()), 0) << command;
    }
    for (const auto& file : std::filesystem::directory_iterator(modules_))
      std::filesystem::copy(file.path(), path(file.path().filename().string()));
  }

  Outcome run_with(Words words, const Words& more) const {
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  void expect_whole(const std::string& name, const Words& model) const {
    const Outcome trained = run_with({"train", "config.yaml", "output.run=" + name, "training.epochs=4"}, model);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_THAT(trained.out, AllOf(HasSubstr("demographic parity"),
                                   AnyOf(HasSubstr("met"), HasSubstr("not shown"), HasSubstr("violated"))));
    const nlohmann::json results = nlohmann::json::parse(read("runs/" + name + "/results.json"));
    const double accuracy = results["splits"][0]["metrics"]["accuracy"];
    EXPECT_GT(accuracy, 0.55) << name;
    const Outcome own = run({"evaluate", "runs/" + name, "--json"});
    ASSERT_EQ(own.exit_code, 0) << own.err;
    EXPECT_EQ(own.json()["split"]["metrics"], results["splits"][0]["metrics"]) << name;
    const Outcome predicted =
        run({"predict", "runs/" + name, "--data", "people.csv", "--output", name + ".csv", "--json"});
    ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
    EXPECT_GT(predicted.json()["positive"].get<int>(), 0);
    // The same bytes again, with another number of threads.
    ASSERT_EQ(run({"train", "runs/" + name + "/config.yaml", "threads=2", "output.run=" + name + "-again"}).exit_code,
              0);
    EXPECT_TRUE(model_of(name) == model_of(name + "-again")) << name;
  }

  static std::string modules_;
};
std::string Learners::modules_;

TEST_F(Learners, TrainEvaluateAndPredict) {
  for (const std::string kind : {"residual_mlp", "tabm", "ft_transformer"}) expect_whole(kind, model_of_kind(kind));
}

TEST_F(Learners, TakeEveryTask) {
  for (const std::string kind : {"residual_mlp", "tabm", "ft_transformer"})
    for (const std::string label : {"{task: classes, column: job}", "{task: regression, column: hours}"}) {
      const Outcome outcome = run_with(
          {"train", "config.yaml", "training.epochs=1", "~constraints", "data.label=" + label}, model_of_kind(kind));
      EXPECT_EQ(outcome.exit_code, 0) << kind << label << outcome.err;
    }
}

TEST_F(Learners, GoOnToTheSameBytes) {
  write_modules();
  std::map<std::string, Words> kinds = {{"torchscript", {"model={kind: torchscript, file: normed.pt}"}}};
  for (const std::string kind : {"residual_mlp", "tabm", "ft_transformer"}) kinds[kind] = model_of_kind(kind);
  for (const auto& [kind, model] : kinds) {
    Words own = {"training.epochs=10"};
    own.insert(own.end(), model.begin(), model.end());
    // A module has its own dropout.
    const auto words_of = [&](const std::string& name) {
      Words words = train(name, own);
      if (kind == "torchscript") std::erase(words, "model.dropout=0.2");
      return words;
    };
    const Outcome whole = run(words_of(kind));
    ASSERT_EQ(whole.exit_code, 0) << kind << whole.err;
    EXPECT_EQ(stopped(words_of(kind + "-killed"), kind + "-killed", SIGKILL).exit_code, 128 + SIGKILL) << kind;
    finish(words_of(kind + "-killed"));
    EXPECT_TRUE(model_of(kind) == model_of(kind + "-killed")) << kind;
  }
}

TEST_F(Learners, AnotherModuleUnderTheSameNameIsAnotherRun) {
  write_modules();
  std::filesystem::copy_file(path("normed.pt"), path("m.pt"));
  Words words = train("r", {"training.epochs=400", "model={kind: torchscript, file: m.pt}"});
  std::erase(words, "model.dropout=0.2");
  ASSERT_EQ(stopped(words, "r", SIGTERM, 20).exit_code, 75);
  const std::string code = read("runs/r/module.pt");
  std::filesystem::copy_file(path("dropped.pt"), path("m.pt"), std::filesystem::copy_options::overwrite_existing);
  words.emplace_back("--resume");
  const Outcome outcome = run(words);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("contents.module"));
  EXPECT_TRUE(read("runs/r/module.pt") == code);
}

TEST_F(Learners, AModuleOfAFileIsKeptByItsRun) {
  write_modules();
  expect_whole("dropped", {"model={kind: torchscript, file: dropped.pt}"});
  std::filesystem::remove(path("dropped.pt"));
  const Outcome predicted = run({"predict", "runs/dropped", "--data", "people.csv", "--output", "again.csv"});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(read("dropped.csv"), read("again.csv"));
  EXPECT_EQ(nlohmann::json::parse(read("runs/dropped/model.json"))["kind"], "torchscript");
}

TEST_F(Learners, RunningMeansAreNoMatterOfTheOptimizer) {
  write_modules();
  // So large a decay would take them to nothing.
  train_into("normed", {"model={kind: torchscript, file: normed.pt}", "training.optimizer.weight_decay=90",
                        "training.epochs=3", "training.keep=final"});
  const nlohmann::json description = nlohmann::json::parse(read("runs/normed/model.json"));
  EXPECT_THAT(description["parameters"].dump(), HasSubstr("norm.running_var"));
  const std::string bytes = read("runs/normed/model.safetensors");
  const auto value_of = [&](const std::string& name) {
    std::uint64_t header = 0;
    std::copy_n(bytes.data(), 8, reinterpret_cast<char*>(&header));
    const nlohmann::json of_file = nlohmann::json::parse(bytes.substr(8, header));
    float value = 0;
    std::copy_n(bytes.data() + 8 + header + of_file[name]["data_offsets"][0].get<std::size_t>(), 4,
                reinterpret_cast<char*>(&value));
    return value;
  };
  const nlohmann::json results = nlohmann::json::parse(read("runs/normed/results.json"));
  EXPECT_EQ(value_of("norm.num_batches_tracked"), results["steps"].get<float>());
}

TEST_F(Learners, WhatIsWrongWithAModuleIsSaid) {
  write_modules();
  const auto message = [&](const std::string& file, const Words& more = {}) {
    const Outcome outcome = run_with({"train", "config.yaml", "model={kind: torchscript, file: " + file + "}",
                                      "output.run=bad", "output.overwrite=true"},
                                     more);
    EXPECT_EQ(outcome.exit_code, file == "none.pt" ? 3 : 2) << file;
    return outcome.err;
  };
  EXPECT_THAT(message("none.pt"), HasSubstr("none.pt"));
  EXPECT_THAT(message("text.pt"), HasSubstr("is no TorchScript module that can be read"));
  EXPECT_THAT(message("Throws.pt"), HasSubstr("ValueError: only even rows"));
  EXPECT_THAT(message("wide.pt"), HasSubstr("shapes cannot be multiplied"));
  EXPECT_THAT(message("three.pt"), HasSubstr("expected logits [2] or [2, 1]"));
  EXPECT_THAT(message("NotANumber.pt"), AllOf(HasSubstr("model.file: "), HasSubstr("gives logits that are not finite"),
                                              Not(HasSubstr("learning_rate"))));
  EXPECT_THAT(message("Detached.pt"),
              AllOf(HasSubstr("depend on no parameter"), Not(HasSubstr("fault of this program"))));
  EXPECT_THAT(message("Sparse.pt"), AllOf(HasSubstr("expected dense logits"), Not(HasSubstr("fault of this program"))));
  EXPECT_THAT(message("one.pt", {"model.hidden=[4]"}), HasSubstr("model.hidden: it is of the kind 'mlp' or 'tabm'"));
  EXPECT_THAT(run({"train", "config.yaml", "model.submodels=4"}).err,
              HasSubstr("model.submodels: it is of the kind 'tabm'"));
}

// stdout has the object that --json promises, and nothing else.
TEST_F(Learners, WhatAModulePrintsIsBesideTheAnswer) {
  write_modules();
  const Outcome trained =
      run({"train", "config.yaml", "model={kind: torchscript, file: Prints.pt}", "training.epochs=1", "--json"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_TRUE(nlohmann::json::accept(trained.out)) << trained.out;
  EXPECT_THAT(trained.err, HasSubstr("rows: "));
}

TEST_F(Learners, StartFromAModelOfTheSameFileAlone) {
  write_modules();
  train_into("first", {"model={kind: torchscript, file: one.pt}"});
  train_into("second", {"model={kind: torchscript, file: one.pt}", "training.warm_start=runs/first"});
  const Outcome other =
      run({"train", "config.yaml", "model={kind: torchscript, file: flat.pt}", "training.warm_start=runs/first"});
  EXPECT_THAT(other.err, HasSubstr("runs/first' is torchscript of a file of SHA-256"));
  train_into("tabm", model_of_kind("tabm"));
  Words less = model_of_kind("tabm");
  less.emplace_back("model.submodels=4");
  less.emplace_back("training.warm_start=runs/tabm");
  EXPECT_THAT(run_with({"train", "config.yaml"}, less).err,
              AllOf(HasSubstr("is tabm [8], 3 submodels"), HasSubstr("that of this config is tabm [8], 4 submodels")));
  const Outcome trees =
      run({"train", "config.yaml", "~training", "model={kind: boosted_trees, trees: {rounds: 2}}", "output.run=trees"});
  ASSERT_EQ(trees.exit_code, 0) << trees.err;
  EXPECT_THAT(run({"train", "config.yaml", "model={kind: linear}", "training.warm_start=runs/trees"}).err,
              HasSubstr("runs/trees' is boosted_trees, and that of this config is linear"));
}

// The guide's configs, its module and its commands, on the people of the workspace.
TEST_F(Learners, TheGuideRunsAsWritten) {
  const std::string guide = source_file("docs/guides/learners.md");
  const std::vector<std::string> configs = blocks_of(guide, "yaml");
  ASSERT_EQ(configs.size(), 2u);
  int kinds = 0;
  std::istringstream lines(configs[0]);
  for (std::string line; std::getline(lines, line); ++kinds) {
    const std::string model = line.substr(0, line.find("  #"));
    const Outcome validated = run({"config", "validate", "config.yaml", "model=" + model.substr(model.find('{'))});
    EXPECT_EQ(validated.exit_code, 0) << line << validated.err;
  }
  EXPECT_EQ(kinds, 3);
  link_repository();
  const std::vector<std::pair<std::string, Words>> small_settings = {
      {"residual_mlp", {"training.epochs=1", "model.inner_width=4"}},
      {"tabm", {"training.epochs=1", "model.submodels=2", "model.hidden=[4]"}},
      {"boosted_trees", {"model.trees.rounds=3"}}};
  std::istringstream commands(block_of(guide, "sh"));
  int ran = 0;
  for (std::string line; std::getline(commands, line); ++ran) {
    Words words = words_of(line);
    ASSERT_EQ(words.front(), "equipoise");
    words.erase(words.begin());
    const auto small = std::ranges::find_if(
        small_settings, [&](const auto& kind) { return line.find(kind.first) != std::string::npos; });
    ASSERT_NE(small, small_settings.end()) << line;
    words.insert(words.end(), small->second.begin(), small->second.end());
    words.emplace_back("output.folder=" +
                       (folder_ / "runs").string());  // that of the config lies beside the repository
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << line << outcome.err;
  }
  EXPECT_EQ(ran, 3);
  const std::string module = block_of(guide, "python");
  const std::size_t width = module.find("334");
  ASSERT_NE(width, std::string::npos);
  write("module.py", module.substr(0, width) + std::to_string(input_width()) + module.substr(width + 3));
  ASSERT_EQ(std::system(("cd " + path(".").string() + " && " + EQUIPOISE_PYTHON + " -W ignore module.py").c_str()), 0);
  const std::string& config = configs[1];
  const Outcome trained =
      run({"train", "config.yaml", config.substr(0, 5) + "=" + config.substr(7, config.size() - 8)});
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
}

}  // namespace learners_test
}  // namespace equipoise::end_to_end
