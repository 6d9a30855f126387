#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/core/seed.h"

namespace equipoise::core {
namespace core_test {

using testing::HasSubstr;
namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("core_" + name + std::to_string(::getpid()));
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

TEST(Error, ShowsWhatIsKnownOfThePlace) {
  EXPECT_EQ((Position{"a.yaml", 3, 5}.text()), "a.yaml:3:5");
  EXPECT_EQ((Position{"a.yaml", 3, 0}.text()), "a.yaml:3");
  EXPECT_EQ((Position{"a.yaml", 0, 5}.text()), "a.yaml");
  EXPECT_EQ((Problem{"is wrong", Position{"a.yaml", 1, 2}}.text()), "a.yaml:1:2: is wrong");
}

TEST(Error, ListsAllProblems) {
  const UserError error(Fault::config, {{"one", std::nullopt}, {"two", Position{"f", 2, 1}}});
  EXPECT_STREQ(error.what(), "one\nf:2:1: two");
  EXPECT_EQ(static_cast<int>(error.fault()), 2);
}

TEST(NearestName, FindsMisspeltNamesAndNothingElse) {
  const std::vector<std::string> known = {"tolerance", "training", "group", "kind"};
  EXPECT_EQ(nearest_name("tolerence", known), "tolerance");
  EXPECT_EQ(nearest_name("Tolerance", known), "tolerance");
  EXPECT_EQ(nearest_name("gruop", known), "group");  // two letters swapped
  EXPECT_EQ(nearest_name("banana", known), "");
  EXPECT_EQ(nearest_name("", known), "");
  EXPECT_EQ(did_you_mean("trainin", known), " (did you mean 'training'?)");
  EXPECT_EQ(did_you_mean("banana", known), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'x'), known), "");
}

