#include "engine/cli/shell_words.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace equipoise::cli {
namespace shell_words_test {

TEST(ShellWords, LeavesPlainWordsAndQuotesTheRest) {
  EXPECT_EQ(shell_line({"equipoise", "train", "a/b-c.yaml", "training.epochs=5"}),
            "equipoise train a/b-c.yaml training.epochs=5");
  EXPECT_EQ(shell_line({"constraints[0].tolerance=0.1", "~model", "", "a b", "it's"}),
            R"('constraints[0].tolerance=0.1' '~model' '' 'a b' 'it'\''s')");
  EXPECT_EQ(shell_line({"=ls"}), "'=ls'");
}

// A shell is asked to take the line apart again.
TEST(ShellWords, AShellReadsTheSameWords) {
  const std::vector<std::string> words = {"$HOME", "`id`", "a\"b", "a'b", "new\nline", "*",
                                          "\\",    "é",    "a;b",  "#c",  "!x"};
  const std::string line = "printf '%s\\0' " + shell_line(words);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(line.c_str(), "r"), &::pclose);
  ASSERT_NE(pipe, nullptr);
  std::string read;
  for (int byte = 0; (byte = std::fgetc(pipe.get())) != EOF;) read += static_cast<char>(byte);
  std::string expected;
  for (const std::string& word : words) expected += word + '\0';
  EXPECT_EQ(read, expected);
}

}  // namespace shell_words_test
}  // namespace equipoise::cli
