#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/program.h"

namespace equipoise::end_to_end {

/// A folder of its own for each test, with a small data set and a config that trains on it in a moment.
class Workspace : public testing::Test {
 protected:
  Workspace();
  ~Workspace() override;

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& content) const;
  std::string read(const std::string& name) const;
  nlohmann::json object(const std::string& name) const { return nlohmann::json::parse(read(name)); }
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }
  /// The names in a folder, sorted.
  std::vector<std::string> names_in(const std::string& folder) const;

  Outcome run(const std::vector<std::string>& words, const Manner& manner = {}) const;
  /// Trains config.yaml into runs/<run>; it must succeed.
  void train_into(const std::string& run, const std::vector<std::string>& overrides = {}) const;

  /// What runs/<run> predicts first of each row of a file (a binary score), in their order.
  std::vector<double> scores_of(const std::string& run, const std::string& data = "people.csv") const;

  /// Links to the repository's configs and data, beside which its guides' commands run.
  void link_repository() const;

  const std::filesystem::path folder_;
};

/// As a shell cuts them; double quotes hold words together.
std::vector<std::string> words_of(const std::string& line);

/// A file of the repository.
std::string source_file(const std::string& name);
/// The text of every fenced block of that language in a page, in their order.
std::vector<std::string> blocks_of(const std::string& page, const std::string& language);
/// Of the first one; "" where there is none.
std::string block_of(const std::string& page, const std::string& language);

/// people.csv: sex (f, m), race (a, b, c), age, hours, job (x, y, z), income (yes, no); a pure function of `seed`.
std::string people(int rows, unsigned seed = 1);
/// A config of people.csv with demographic parity by sex; `replaced` exchanges pieces of its text.
std::string config_text(const std::map<std::string, std::string>& replaced = {});

}  // namespace equipoise::end_to_end
