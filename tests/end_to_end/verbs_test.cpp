// Every verb of the program, as its user sees it.
#include <algorithm>
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace verbs_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Verbs : public Workspace {};

TEST_F(Verbs, TrainWritesAWholeRunFolder) {
  const Outcome outcome = run({"train", "config.yaml"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(names_in("runs/people-001"),
              ElementsAre("config.yaml", "constraints.json", "data.json", "encoder.json", "measurements.jsonl",
                          "model.json", "model.safetensors", "report.html", "results.json", "run.json"));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("demographic parity"), HasSubstr("runs/people-001/report.html")));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("training 100 %"), Not(HasSubstr("\x1b")), Not(HasSubstr("\r"))));

  const std::string measurements = read("runs/people-001/measurements.jsonl");
  EXPECT_EQ(std::count(measurements.begin(), measurements.end(), '\n'), 4);
  const nlohmann::json results = nlohmann::json::parse(read("runs/people-001/results.json"));
  EXPECT_EQ(results["command"], "equipoise train config.yaml");
  EXPECT_EQ(results["splits"][0]["split"], "test");
  EXPECT_GT(results["splits"][0]["metrics"]["accuracy"], 0.6);
  EXPECT_EQ(nlohmann::json::parse(read("runs/people-001/run.json"))["status"], "finished");
  const std::string looked_at = "Looked at were the iterates ";
  EXPECT_THAT(results["kept"].get<std::string>(),
              HasSubstr(looked_at + "after the first 90 % of the steps that were measured on the rows that choose "
                                    "(training.candidates_from: 0.9)."));
  EXPECT_THAT(read("runs/people-001/report.html"), HasSubstr(looked_at));

  EXPECT_EQ(run({"train", "config.yaml", "training.keep=final"}).exit_code, 0);
  EXPECT_THAT(read("runs/people-002/report.html"), Not(HasSubstr(looked_at)));
  EXPECT_THAT(names_in("runs"), ElementsAre("people-001", "people-002"));
}

