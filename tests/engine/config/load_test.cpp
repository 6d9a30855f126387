#include "engine/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/config/tree.h"
#include "engine/config/writer.h"
#include "engine/core/seed.h"
#include "tests/engine/config/sample_config.h"

namespace equipoise::config {
namespace load_test {

using testing::AllOf;
using testing::HasSubstr;

class Load : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("config_load_") + testing::UnitTest::GetInstance()->current_test_info()->name() + "_" +
               std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  static std::string complaint(const std::filesystem::path& path, const std::vector<std::string>& overrides = {}) {
    sample::Config config;
    Origin origin;
    try {
      load(path, overrides, config, origin);
    } catch (const core::UserError& error) {
      EXPECT_EQ(error.fault(), core::Fault::config);
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

TEST_F(Load, ReadsAFileWithOverrides) {
  sample::Config config;
  Origin origin;
  load(file("run.yaml", sample::kValid), {"training.epochs=3", "data.files=x.csv"}, config, origin);
  EXPECT_EQ(config.training.epochs, 3);
  EXPECT_EQ(config.data.files, std::vector<std::string>{(folder_ / "x.csv").string()});
  EXPECT_EQ(origin.of("seed")->file, (folder_ / "run.yaml").string());
}

TEST_F(Load, RelativePathsDoNotDependOnHowTheFileIsNamed) {
  file("run.yaml", sample::kValid);
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  sample::Config config;
  Origin origin;
  load("run.yaml", {}, config, origin);
  std::filesystem::current_path(before);
  EXPECT_EQ(config.folder, (std::filesystem::canonical(folder_) / "out").string());
}

TEST_F(Load, NoSuchFile) {
  file("adult.yaml", sample::kValid);
  EXPECT_THAT(complaint(folder_ / "adult.yml"),
              AllOf(HasSubstr("adult.yml: no such config file"), HasSubstr("(did you mean 'adult.yaml'?)")));
  EXPECT_THAT(complaint(folder_ / "something"), HasSubstr("no such config file; YAML files there: adult.yaml"));
  EXPECT_THAT(complaint(folder_ / "no" / "adult.yaml"), HasSubstr("there is no folder " + (folder_ / "no").string()));
}

TEST_F(Load, AFolder) {
  file("adult.yaml", sample::kValid);
  EXPECT_THAT(complaint(folder_), HasSubstr("this is a folder, but a YAML config file was expected; YAML files there: "
                                            "adult.yaml"));
}

TEST_F(Load, AnEmptyFile) {
  const std::string expected = "the config is empty; expected a mapping of name, seed, data";
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "null\n"})
    EXPECT_THAT(complaint(file("empty.yaml", text)), HasSubstr(expected)) << text;
}

TEST_F(Load, AFileThatIsNoMapping) {
  EXPECT_THAT(complaint(file("a.yaml", "just words\n")), HasSubstr("a.yaml:1:1: expected a mapping of keys to values "
                                                                   "(name, seed"));
  EXPECT_THAT(complaint(file("a.yaml", "- a\n")), HasSubstr("got a list"));
}

TEST_F(Load, AFileThatCannotBeRead) {
  EXPECT_THAT(complaint("/proc/self/mem"), HasSubstr("the config file cannot be read"));
}

TEST_F(Load, ALargeOrEndlessFile) {
  EXPECT_THAT(complaint(file("big.yaml", "a: 1\n" + std::string(kLargestConfig, '#'))), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(complaint("/dev/zero"), HasSubstr("larger than 1 MiB"));
}

TEST_F(Load, ABinaryFile) {
  EXPECT_THAT(complaint(file("a.yaml", std::string("PK\x03\x04\0\0", 6))),
              AllOf(HasSubstr("a.yaml:1:3: a control character (0x03)"), HasSubstr("a.yaml:1:5: a NUL byte")));
}

TEST_F(Load, ProblemsOfTreeOverridesAndValuesTogether) {
  const std::string all =
      complaint(file("run.yaml", sample::with("seed: 1\nseed: 2\ntraining: {epochs: 0}\n")), {"nam=x"});
  EXPECT_THAT(
      all, AllOf(HasSubstr("run.yaml:3:1: the key 'seed' is here twice"), HasSubstr("run.yaml:4:20: training.epochs"),
                 HasSubstr("command line: nam=x: unknown key 'nam' (did you mean 'name'?)")));
}

TEST_F(Load, AThousandProblemsAreCutToAHundred) {
  std::string text = sample::with("training:\n  hidden:\n");
  for (int i = 0; i < 1000; ++i) text += "    - x\n";
  EXPECT_THAT(complaint(file("run.yaml", text)), HasSubstr("and 900 more problems"));
}

TEST_F(Load, DeepAndCyclicFiles) {
  EXPECT_THAT(complaint(file("a.yaml", std::string(kLargestConfig, '['))), HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(complaint(file("a.yaml", "data: &d\n  label: *d\n")), HasSubstr("aliases (*name) are not allowed"));
}

// Pure functions of a seed, so that a failure can be repeated.
class Mutation {
 public:
  explicit Mutation(std::uint64_t seed) : seed_(seed) {}

  std::string of(std::string text, std::size_t most_changes) {
    const std::size_t changes = 1 + draw(most_changes);
    for (std::size_t i = 0; i < changes; ++i) change(text);
    return text;
  }

 private:
  std::size_t draw(std::size_t below) { return core::mix(seed_, ++count_) % below; }

  void change(std::string& text) {
    static const std::vector<std::string> kPieces = {"[",
                                                     "]",
                                                     "{",
                                                     "}",
                                                     ",",
                                                     ":",
                                                     ": ",
                                                     "- ",
                                                     "? ",
                                                     "&a ",
                                                     "*a",
                                                     "!t ",
                                                     "|\n",
                                                     ">",
                                                     "'",
                                                     "\"",
                                                     "\\",
                                                     "#",
                                                     "\n",
                                                     "\n  ",
                                                     "\t",
                                                     "---\n",
                                                     "...\n",
                                                     "%YAML 1.2\n",
                                                     "<<: ",
                                                     "~",
                                                     "null",
                                                     ".nan",
                                                     "1e999",
                                                     "-1",
                                                     "[[[[[[[[",
                                                     "\xEF\xBB\xBF",
                                                     "\xE9",
                                                     std::string(1, '\0'),
                                                     "\r",
                                                     "é",
                                                     "data",
                                                     "training:\n  epochs: 3\n",
                                                     "constraints:\n  - {kind: x}\n"};
    const std::size_t at = draw(text.size() + 1);
    const std::size_t length = std::min(draw(12), text.size() - at);
    switch (draw(5)) {
      case 0:
        text.insert(at, kPieces[draw(kPieces.size())]);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(draw(text.size() + 1), text.substr(at, length));
        break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(draw(256));
        break;
      default:
        text.replace(at, length, kPieces[draw(kPieces.size())]);
    }
  }

  std::uint64_t seed_;
  std::uint64_t count_ = 0;
};

TEST(LoadMutated, FilesLoadOrAreRefusedAndNeverCrash) {
  int loaded = 0, refused = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    const std::string text = Mutation(seed).of(std::string(sample::kValid), 2);
    try {
      const sample::Config config = sample::load_sample(text);
      ++loaded;
      // What loads is written and read back as the same.
      sample::Config written = config;
      ASSERT_EQ(sample::load_sample(to_yaml(sample::describe(written))), config) << "seed " << seed << "\n" << text;
    } catch (const core::UserError& error) {
      ++refused;
      ASSERT_FALSE(error.problems().empty());
    }
  }
  // Both ways out are taken, or the mutations test nothing.
  EXPECT_GT(loaded, 300);
  EXPECT_GT(refused, 1500);
}

TEST(LoadMutated, OverridesLoadOrAreRefusedAndNeverCrash) {
  const std::vector<std::string> overrides = {"training.epochs=5", "+constraints[]={kind: equalized_odds, group: sex}",
                                              "~data.types.age", "constraints[0].tolerance=0.1",
                                              "training.hidden=[8, 8]"};
  int loaded = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const std::string text = Mutation(seed).of(overrides[seed % overrides.size()], 1);
    try {
      sample::load_sample(sample::kValid, {text});
      ++loaded;
    } catch (const core::UserError& error) {
      ASSERT_FALSE(error.problems().empty());
    }
  }
  EXPECT_GT(loaded, 100);
  EXPECT_LT(loaded, 1500);
}

}  // namespace load_test
}  // namespace equipoise::config