TEST(NearestName, ListsUpToALimit) {
  EXPECT_EQ(listed({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(listed({"a", "b", "c"}, 2), "a, b, ... (3 in all)");
}

TEST(Files, ReadsOfAnyLength) {
  const fs::path file = fresh_folder("long") / "file";
  const std::string content(200001, 'x');
  std::ofstream(file, std::ios::binary) << content;
  EXPECT_TRUE(read_file(file) == content);
  std::ofstream(file, std::ios::binary | std::ios::trunc).close();
  EXPECT_EQ(read_file(file), "");
}

// The first page of a process is never mapped: reading it is an error of the kernel's.
TEST(Files, ReadErrorsAreTheUsersToMend) {
  for (const bool hashed : {false, true}) {
    try {
      hashed ? sha256_of_file("/proc/self/mem") : read_file("/proc/self/mem");
      ADD_FAILURE() << "no error";
    } catch (const UserError& error) {
      EXPECT_EQ(error.fault(), Fault::data);
      EXPECT_THAT(error.what(), HasSubstr("cannot read '/proc/self/mem': Input/output error"));
    }
  }
}

TEST(Files, WritesWholeFilesAndReplacesThem) {
  const fs::path folder = fresh_folder("write");
  write_file_atomically(folder / "x", "first");
  write_file_atomically(folder / "x", std::string("sec\0ond", 7));
  EXPECT_EQ(read_file(folder / "x"), std::string("sec\0ond", 7));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1) << "a temporary file was left";
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const UserError& error) {
    EXPECT_EQ(error.fault(), Fault::data);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Files, SayWhyTheyCannot) {
  const fs::path folder = fresh_folder("fail");
  EXPECT_THAT(message_of([&] { read_file(folder / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(message_of([&] { read_file(folder); }), HasSubstr("Is a directory"));
  EXPECT_THAT(message_of([&] { write_file_atomically(folder / "no" / "x", "a"); }), HasSubstr("No such file"));
  fs::create_directory(folder / "taken");
  EXPECT_THAT(message_of([&] { write_file_atomically(folder / "taken", "a"); }), HasSubstr("cannot write"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1) << "a temporary file was left";
}

TEST(Files, AFullDiskLeavesNothingHalfWritten) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this machine";
  // A link to the device that is always full: the temporary file is what is written, so the device stands in its place.
  const fs::path folder = fresh_folder("full");
  fs::create_symlink("/dev/full", folder / ("x.part" + std::to_string(::getpid())));
  EXPECT_THAT(message_of([&] { write_file_atomically(folder / "x", "content"); }), HasSubstr("No space left"));
  EXPECT_FALSE(fs::exists(folder / "x"));
}

TEST(Files, ReadsPlainFilesAlone) {
  const fs::path folder = fresh_folder("plain");
  write_new_file(folder / "x", "content");
  EXPECT_EQ(read_regular_file(folder / "x", 7), "content");
  EXPECT_THAT(message_of([&] { read_regular_file(folder / "x", 6); }),
              HasSubstr("has 7 bytes, expected no more than 6"));
  fs::create_symlink(folder / "x", folder / "link");
  EXPECT_THAT(message_of([&] { read_regular_file(folder / "link", 7); }),
              HasSubstr("link' is a link, expected a file"));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(message_of([&] { read_regular_file(folder / "pipe", 7); }), HasSubstr("is no plain file"));
  EXPECT_THAT(message_of([&] { read_regular_file(folder, 7); }), HasSubstr("is no plain file"));
  EXPECT_THAT(message_of([&] { read_regular_file(folder / "none", 7); }), HasSubstr("No such file"));
}

TEST(Files, NewFilesAndFoldersReplaceNothing) {
  const fs::path folder = fresh_folder("new");
  write_new_file(folder / "x", "first");
  EXPECT_THAT(message_of([&] { write_new_file(folder / "x", "second"); }), HasSubstr("File exists"));
  EXPECT_EQ(read_file(folder / "x"), "first");
  make_folder(folder / "y");
  EXPECT_NO_THROW(make_folder(folder / "y"));
  EXPECT_THAT(message_of([&] { make_folder(folder / "x"); }), HasSubstr("cannot make the folder"));
  write_new_file(folder / "y" / "inside", "");
  make_folder(folder / "z");
  EXPECT_THAT(message_of([&] { rename_folder(folder / "z", folder / "y"); }), HasSubstr("cannot rename to"));
  rename_folder(folder / "z", folder / "w");
  EXPECT_TRUE(fs::is_directory(folder / "w"));
  EXPECT_NO_THROW(flush_folder(folder));
  EXPECT_THAT(message_of([&] { flush_folder(folder / "none"); }), HasSubstr("cannot open the folder"));
}

TEST(Files, Sha256KnownAnswers) {
  // FIPS 180-4's examples: the empty message and "abc".
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const fs::path folder = fresh_folder("sha");
  write_file_atomically(folder / "x", "abc");
  EXPECT_EQ(sha256_of_file(folder / "x"), sha256("abc"));
}

TEST(Seed, UsesDoNotShareDraws) {
  EXPECT_NE(seed_for(7, "split"), seed_for(7, "batches"));
  EXPECT_NE(seed_for(7, "split"), seed_for(8, "split"));
  EXPECT_EQ(seed_for(7, "split"), seed_for(7, "split"));
}

TEST(Seed, UniformIsUniform) {
  double sum = 0;
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 10000; ++i) {
    const std::uint64_t bits = mix(42, i);
    seen.insert(bits);
    const double u = uniform(bits);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
  }
  EXPECT_EQ(seen.size(), 10000u);
  EXPECT_NEAR(sum / 10000, 0.5, 0.012);  // four standard errors
}

TEST(Interrupt, TurnsASignalIntoAnException) {
  catch_signals();
  EXPECT_NO_THROW(stop_if_interrupted());
  std::raise(SIGTERM);
  try {
    stop_if_interrupted();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Interrupted& stopped) {
    EXPECT_EQ(stopped.signal(), SIGTERM);
    EXPECT_EQ(stopped.exit_code(), 143);
  }
}

TEST(Interrupt, ASchedulersSignalAsksToStartAgainAndMayComeTwice) {
  catch_signals();
  expect_preemption();
  for (const int signal : {SIGTERM, SIGUSR1}) {
    EXPECT_FALSE(is_interrupted());
    std::raise(signal);
    std::raise(signal);
    EXPECT_TRUE(is_interrupted());
    try {
      stop_if_interrupted();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Interrupted& stopped) {
      EXPECT_EQ(stopped.signal(), signal);
      EXPECT_EQ(stopped.exit_code(), 75);
    }
  }
  std::raise(SIGINT);
  try {
    stop_if_interrupted();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Interrupted& stopped) {
    EXPECT_EQ(stopped.exit_code(), 130);
  }
}

}  // namespace core_test
}  // namespace equipoise::core
