// What a sweep's runs found: its files, its page, its live view, as their user sees them.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "tests/end_to_end/workspace.h"
#include "tests/engine/report/page_checks.h"

namespace equipoise::end_to_end {
namespace sweep_report_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The values of one column; none of the tests' values holds a comma or is quoted but those in `quoted`.
std::vector<std::string> column(const std::string& csv, const std::string& name) {
  const std::vector<std::string> lines = lines_of(csv);
  const auto cells = [](const std::string& line) {
    std::vector<std::string> found(1);
    bool quoted = false;
    for (const char letter : line) {
      if (letter == '"')
        quoted = !quoted;
      else if (letter == ',' && !quoted)
        found.emplace_back();
      else
        found.back() += letter;
    }
    return found;
  };
  const std::vector<std::string> names = cells(lines.at(0));
  const auto place = std::ranges::find(names, name) - names.begin();
  std::vector<std::string> values;
  for (std::size_t i = 1; i < lines.size(); ++i) values.push_back(cells(lines[i]).at(static_cast<std::size_t>(place)));
  return values;
}

class SweepResults : public Workspace {
 protected:
  // Two tolerances, two batch sizes, two seeds: two banks of four.
  void train(const std::string& more = "", const std::string& seeds = "[1, 2]") const {
    write(
        "sweep.yaml",
        "name: s\nconfig: config.yaml\nset: ['training.epochs=2', 'model.hidden=[4]', 'multipliers.measure_on=train']\n"
        "axes: {constraints.0.tolerance: [0.001, 0.5], training.batch_size: [64, 32]}\nseeds: " +
            seeds + "\n" + more);
    const Outcome outcome = run({"sweep", "sweep.yaml"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  Outcome report(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"sweep", "report", "sweeps/s"});
    return run(more);
  }
  nlohmann::json plan() const { return nlohmann::json::parse(read("sweeps/s/sweep.json")); }
  std::string folder_of(const nlohmann::json& one) const {
    return "sweeps/s/jobs/" + one["job"].get<std::string>() + "/members/00" + std::to_string(one["member"].get<int>());
  }
  std::string page_text() const { return report::PageReader(read("sweeps/s/report.html")).text(); }
};

TEST_F(SweepResults, EveryRunIsARowWithWhatItsOwnResultsSay) {
  train();
  const Outcome outcome = report({"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json answer = outcome.json();
  EXPECT_EQ(answer["counts"]["finished"], 8);
  EXPECT_EQ(answer["chosen_by"], "selection");
  for (const char* name : {"results.csv", "results.parquet", "report.html", "frontier.svg"})
    EXPECT_TRUE(exists(std::string("sweeps/s/") + name)) << name;
  const std::string csv = read("sweeps/s/results.csv");
  const nlohmann::json planned = plan();
  const std::string field = planned["axes"][0]["fields"][0];  // as the plan spells constraints.0.tolerance
  const auto ids = column(csv, "run"), tolerances = column(csv, field);
  const auto accuracies = column(csv, "test_accuracy");
  const auto gaps = column(csv, "selection_gap[demographic parity by sex]");
  const auto verdicts = column(csv, "test_verdict[demographic parity by sex]");
  ASSERT_EQ(ids.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) {
    const nlohmann::json& one = planned["runs"][i];
    const nlohmann::json results = nlohmann::json::parse(read(folder_of(one) + "/results.json"));
    EXPECT_EQ(ids[i], one["id"]);
    EXPECT_EQ(std::stod(tolerances[i]), one["point"][field]);
    EXPECT_EQ(std::stod(accuracies[i]), results["splits"][0]["metrics"]["accuracy"]);
    EXPECT_EQ(results["splits"][1]["split"], "selection");
    EXPECT_EQ(std::stod(gaps[i]), results["splits"][1]["constraints"][0]["gap"]);
    EXPECT_EQ(verdicts[i], results["splits"][0]["constraints"][0]["verdict"]);
  }
  // The narrow tolerance is kept by none, the wide one by all.
  EXPECT_EQ(answer["choices"][0]["feasible"], 0);
  EXPECT_EQ(answer["choices"][1]["feasible"], 8);
  EXPECT_EQ(answer["never_feasible"][0]["field"], field);
  EXPECT_THAT(
      page_text(),
      HasSubstr(field + " = 0.001: none of 4\u00A0runs is shown to keep its own tolerances on the selection rows"));
}

TEST_F(SweepResults, TwoSettingsAreComparedOnTheirTestRowsAsCompareDoes) {
  train();
  const Outcome outcome = report({"--compare", "batch_size=64,32", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json compared = outcome.json()["comparison"];
  ASSERT_TRUE(compared.is_object());
  EXPECT_EQ(compared["arms"][0]["name"], "batch_size 64");
  EXPECT_EQ(compared["seeds"].size(), 2u);
  EXPECT_EQ(compared["figures"][2]["name"], "auc") << "measured again: more than the results say";
  // The mean of the first arm is that of its runs' own figures.
  double sum = 0;
  const nlohmann::json planned = plan();
  for (const nlohmann::json& one : planned["runs"])
    if (one["point"]["training.batch_size"] == 64)
      sum += nlohmann::json::parse(read(folder_of(one) + "/results.json"))["splits"][0]["metrics"]["accuracy"]
                 .get<double>();
  EXPECT_NEAR(compared["arms"][0]["means"][0], sum / 4, 1e-9);
  EXPECT_GT(compared["arms"][1]["differences"][0]["rows_error"], 0) << "people are part of the interval";
  EXPECT_THAT(page_text(), HasSubstr("Both were measured again on their test rows"));
  EXPECT_THAT(report({"--compare", "batch_size=64,32"}).out,
              AllOf(HasSubstr("batch_size 32 beside batch_size 64: 4 pairs of runs"), HasSubstr("Accuracy: ")));
}

TEST_F(SweepResults, RunsOfDataThatChangedMeanwhileAreNamedAndNotPaired) {
  write("sweep.yaml",
        "name: s\nconfig: config.yaml\nset: ['training.epochs=2', 'model.hidden=[4]', 'multipliers.measure_on=train']\n"
        "axes: {training.batch_size: [64, 32, 16]}\n");
  ASSERT_EQ(run({"sweep", "sweep.yaml", "--task", "0/3"}).exit_code, 0);
  ASSERT_EQ(run({"sweep", "sweep.yaml", "--task", "1/3"}).exit_code, 0);
  EXPECT_THAT(report().out, Not(HasSubstr("data files changed")));
  write("people.csv", people(700, 2));
  ASSERT_EQ(run({"sweep", "sweep.yaml", "--task", "2/3"}).exit_code, 0);
  const Outcome outcome = report({"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  ASSERT_EQ(outcome.json()["changed_data"].size(), 1u);
  EXPECT_EQ(outcome.json()["changed_data"][0], plan()["runs"][2]["id"]);
  EXPECT_THAT(outcome.json()["warnings"][0], HasSubstr("1\u00A0run learned from other data than the most"));
  EXPECT_THAT(report().out, HasSubstr("warning: The data files changed while this sweep went on: 1 run learned"));
  EXPECT_THAT(page_text(), HasSubstr("Not all runs learned from the same data"));
  EXPECT_THAT(report({"--compare", "batch_size=64,16"}).err, HasSubstr("the data files changed between them"));
  const auto digests = column(read("sweeps/s/results.csv"), "data_sha256");
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_NE(digests[0], digests[2]);
}

TEST_F(SweepResults, WithoutTheDataTheRunsOwnFiguresAreLeft) {
  const auto text_without_data = [&] {
    std::filesystem::rename(path("people.csv"), path("elsewhere.csv"));
    const Outcome outcome = report({"--compare", "batch_size=64,32"});
    std::filesystem::rename(path("elsewhere.csv"), path("people.csv"));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return page_text();
  };
  train();
  EXPECT_THAT(text_without_data(), AllOf(HasSubstr("The test rows could not be measured again"),
                                         HasSubstr("With fewer than three seeds, nothing is then known")));
  train("", "[1, 2, 3]");
  EXPECT_THAT(text_without_data(), HasSubstr("intervals hold what differs between seeds alone"));
}

TEST_F(SweepResults, WhatIsNotThereIsNamedWithTheNearest) {
  train();
  const Outcome axis = report({"--compare", "batch_sise=64,32"});
  EXPECT_EQ(axis.exit_code, 2);
  EXPECT_THAT(axis.err, HasSubstr("--compare names the axis 'batch_sise' (did you mean 'batch_size'?)"));
  const Outcome value = report({"--compare", "batch_size=64,33"});
  EXPECT_EQ(value.exit_code, 2);
  EXPECT_THAT(value.err, HasSubstr("no run has training.batch_size=33"));
  EXPECT_THAT(value.err, HasSubstr("there are 64, 32"));
  const Outcome folder = run({"sweep", "report", "sweeps"});
  EXPECT_EQ(folder.exit_code, 3);
  EXPECT_THAT(folder.err, HasSubstr("'sweeps' is not a sweep's folder: it has no sweep.json"));
  EXPECT_EQ(run({"sweep", "report"}).exit_code, 2);
  EXPECT_EQ(run({"watch", "sweeps"}).exit_code, 3);
  EXPECT_EQ(run({"watch", "sweeps/s", "--every", "never"}).exit_code, 2);
  EXPECT_THAT(run({"watch", "sweeps/s", "--every", "02"}).err,
              HasSubstr("got '02': a leading zero is ambiguous, remove it"));
  EXPECT_FALSE(exists("sweeps/s/results.csv")) << "nothing is written before what is asked is clear";
}

TEST_F(SweepResults, ARunThatIsTornIsARowAndTheOthersStay) {
  train();
  const std::string torn = folder_of(plan()["runs"][0]) + "/results.json";
  write(torn, read(torn).substr(0, 1000));
  std::filesystem::remove_all(path(folder_of(plan()["runs"][1])));
  const Outcome outcome = report();
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("6 finished, 1 failed and 1 is not begun"));
  const std::string csv = read("sweeps/s/results.csv");
  EXPECT_THAT(column(csv, "reason")[0], HasSubstr("results.json is torn"));
  EXPECT_EQ(column(csv, "status")[1], "missing");
  EXPECT_THAT(page_text(), AllOf(HasSubstr("results.json is torn"), HasSubstr("This sweep is not whole")));
}

TEST_F(SweepResults, TwiceIsTheSame) {
  train();
  ASSERT_EQ(report().exit_code, 0);
  const std::string csv = read("sweeps/s/results.csv"), svg = read("sweeps/s/frontier.svg");
  const std::string parquet = read("sweeps/s/results.parquet");
  ASSERT_EQ(report().exit_code, 0);
  EXPECT_TRUE(csv == read("sweeps/s/results.csv"));
  EXPECT_TRUE(svg == read("sweeps/s/frontier.svg"));
  EXPECT_TRUE(parquet == read("sweeps/s/results.parquet"));
}

TEST_F(SweepResults, ThePictureIsDrawnWhereItsProgramIs) {
  train();
  const Outcome outcome = report({"--png"});
  if (std::system("command -v rsvg-convert >/dev/null 2>&1") != 0) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("librsvg2-bin"));
    GTEST_SKIP() << "there is no rsvg-convert on this machine, so no picture was drawn";
  }
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(read("sweeps/s/frontier.png").starts_with("\x89PNG"));
  EXPECT_FALSE(exists("sweeps/s/frontier.png.partial") || exists("sweeps/s/frontier.png.said"));
  Manner nowhere;
  nowhere.environment["PATH"] = "/nowhere";
  const Outcome without = run({"sweep", "report", "sweeps/s", "--png"}, nowhere);
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.err, HasSubstr("--png needs the program rsvg-convert of librsvg"));
}

TEST_F(SweepResults, WatchShowsASweepABankAndARun) {
  train();
  const Outcome sweep = run({"watch", "sweeps/s"});
  EXPECT_EQ(sweep.exit_code, 0) << sweep.err;
  EXPECT_THAT(sweep.out, AllOf(HasSubstr("sweep s: 8 finished"), HasSubstr("100 %"), HasSubstr("tolerance 0.5")));
  EXPECT_THAT(sweep.out, Not(HasSubstr("\x1b"))) << "it is no terminal";
  const std::string job = "sweeps/s/jobs/" + plan()["jobs"][0]["id"].get<std::string>();
  EXPECT_THAT(run({"watch", job, "--once"}).out, HasSubstr("bank"));
  const Outcome one = run({"watch", job + "/members/000", "--json"});
  EXPECT_EQ(one.json()["kind"], "run");
  EXPECT_EQ(one.json()["runs"][0]["status"], "finished");
}

TEST_F(SweepResults, WatchOfARunThatWasKilledSaysThatItIsGone) {
  Manner manner;
  manner.while_running = [&](pid_t pid) {
    for (int i = 0; i < 3000 && !exists("runs/long/measurements.jsonl"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(pid, SIGKILL);
  };
  run({"train", "config.yaml", "training.epochs=100000", "multipliers.measure_on=train", "output.run=long"}, manner);
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1);
  for (const char* name : {"run.json", "measurements.jsonl"})
    std::filesystem::last_write_time(path(std::string("runs/long/") + name), old);
  const Outcome outcome = run({"watch", "runs/long", "--json"});
  EXPECT_EQ(outcome.json()["runs"][0]["status"], "gone");
  EXPECT_TRUE(outcome.json()["done"].get<bool>());
  EXPECT_THAT(run({"watch", "runs/long"}).out, HasSubstr("run long: 1 gone"));
}

TEST_F(SweepResults, WatchSeesARunGoOn) {
  std::string seen;
  Manner manner;
  manner.while_running = [&](pid_t pid) {
    for (int i = 0; i < 3000 && !exists("runs/long/measurements.jsonl"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    seen = run({"watch", "runs/long"}).out;
    ::kill(pid, SIGTERM);
  };
  run({"train", "config.yaml", "training.epochs=100000", "multipliers.measure_on=train", "output.run=long"}, manner);
  EXPECT_THAT(seen, AllOf(HasSubstr("run long: 1 running"), HasSubstr("running (1)")));
}

}  // namespace sweep_report_test
}  // namespace equipoise::end_to_end
