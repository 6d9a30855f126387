#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/core/error.h"
#include "engine/core/journal.h"
#include "engine/sweep/planning.h"

namespace equipoise::sweep {

/// The message of what `work` throws.
template <typename Work>
std::string refusal_of(const Work& work) {
  try {
    work();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

/// A folder of its own for each test, with a config that no data stand behind.
class SweepFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) / (std::string(info->test_suite_name()) + "-" + info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    write("config.yaml", R"(
name: people
data:
  files: people.csv
  label: {column: income, positive: "yes"}
  groups: [{column: sex}, {column: race}]
model: {kind: mlp, hidden: [8]}
training: {epochs: 2, batch_size: 64}
constraints:
  - {kind: demographic_parity, group: sex, tolerance: 0.05}
  - {kind: demographic_parity, group: race, tolerance: 0.1}
)");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

  /// In config.yaml; `from` stands there once.
  void replace_in_config(const std::string& from, const std::string& to) const {
    std::ifstream file(folder_ / "config.yaml");
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    write("config.yaml", text.replace(at, from.size(), to));
  }

  /// The plan of a sweep file with this text after `config: config.yaml`.
  Planning planned(const std::string& text, const std::optional<Earlier>& earlier = std::nullopt) const {
    write("sweep.yaml", "config: config.yaml\n" + text);
    core::Journal journal;
    return make_plan(read_request(folder_ / "sweep.yaml", "", journal), earlier);
  }
  Planning multirun(const std::vector<std::string>& words) const {
    return make_plan(multirun_request((folder_ / "config.yaml").string(), words), std::nullopt);
  }

  std::string refusal(const std::string& text) const {
    return refusal_of([&] { planned(text); });
  }

  /// "training.epochs=5 seed=1", a line a run.
  static std::vector<std::string> points(const Plan& plan) {
    std::vector<std::string> lines;
    for (const PlannedRun& run : plan.runs) {
      std::string line;
      for (const auto& [field, value] : run.point) line += (line.empty() ? "" : " ") + field + "=" + value.dump();
      lines.push_back(line);
    }
    return lines;
  }

  std::filesystem::path folder_;
};

}  // namespace equipoise::sweep
