// Every kind of bad input that a person meets: the exit code, the message, and nothing half-written.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace bad_input_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BadInput : public Workspace {
 protected:
  /// Training must fail with this code and text, and leave no output folder.
  void expect_refused(int exit_code, const std::string& text, const std::vector<std::string>& overrides = {}) const {
    std::vector<std::string> words = {"train", "config.yaml"};
    words.insert(words.end(), overrides.begin(), overrides.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_FALSE(exists("runs")) << text;
  }
  void replace_in_config(const std::string& from, const std::string& to) const {
    write("config.yaml", config_text({{from, to}}));
  }
  /// The people with one more column, whose value may hang on the row.
  std::string with_column(const std::string& name, const std::function<std::string(const std::string&)>& value) const {
    std::istringstream lines(people(1500));
    std::string line, result;
    for (bool is_header = true; std::getline(lines, line); is_header = false) {
      result += line + "," + (is_header ? name : value(line)) + "\n";
    }
    return result;
  }
  std::string with_column(const std::string& name, const std::string& value) const {
    return with_column(name, [&](const std::string&) { return value; });
  }
  std::string with_part(const std::function<std::string(const std::string&)>& part) const {
    return with_column("part", part);
  }
};

TEST_F(BadInput, NoConfig) {
  const Outcome outcome = run({"train", "confg.yaml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("no such config file"), HasSubstr("did you mean 'config.yaml'?")));
}

TEST_F(BadInput, EmptyConfig) {
  write("config.yaml", "");
  expect_refused(2, "the config is empty");
}

TEST_F(BadInput, MistypedKey) {
  replace_in_config("seed: 3", "sede: 3");
  expect_refused(2, "did you mean 'seed'?");
}

TEST_F(BadInput, ColumnThatIsNotThere) {
  replace_in_config("column: income", "column: incme");
  expect_refused(2, "the columns are");
  expect_refused(2, "config.yaml:7:");
}

TEST_F(BadInput, LabelWithThreeValues) {
  write("people.csv", people(1500) + "30,40,x,f,a,maybe\n30,40,x,f,a,maybe\n");
  expect_refused(2, "which count as negative");
}

TEST_F(BadInput, LabelWithOneValue) {
  std::string text = people(1500);
  for (std::size_t at = text.find(",no\n"); at != std::string::npos; at = text.find(",no\n"))
    text.replace(at, 4, ",yes\n");
  write("people.csv", text);
  expect_refused(3, "nothing to learn");
}

TEST_F(BadInput, NoPositiveInTheData) {
  replace_in_config("positive: [\"yes\"]", "positive: [\"Yes\"]");
  expect_refused(2, "no row has 'Yes' (did you mean 'yes'?)");
}

TEST_F(BadInput, NoPositiveInTraining) {
  write("people.csv", with_part([](const std::string& line) { return line.ends_with(",yes") ? "test" : "train"; }));
  replace_in_config("split: {test: 0.2, selection: 0.2}", "split: {column: part}");
  expect_refused(3, "training");
}

TEST_F(BadInput, GroupWithOneLevel) {
  write("people.csv", with_column("country", "here"));
  replace_in_config("groups: [{column: sex}]", "groups: [{column: sex}, {column: country}]");
  expect_refused(2, "one level", {"constraints[0].group=country"});
}

TEST_F(BadInput, WeightsThatAreNone) {
  int row = 0;
  write("people.csv", with_column("weight", [&row](const std::string&) { return ++row == 8 ? "-1" : "1"; }));
  expect_refused(3, "people.csv:9: the sample weight in column 'weight' is -1; weights are 0, or numbers from 1e-30",
                 {"data.weight=weight"});
  row = 0;
  write("people.csv", with_column("weight", [&row](const std::string&) { return ++row == 8 ? "" : "1"; }));
  expect_refused(3, "people.csv:9: the sample weight in column 'weight' is ", {"data.weight=weight"});
  write("people.csv", with_column("weight", "0"));
  expect_refused(3, "people.csv: all sample weights in column 'weight' are 0", {"data.weight=weight"});
  expect_refused(2, "data.weight", {"data.weight=wieght"});
}

TEST_F(BadInput, AStratumOfOneGroup) {
  write("people.csv", with_column("zone", [](const std::string& line) {
          return line.find(",m,") != std::string::npos ? "north" : "south";
        }));
  expect_refused(2, "rows of zone=north are of sex=m: there is nothing to compare",
                 {"data.groups=[{column: sex}, {column: zone}]", "constraints.0.within=zone"});
}

TEST_F(BadInput, GroupLevelAbsentFromASplit) {
  int row = 0;
  write("people.csv", with_part([&row](const std::string& line) {
          return line.find(",f,") != std::string::npos || ++row % 3 != 0 ? "train" : "test";
        }));
  replace_in_config("split: {test: 0.2, selection: 0.2}", "split: {column: part}");
  expect_refused(2, "none in the split test");
}

TEST_F(BadInput, GroupColumnAllMissing) {
  write("people.csv", with_column("country", "?"));
  replace_in_config("groups: [{column: sex}]", "groups: [{column: sex}, {column: country}]");
  expect_refused(2, "nothing but missing values");
}

TEST_F(BadInput, RaggedRow) {
  write("people.csv", people(100) + "1,2,3\n" + people(10).substr(30));
  expect_refused(3, "people.csv:102");
}

TEST_F(BadInput, UnclosedQuote) {
  write("people.csv", people(100) + "\"30,40,x,f,a,yes\n" + people(10).substr(30));
  expect_refused(3, "never closed");
  expect_refused(3, "people.csv:102");
}

TEST_F(BadInput, NulByte) {
  write("people.csv", people(100) + std::string("3\0,40,x,f,a,yes\n", 16));
  expect_refused(3, "NUL byte");
}

TEST_F(BadInput, ZeroRows) {
  write("people.csv", "");
  expect_refused(3, "people.csv");
}

TEST_F(BadInput, HeaderAlone) {
  write("people.csv", people(0));
  expect_refused(3, "people.csv");
}

TEST_F(BadInput, Latin1Bytes) {
  write("people.csv", people(100) + "30,40,caf\xe9,f,a,yes\n");
  expect_refused(3, "not UTF-8");
}

TEST_F(BadInput, TruncatedGzip) {
  const std::string whole = [] {
    std::ifstream stream(std::string(EQUIPOISE_SOURCE_DIR) + "/benchmarks/data/adult/adult.test.gz", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }();
  ASSERT_GT(whole.size(), 1000u);
  write("people.csv", whole.substr(0, whole.size() / 2));
  expect_refused(3, "cut off");
}

TEST_F(BadInput, ParquetThatIsNotOne) {
  write("people.csv", "PAR1 this is no Parquet file PAR1");
  expect_refused(3, "people.csv");
}

TEST_F(BadInput, LabelThatIsAFeature) {
  replace_in_config("features: {", "features: {keep: [age, income], ");
  expect_refused(2, "is the label");
}

TEST_F(BadInput, PrecisionThatTheDeviceDoesNotHave) {
  expect_refused(2, "precision: bf16 needs device: cuda, but device is 'cpu'", {"device=cpu", "precision=bf16"});
  expect_refused(2, "did you mean 'bf16'?", {"device=cpu", "precision=bf15"});
}

TEST_F(BadInput, TolerancesOutOfRange) {
  for (const std::string tolerance : {"-1", "0", "nan", "2", ".nan", "1"}) {
    expect_refused(2, "tolerance", {"constraints[0].tolerance=" + tolerance});
  }
}

TEST_F(BadInput, ConstraintsThatContradict) {
  expect_refused(2, "demographic_parity", {"+constraints[]={kind: demographic_parity, group: sex, tolerance: 0.1}"});
  expect_refused(2, "demgraphic", {"constraints[0].kind=demgraphic_parity"});
  expect_refused(2, "did you mean 'sex'", {"constraints[0].group=sx"});
}

TEST_F(BadInput, AnUpdateThatLacksWhatItNeeds) {
  expect_refused(2, "multipliers.radius is 0, but multipliers.update: exponentiated",
                 {"multipliers.update=exponentiated"});
  expect_refused(2, "multipliers.largest_penalty is 0.5, less than multipliers.penalty, which is 1",
                 {"multipliers.update=augmented", "multipliers.largest_penalty=0.5"});
  expect_refused(2, "did you mean 'swap_regret'?", {"multipliers.update=swap_regrte"});
  expect_refused(2, "multipliers.penalty: it is of the update 'augmented', and multipliers.update is 'nupi'",
                 {"multipliers.penalty=3"});
  expect_refused(2, "multipliers.nu: it is of the update 'nupi', and multipliers.update is 'ascent'",
                 {"multipliers.update=ascent", "multipliers.nu=0.5"});
  expect_refused(2, "multipliers.worst_group_adjustment", {"multipliers.worst_group_adjustment=-1"});
  expect_refused(2, "multipliers.penalty_growth", {"multipliers.penalty_growth=0.9"});
}

TEST_F(BadInput, StartingMultipliersThatCannotBeHad) {
  expect_refused(3,
                 "multipliers.start_from: '" + path("old/nothing").string() + "' is not a run folder: there is no such",
                 {"multipliers.start_from=old/nothing"});
  train_into("r", {"output.folder=old"});
  expect_refused(3, "is not a run folder: it has no run.json; runs in it: r", {"multipliers.start_from=old"});
  expect_refused(3, "did you mean 'r'?", {"multipliers.start_from=old/R"});
  // Another kind of rate: no row of the stored run is one of this config.
  expect_refused(3,
                 "is for a row of this config; it has SR sex=f above, SR sex=f below, SR sex=m above, SR sex=m below, "
                 "and here are TPR sex=f above",
                 {"multipliers.start_from=old/r", "constraints[0].kind=equal_opportunity"});
  expect_refused(3, "and here are none", {"multipliers.start_from=old/r", "constraints=[]"});
  train_into("b", {"output.folder=old", "bank.seeds=[1, 2]"});
  expect_refused(3, "is a bank of 2 runs; name one of them", {"multipliers.start_from=old/b"});
  std::filesystem::remove(path("old/r/results.json"));
  expect_refused(3, "is finished and has no results.json", {"multipliers.start_from=old/r"});
  write("old/r/results.json", "{\"format\": 1}");
  expect_refused(3, "multipliers.start_from: results.name is missing", {"multipliers.start_from=old/r"});
}

TEST_F(BadInput, ConstraintsThatNoDecisionsSatisfy) {
  replace_in_config("  - {kind: demographic_parity, group: sex, tolerance: 0.2}\n",
                    "  - {kind: demographic_parity, group: sex, tolerance: 0.2}\n"
                    "  - {kind: selection_rate_bound, at_most: 0.1}\n"
                    "  - {kind: min_recall, at_least: 0.9}\n");
  expect_refused(2,
                 "config.yaml:16:5: constraints[2]: no decisions on the training rows, not even ones that know every "
                 "label, satisfy 'recall floor, at least 0.9' together with constraints[1] (selection rate bound, at "
                 "most 0.1); it would have to be looser by 0.");
}

TEST_F(BadInput, InfeasibleConstraintsAreReportedAndEnd) {
  // Job decides income almost alone: equal rates between jobs and equal error rates at once need a constant model.
  write("config.yaml", config_text({{"groups: [{column: sex}]", "groups: [{column: sex}, {column: job}]"}}));
  const Outcome outcome =
      run({"train", "config.yaml", "output.run=r", "training.epochs=4", "multipliers.radius=5",
           "constraints=[{kind: demographic_parity, group: job, tolerance: 0.001}, {kind: equalized_odds, group: job, "
           "tolerance: 0.001}]",
           "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json results = nlohmann::json::parse(read("runs/r/results.json"));
  for (const nlohmann::json& measurement : results["measurements"]) {
    double sum = 0;
    for (const double multiplier : measurement["multipliers"]) sum += multiplier;
    EXPECT_LE(sum, 5.0001);
  }
  EXPECT_NE(outcome.json()["verdict"], "met");
}

TEST_F(BadInput, BatchLargerThanTheData) {
  expect_refused(2, "training.batch_size is 5000, more than the", {"training.batch_size=5000"});
}

TEST_F(BadInput, OutputFolderThatIsNotOurs) {
  write("runs/thesis/chapter.txt", "text");
  const Outcome outcome = run({"train", "config.yaml", "output.run=thesis", "output.overwrite=true"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("is not a run of Equipoise"));
  EXPECT_THAT(names_in("runs/thesis"), ElementsAre("chapter.txt"));
}

TEST_F(BadInput, OutputFolderThatHoldsAFinishedRun) {
  train_into("r");
  const std::string before = read("runs/r/run.json");
  const Outcome outcome = run({"train", "config.yaml", "output.run=r"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("output.overwrite=true"));
  EXPECT_EQ(read("runs/r/run.json"), before);
  EXPECT_EQ(
      run({"train", "config.yaml", "output.run=r", "output.overwrite=true", "training.batch_size=5000"}).exit_code, 2);
  EXPECT_EQ(read("runs/r/run.json"), before) << "a replacement that fails early leaves the old run";
  train_into("r", {"output.overwrite=true"});
}

TEST_F(BadInput, OutputFolderThatIsAFile) {
  write("out", "text");
  expect_refused(3, "is a file", {"output.folder=out"});
  EXPECT_EQ(read("out"), "text");
}

TEST_F(BadInput, OutputFolderThatCannotBeWritten) {
  // Root may write everywhere but where the kernel says no.
  expect_refused(3, "cannot make the output folder '/proc/equipoise'", {"output.folder=/proc/equipoise"});
  expect_refused(3, "cannot make the run folder '/proc/r'", {"output.folder=/proc", "output.run=r"});
}

// Mounts a file system of a few pages, which takes a root user that may mount.
class FullDisk : public BadInput {
 protected:
  bool mount_small(const std::string& size) {
    std::filesystem::create_directories(path("disk"));
    is_mounted_ = ::mount("tmpfs", path("disk").c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    return is_mounted_;
  }
  ~FullDisk() override {
    if (is_mounted_) ::umount2(path("disk").c_str(), MNT_DETACH);
  }

 private:
  bool is_mounted_ = false;
};

TEST_F(FullDisk, LeavesNothingHalfWritten) {
  if (!mount_small("16k")) GTEST_SKIP() << "a small file system can be mounted by root only";
  for (const std::string filled : {"all", "some"}) {
    std::filesystem::remove(path("disk/filler"));
    const int filler = ::open(path("disk/filler").c_str(), O_WRONLY | O_CREAT, 0600);
    const std::string page(4096, 'x');
    const int pages = filled == "all" ? 4 : 2;
    for (int i = 0; i<pages&& ::write(filler, page.data(), page.size())> 0; ++i) {
    }
    ::close(filler);
    const Outcome outcome = run({"train", "config.yaml", "output.folder=disk"});
    EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
    EXPECT_THAT(names_in("disk"), ElementsAre("filler")) << filled;
  }
}

TEST_F(FullDisk, PredictionsAreWholeOrNotThere) {
  if (!mount_small("8k")) GTEST_SKIP() << "a small file system can be mounted by root only";
  train_into("r");
  const Outcome outcome = run({"predict", "runs/r", "--data", "people.csv", "--output", "disk/out.csv"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_THAT(names_in("disk"), IsEmpty());
}

TEST_F(BadInput, RunFolderThatIsNone) {
  train_into("first");
  const Outcome outcome = run({"evaluate", "runs/frist"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("there is no such folder"), HasSubstr("did you mean 'first'?")));
  EXPECT_THAT(run({"evaluate", "runs"}).err,
              HasSubstr("'runs' is not a run folder: it has no run.json; runs in it: first"));
  EXPECT_THAT(run({"evaluate", "runs/first", "--data", ""}).err, HasSubstr("the name of a data file is empty"));
}

TEST_F(BadInput, DamagedModel) {
  train_into("r");
  const std::string model = read("runs/r/model.safetensors");
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{100}, model.size() - 1}) {
    write("runs/r/model.safetensors", model.substr(0, size));
    const Outcome outcome = run({"predict", "runs/r", "--data", "people.csv", "--output", "out.csv"});
    EXPECT_EQ(outcome.exit_code, 3) << size;
    EXPECT_THAT(outcome.err, HasSubstr("is not a whole safetensors file")) << size;
    EXPECT_FALSE(exists("out.csv"));
  }
  for (const char* file : {"encoder.json", "model.json", "constraints.json", "data.json", "results.json", "run.json"}) {
    write("runs/r/model.safetensors", model);
    const std::string whole = read(std::string("runs/r/") + file);
    write(std::string("runs/r/") + file, whole.substr(0, whole.size() / 2));
    const std::string verb = std::string(file) == "results.json" ? "report" : "evaluate";
    const Outcome outcome = run({verb, "runs/r"});
    EXPECT_EQ(outcome.exit_code, 3) << file << outcome.err;
    write(std::string("runs/r/") + file, whole);
  }
}

TEST_F(BadInput, NewRowsWithoutAFeature) {
  train_into("r");
  write("new.csv", "age,sex,race\n30,f,a\n");
  const Outcome outcome = run({"predict", "runs/r", "--data", "new.csv", "--output", "out.csv"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("hours"));
  EXPECT_FALSE(exists("out.csv"));
}

}  // namespace bad_input_test
}  // namespace equipoise::end_to_end
