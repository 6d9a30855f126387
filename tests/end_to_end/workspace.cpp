#include "tests/end_to_end/workspace.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace equipoise::end_to_end {
namespace {

std::filesystem::path fresh_folder() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) /
      ("equipoise_" + std::string(test->test_suite_name()) + "_" + test->name() + "_" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return std::filesystem::canonical(folder);
}

// Numerical Recipes' generator: the same numbers everywhere.
class Draws {
 public:
  explicit Draws(unsigned seed) : state_(seed) {}
  double uniform() {
    state_ = state_ * 1664525u + 1013904223u;
    return (state_ >> 8) / 16777216.0;
  }
  int below(int count) { return static_cast<int>(uniform() * count); }

 private:
  unsigned state_;
};

}  // namespace

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> std::quoted(word);) words.push_back(word);
  return words;
}

std::string source_file(const std::string& name) {
  std::ifstream stream(std::filesystem::path(EQUIPOISE_SOURCE_DIR) / name, std::ios::binary);
  EXPECT_TRUE(stream) << name << " is not there";
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> blocks_of(const std::string& page, const std::string& language) {
  const std::string fence = "```" + language + "\n";
  std::vector<std::string> blocks;
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
    at += fence.size();
    const std::size_t end = page.find("```", at);
    blocks.push_back(page.substr(at, end - at));
    at = end;
  }
  return blocks;
}

std::string block_of(const std::string& page, const std::string& language) {
  const std::vector<std::string> blocks = blocks_of(page, language);
  return blocks.empty() ? "" : blocks.front();
}

void Workspace::link_repository() const {
  for (const char* folder : {"configs", "benchmarks"})
    std::filesystem::create_directory_symlink(std::filesystem::path(EQUIPOISE_SOURCE_DIR) / folder, path(folder));
}

std::string people(int rows, unsigned seed) {
  Draws draws(seed);
  std::ostringstream text;
  text << "age,hours,job,sex,race,income\n";
  for (int i = 0; i < rows; ++i) {
    const int age = 18 + draws.below(60), hours = 5 + draws.below(60), job = draws.below(3);
    const bool is_man = draws.uniform() < 0.6;
    const double logit = 0.06 * (hours - 40) + 0.8 * (job - 1) + (is_man ? 0.5 : -0.5);
    const bool earns = draws.uniform() < 1 / (1 + std::exp(-logit));
    text << age << ',' << hours << ',' << "xyz"[job] << ',' << (is_man ? 'm' : 'f') << ',' << "abc"[draws.below(3)]
         << ',' << (earns ? "yes" : "no") << '\n';
  }
  return text.str();
}

std::string config_text(const std::map<std::string, std::string>& replaced) {
  std::ifstream file(std::filesystem::path(EQUIPOISE_SOURCE_DIR) / "tests/end_to_end/people.yaml");
  std::string text(std::istreambuf_iterator<char>(file), {});
  for (const auto& [from, to] : replaced) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) throw std::logic_error("the config has no '" + from + "'");
    text.replace(at, from.size(), to);
  }
  return text;
}

Workspace::Workspace() : folder_(fresh_folder()) {
  write("people.csv", people(1500));
  write("config.yaml", config_text());
}

Workspace::~Workspace() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Workspace::write(const std::string& name, const std::string& content) const {
  std::filesystem::create_directories(path(name).parent_path());
  std::ofstream(path(name), std::ios::binary) << content;
}

std::string Workspace::read(const std::string& name) const {
  std::ifstream stream(path(name), std::ios::binary);
  if (!stream) throw std::runtime_error("there is no " + path(name).string());
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> Workspace::names_in(const std::string& folder) const {
  std::vector<std::string> names;
  // A program that is looked at while it runs may take it away at any moment.
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path(folder), error), end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

Outcome Workspace::run(const std::vector<std::string>& words, const Manner& manner) const {
  return run_program(words, folder_, manner);
}

void Workspace::train_into(const std::string& run_name, const std::vector<std::string>& overrides) const {
  std::vector<std::string> words = {"train", "config.yaml", "output.run=" + run_name};
  words.insert(words.end(), overrides.begin(), overrides.end());
  const Outcome outcome = run(words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
}

std::vector<double> Workspace::scores_of(const std::string& run_name, const std::string& data) const {
  const Outcome outcome = run({"predict", "runs/" + run_name, "--data", data, "--output", run_name + ".csv"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  std::istringstream lines(read(run_name + ".csv"));
  std::vector<double> scores;
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line);)
    scores.push_back(std::stod(line.substr(line.find(',') + 1)));
  return scores;
}

}  // namespace equipoise::end_to_end