TEST_F(Verbs, TrainAnswersWithOneJsonObject) {
  const Outcome outcome = run({"train", "config.yaml", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json answer = outcome.json();
  ASSERT_TRUE(answer.is_object()) << outcome.out;
  EXPECT_EQ(answer["run"], path("runs/people-001").string());
  EXPECT_EQ(answer["outcome"], "finished");
  EXPECT_EQ(answer["exit_code"], 0);
  EXPECT_EQ(answer["splits"][0]["split"], "test");
}

TEST_F(Verbs, TrainWarnsOfAToleranceThatTheTestRowsCannotShow) {
  const Outcome outcome = run({"train", "config.yaml", "output.run=r", "constraints[0].tolerance=0.01", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::string warning = "'SR gap by sex' could hardly be shown to be inside 0.01 on this test split";
  EXPECT_THAT(outcome.err, HasSubstr(warning));
  for (const nlohmann::json& json : {outcome.json(), nlohmann::json::parse(read("runs/r/results.json"))}) {
    const auto warnings = json["warnings"].get<std::vector<std::string>>();
    EXPECT_EQ(std::ranges::count_if(warnings, [&](const auto& text) { return text.starts_with(warning); }), 1);
  }
  EXPECT_THAT(read("runs/r/report.html"), HasSubstr("The smallest tolerance that these data could show then is 0."));
}

TEST_F(Verbs, FailOnTurnsAVerdictIntoExitCode1) {
  write("config.yaml", config_text({{"tolerance: 0.2", "tolerance: 0.0001"}, {"epochs: 2", "epochs: 1"}}));
  const Outcome outcome = run({"train", "config.yaml", "output.run=r", "--fail-on", "violated,not_shown"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("failed on demographic parity"));
  EXPECT_TRUE(exists("runs/r/report.html"));
  EXPECT_EQ(run({"evaluate", "runs/r", "--fail-on=violated,not_shown"}).exit_code, 1);
  EXPECT_EQ(run({"evaluate", "runs/r", "--fail-on", "not_estimable"}).exit_code, 0);
  const Outcome wrong = run({"evaluate", "runs/r", "--fail-on", "violatd"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'violated'?"));
}

TEST_F(Verbs, EvaluateMeasuresTheSameAgain) {
  train_into("r");
  const nlohmann::json results = nlohmann::json::parse(read("runs/r/results.json"));
  for (const nlohmann::json& split : results["splits"]) {
    const Outcome outcome = run({"evaluate", "runs/r", "--split", split["split"], "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err << outcome.out;
    EXPECT_EQ(outcome.json()["split"], split);
  }
}

TEST_F(Verbs, EvaluateMeasuresNewRows) {
  train_into("r");
  write("new.csv", people(400, 99));
  const Outcome outcome = run({"evaluate", "runs/r", "--data", "new.csv", "--output", "new.json", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err << outcome.out;
  EXPECT_EQ(outcome.json()["split"]["split"], "new rows");
  EXPECT_EQ(outcome.json()["split"]["metrics"]["rows"], 400);
  EXPECT_EQ(nlohmann::json::parse(read("new.json")), outcome.json());
  EXPECT_THAT(run({"evaluate", "runs/r", "--data", "new.csv"}).out, HasSubstr("demographic parity"));
}

// A run of a GPU is read where there is none.
TEST_F(Verbs, AModelTrainedInBf16IsReadOnTheCpu) {
  train_into("r", {"device=cpu"});
  const std::string config = read("runs/r/config.yaml"), results = run({"evaluate", "runs/r", "--json"}).out;
  const std::size_t at = config.find("precision: fp32");
  ASSERT_NE(at, std::string::npos) << "the run folder keeps the precision";
  Manner without_gpu;
  without_gpu.environment["CUDA_VISIBLE_DEVICES"] = "";
  for (const std::string device : {"device: cpu", "device: cuda"}) {
    std::string other = config;
    other.replace(at, 15, "precision: bf16");
    other.replace(other.find("device: cpu"), 11, device);
    write("runs/r/config.yaml", other);
    // As the training would have left it: the refusal of the changed config says its checksum.
    const std::string refusal = run({"evaluate", "runs/r"}).err, before = "(sha256 ";
    nlohmann::json marker = nlohmann::json::parse(read("runs/r/run.json"));
    marker["resolved_sha256"] = refusal.substr(refusal.find(before) + before.size(), 64);
    write("runs/r/run.json", marker.dump());
    write("new.csv", people(50, 5));
    const Outcome outcome = run({"evaluate", "runs/r", "--json"}, without_gpu);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.json()["split"], nlohmann::json::parse(results)["split"]);
    EXPECT_EQ(run({"predict", "runs/r", "--data", "new.csv", "--output", "out.csv"}, without_gpu).exit_code, 0);
  }
}

TEST_F(Verbs, EvaluateRefusesDataThatChanged) {
  train_into("r");
  write("people.csv", people(1500, 2));
  const Outcome outcome = run({"evaluate", "runs/r"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("people.csv' has changed since this run was trained"), HasSubstr("sha256")));
}

TEST_F(Verbs, PredictNeedsNeitherLabelNorGroups) {
  train_into("r");
  std::istringstream lines(people(300, 5));
  std::string bare;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream row(line);
    for (std::string field; std::getline(row, field, ',');) fields.push_back(field);
    bare += fields[0] + "," + fields[1] + "," + fields[2] + "," + fields[4] + "\n";
  }
  write("bare.csv", bare);
  write("full.csv", people(300, 5));
  ASSERT_EQ(run({"predict", "runs/r", "--data", "bare.csv", "--output", "bare_out.csv"}).exit_code, 0);
  const Outcome outcome = run({"predict", "runs/r", "--data", "full.csv", "--output", "full_out.csv", "--json"});
  ASSERT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.json()["rows"], 300);
  EXPECT_EQ(read("bare_out.csv"), read("full_out.csv"));
  EXPECT_THAT(read("full_out.csv"), StartsWith("row,score,decision\n1,0."));
  const std::string text = read("full_out.csv");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 301);

  ASSERT_EQ(run({"predict", "runs/r", "--data", "bare.csv", "--output", "out.parquet"}).exit_code, 0);
  EXPECT_THAT(read("out.parquet"), StartsWith("PAR1"));
  const Outcome wrong = run({"predict", "runs/r", "--data", "bare.csv", "--output", "out.xlsx"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr(".csv or .parquet"));
}

TEST_F(Verbs, PredictNeedsOnlyTheRunFolder) {
  train_into("r");
  std::filesystem::rename(path("runs/r"), path("elsewhere"));
  write("new.csv", people(50, 5));
  std::filesystem::remove(path("people.csv"));
  std::filesystem::remove(path("config.yaml"));
  const Outcome outcome = run({"predict", "elsewhere", "--data", "new.csv", "--output", "out.csv"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(Verbs, ReportIsWrittenAgain) {
  train_into("r");
  const std::string page = read("runs/r/report.html");
  std::filesystem::remove(path("runs/r/report.html"));
  ASSERT_EQ(run({"report", "runs/r"}).exit_code, 0);
  EXPECT_EQ(read("runs/r/report.html"), page);
}

TEST_F(Verbs, ConfigShowIsAConfigThatGivesItself) {
  const Outcome shown = run({"config", "show", "config.yaml", "training.epochs=7"});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, AllOf(HasSubstr("epochs: 7"), HasSubstr("beta1: 0.9")));
  write("resolved.yaml", shown.out);
  EXPECT_EQ(run({"config", "show", "resolved.yaml"}).out, shown.out);
  EXPECT_EQ(run({"config", "show", "config.yaml", "training.epochs=7", "--json"}).json()["training"]["epochs"], 7);
}

TEST_F(Verbs, ConfigValidateListsEverything) {
  EXPECT_EQ(run({"config", "validate", "config.yaml"}).out, "ok, as far as it shows without reading the data\n");
  write("config.yaml", config_text({{"epochs: 2", "epoch: 2"}, {"seed: 3", "seed: three"}}));
  const Outcome outcome = run({"config", "validate", "config.yaml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("config.yaml:2:"), HasSubstr("config.yaml:12:12:"), HasSubstr("did you mean 'epochs'?")));
  const nlohmann::json answer = run({"config", "validate", "config.yaml", "--json"}).json();
  ASSERT_TRUE(answer.contains("error"));
  EXPECT_EQ(answer["error"]["exit_code"], 2);
  EXPECT_EQ(answer["error"]["problems"].size(), 2u);
  EXPECT_EQ(answer["error"]["problems"][0]["line"], 2);
}

TEST_F(Verbs, ConfigValidateKnowsWhatShowsWithoutData) {
  const Outcome wrong =
      run({"config", "validate", "config.yaml", "constraints[0].group=nope", "device=gpu", "data.csv.delimiter=ab"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("there is no grouping 'nope'"), HasSubstr("device is 'gpu'"),
                               HasSubstr("data.csv.delimiter")));
  const Outcome groups = run({"config", "validate", "config.yaml",
                              "data.groups=[{column: age, name: sex, bins: [45, 25]}, {cross: [nope]}]",
                              "data.features.keep=[income]", "data.csv.delimiter=ab"});
  EXPECT_EQ(groups.exit_code, 2);
  EXPECT_THAT(groups.err, AllOf(HasSubstr("data.groups[0].bins: expected ascending numbers"),
                                HasSubstr("data.features.keep: the column 'income' is the label"),
                                HasSubstr("data.csv.delimiter")));
  const std::map<std::string, std::string> refused = {
      {"data.groups=[{column: sex}, {cross: [nope, sex]}]", "there is no grouping 'nope' above this one"},
      {"data.groups=[{column: sex}, {column: age, name: sex, bins: [40]}]", "there is already a grouping 'sex'"},
      {"data.groups=[{column: sex}, {name: x}]", "expected either column or cross"},
      {"data.groups=[{column: sex}, {column: race, cross: [sex, sex]}]", "expected either column or cross"},
      {"data.groups=[{column: sex}, {column: race}, {cross: [sex, race], bins: [1]}]", "a crossing has no bins"},
      {"data.features={keep: [age], drop: [age]}", "is also in data.features.drop"},
      {"data.split={column: part, test: 0.3}", "data.split.column tells the split"},
      {"data.csv.delimiter=\u00a7", "expected one character of ASCII, got '\u00a7'"},
      {"output.run=..", "output.run is '..', expected the name of a folder inside output.folder"}};
  for (const auto& [setting, message] : refused) {
    const Outcome outcome = run({"config", "validate", "config.yaml", setting});
    EXPECT_EQ(outcome.exit_code, 2) << setting;
    EXPECT_THAT(outcome.err, HasSubstr(message)) << setting;
  }
  EXPECT_THAT(run({"config", "validate", "config.yaml", "constraints[0].form=reference"}).err,
              HasSubstr("the form 'reference' needs 'reference:'"));
  EXPECT_EQ(run({"config", "validate", "config.yaml", "data.split.test=0.6", "data.split.selection=0.6"}).exit_code, 2);
}

TEST_F(Verbs, ConfigSchemaAndExplain) {
  const Outcome schema = run({"config", "schema"});
  EXPECT_THAT(nlohmann::json::parse(schema.out)["$schema"], HasSubstr("draft-07"));
  EXPECT_THAT(run({"config", "explain", "training.epochs"}).out, HasSubstr("Passes over the training rows"));
  const Outcome wrong = run({"config", "explain", "training.epoch"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("epochs"));
}

TEST_F(Verbs, DoctorSaysWhatWorks) {
  const Outcome outcome = run({"doctor"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("LibTorch"), HasSubstr("works          cpu")));
  const nlohmann::json answer = run({"doctor", "--json"}).json();
  EXPECT_EQ(answer["devices"][0]["works"], true);
  EXPECT_GT(answer["memory_bytes"], 0);
}

TEST_F(Verbs, EveryVerbHasHelpWithAnExample) {
  for (const std::string verb :
       {"train", "evaluate", "predict", "report", "config show", "config validate", "config schema", "config explain",
        "config constraints", "frontier", "retune", "doctor"}) {
    std::istringstream text(verb);
    std::vector<std::string> words;
    for (std::string word; text >> word;) words.push_back(word);
    words.push_back("--help");
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << verb;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("Example\n  equipoise " + verb), HasSubstr("--json"))) << verb;
    EXPECT_THAT(outcome.err, IsEmpty()) << verb;
  }
  EXPECT_THAT(run({"--help"}).out, AllOf(HasSubstr("Exit codes"), HasSubstr("129, 130, 143")));
  EXPECT_THAT(run({"train", "--help"}).out, AllOf(HasSubstr("train [OPTIONS] CONFIG [key=value...]")));
  EXPECT_THAT(run({"predict", "--help"}).out,
              AllOf(HasSubstr("predict [OPTIONS] RUN"), HasSubstr("--output TEXT REQUIRED")));
  EXPECT_THAT(run({"config", "explain", "--help"}).out, HasSubstr("[PATH]"));
  EXPECT_THAT(run({"config", "--help"}).out,
              AllOf(HasSubstr("config explain"), Not(HasSubstr("train  ")), Not(HasSubstr("Exit codes"))));
  EXPECT_THAT(run({"--version"}).out, StartsWith("equipoise 0."));
}

TEST_F(Verbs, MistypedWordsNameTheNearest) {
  const auto expect_usage = [&](const std::vector<std::string>& words, const std::string& message) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 2) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_THAT(outcome.out, IsEmpty()) << message;
  };
  expect_usage({}, "no command after 'equipoise'");
  expect_usage({"trian", "config.yaml"}, "did you mean 'train'?");
  expect_usage({"config", "shwo"}, "did you mean 'show'?");
  expect_usage({"config"}, "there are: show, validate, schema, explain");
  expect_usage({"train", "config.yaml", "--fail-onn", "violated"}, "did you mean '--fail-on'?");
  expect_usage({"report", "a", "b"}, "unexpected argument 'b'");
  expect_usage(
      {"predict", "run", "new.csv"},
      "unexpected argument 'new.csv' after 'equipoise predict'; its options are --data, --images, --keep, --output");
  expect_usage({"train"}, "train needs a config");
  expect_usage({"predict", "r"}, "predict needs --data");
  expect_usage({"evaluate", "r", "--data"}, "--data");
  expect_usage({"evaluate", "r", "--split", "tset"}, "did you mean 'test'?");
  expect_usage({"evaluate", "r", "--output", "a", "--output", "b"}, "--output can be given once only");
}

TEST_F(Verbs, ASplitWithoutRowsIsNamed) {
  train_into("r");
  const Outcome outcome = run({"evaluate", "runs/r", "--split", "holdout"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err,
              HasSubstr("--split is 'holdout', of which the run has no rows; it has train, selection, test"));
}

TEST_F(Verbs, FailOnIsNeverSilentlyNoGate) {
  for (const std::string list : {"", " ", "violated,", ",", "violated,,not_shown"}) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"train", "config.yaml", "--fail-on", list},
                                                  {"train", "config.yaml", "--fail-on=" + list},
                                                  {"evaluate", "r", "--fail-on", "violated", "--fail-on", list}}) {
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.exit_code, 2) << list;
      EXPECT_THAT(outcome.err, HasSubstr("--fail-on")) << list;
    }
  }
  EXPECT_FALSE(exists("runs"));
  train_into("r", {"constraints[0].tolerance=0.001"});
  EXPECT_EQ(run({"evaluate", "runs/r", "--fail-on", " violated, not_shown ", "--fail-on", "not_estimable"}).exit_code,
            1);
  EXPECT_EQ(run({"evaluate", "runs/r", "--fail-on", "not_estimable", "--fail-on=violated,not_shown"}).exit_code, 1);
}

TEST_F(Verbs, ErrorsAreOneJsonObjectToo) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"trian", "--json"},
                                                {"--json"},
                                                {"train", "absent.yaml", "--json"},
                                                {"evaluate", "absent", "--json"},
                                                {"predict", "--json", "--data"}}) {
    const Outcome outcome = run(words);
    const nlohmann::json answer = outcome.json();
    ASSERT_TRUE(answer.is_object()) << outcome.out;
    EXPECT_EQ(answer["error"]["exit_code"], outcome.exit_code);
    EXPECT_NE(outcome.exit_code, 0);
    EXPECT_FALSE(answer["error"]["message"].get<std::string>().empty());
  }
}

TEST_F(Verbs, LiveLineOnATerminalWithoutColorWhenRefused) {
  Manner manner;
  manner.on_terminal = true;
  manner.environment = {{"TERM", "xterm"}, {"NO_COLOR", "1"}};
  const Outcome plain = run({"train", "config.yaml"}, manner);
  EXPECT_EQ(plain.exit_code, 0);
  EXPECT_THAT(plain.err, AllOf(HasSubstr("\rtraining "), Not(HasSubstr("\x1b"))));
  manner.environment = {{"TERM", "xterm"}, {"NO_COLOR", ""}};
  EXPECT_THAT(run({"train", "absent.yaml"}, manner).err, HasSubstr("\x1b[31merror:"));
}

}  // namespace verbs_test
}  // namespace equipoise::end_to_end
