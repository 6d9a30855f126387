#include "engine/checkpoint/checkpoint.h"

#include <gmock/gmock.h>

#include <fstream>
#include <random>
#include <vector>

#include "engine/checkpoint/manifest.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "tests/engine/checkpoint/sample.h"

namespace equipoise::checkpoint {
namespace checkpoint_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointFiles : public CheckpointFolder {
 protected:
  std::string refusal(const Saved& saved) const {
    try {
      read_checkpoint(saved);
    } catch (const core::UserError& error) {
      EXPECT_EQ(error.fault(), core::Fault::data);
      return error.what();
    }
    return "accepted";
  }

  void put(const fs::path& path, const std::string& bytes) const {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  // A checkpoint whose manifest has this text, with the folder's name that belongs to it.
  Saved with_manifest(const std::string& text) const {
    const Saved saved = write_checkpoint(checkpoints(), sample(1));
    put(saved.path / kManifest, text);
    const fs::path renamed = checkpoints() / ("step-000000000001-" + core::sha256(text).substr(0, 16));
    fs::rename(saved.path, renamed);
    return {1, renamed};
  }
};

TEST_F(CheckpointFiles, ReadsWhatItWrote) {
  const Checkpoint before = sample(120);
  const Saved saved = write_checkpoint(checkpoints(), before);
  EXPECT_THAT(saved.path.filename().string(), testing::StartsWith("step-000000000120-"));
  const Checkpoint after = read_checkpoint(saved);
  EXPECT_EQ(after.step, 120);
  EXPECT_EQ(after.belongs_to, before.belongs_to);
  EXPECT_TRUE(at::equal(after.state.tensors.at("weights"), before.state.tensors.at("weights")));
  EXPECT_TRUE(at::equal(after.state.tensors.at("steps"), before.state.tensors.at("steps")));
  EXPECT_EQ(after.state.integers, before.state.integers);
  EXPECT_EQ(after.state.texts, before.state.texts);
  const std::vector<double>& loss = after.state.numbers.at("loss");
  EXPECT_EQ(loss[0], 0.1);
  EXPECT_TRUE(std::isnan(loss[1]));
  EXPECT_EQ(loss[2], -std::numeric_limits<double>::infinity());
}

TEST_F(CheckpointFiles, ListsTheNewestFirstAndNothingElse) {
  write_checkpoint(checkpoints(), sample(5));
  write_checkpoint(checkpoints(), sample(15));
  write_checkpoint(checkpoints(), sample(10));
  fs::create_directories(checkpoints() / "step-12");
  fs::create_directories(checkpoints() / ".unfinished");
  put(checkpoints() / "notes.txt", "mine");
  std::vector<std::int64_t> steps;
  for (const Saved& saved : list_checkpoints(checkpoints())) steps.push_back(saved.step);
  EXPECT_THAT(steps, ElementsAre(15, 10, 5));
  EXPECT_TRUE(list_checkpoints(folder_ / "none").empty());
}

TEST_F(CheckpointFiles, ASaveClearsWhatAnEarlierOneLeft) {
  fs::create_directories(checkpoints() / ".unfinished" / "deep");
  put(checkpoints() / ".unfinished" / "state.json", "half");
  EXPECT_EQ(read_checkpoint(write_checkpoint(checkpoints(), sample(1))).step, 1);
  EXPECT_FALSE(fs::exists(checkpoints() / ".unfinished"));
}

TEST_F(CheckpointFiles, ADiskThatTakesNothingLeavesNothing) {
  put(checkpoints(), "a file stands there");
  EXPECT_THROW(write_checkpoint(checkpoints(), sample(1)), core::UserError);
  EXPECT_EQ(core::read_file(checkpoints()), "a file stands there");
}

// A thousand checkpoints with one bit of one file the wrong way round.
TEST_F(CheckpointFiles, EverySingleBitFlipIsDetected) {
  const Saved saved = write_checkpoint(checkpoints(), sample(3));
  std::vector<std::pair<fs::path, std::string>> files;
  std::size_t all = 0;
  for (const auto& entry : fs::directory_iterator(saved.path)) {
    files.emplace_back(entry.path(), core::read_file(entry.path()));
    all += files.back().second.size();
  }
  ASSERT_EQ(files.size(), 3u);
  std::mt19937_64 random(7);
  for (int flip = 0; flip < 1000; ++flip) {
    std::size_t place = random() % all;
    auto file = files.begin();
    while (place >= file->second.size()) place -= (file++)->second.size();
    std::string bytes = file->second;
    bytes[place] = static_cast<char>(bytes[place] ^ (1 << (random() % 8)));
    put(file->first, bytes);
    ASSERT_NE(refusal(saved), "accepted") << file->first << " byte " << place;
    put(file->first, file->second);
  }
  EXPECT_EQ(refusal(saved), "accepted") << "and nothing else was wrong";
}

TEST_F(CheckpointFiles, RefusesWhatIsNotWhole) {
  const Saved saved = write_checkpoint(checkpoints(), sample(3));
  const fs::path tensors = saved.path / "state.safetensors";
  const std::string bytes = core::read_file(tensors);
  put(tensors, bytes.substr(0, bytes.size() - 1));
  EXPECT_THAT(refusal(saved), HasSubstr("bytes, expected " + std::to_string(bytes.size())));
  put(tensors, bytes + "x");
  EXPECT_THAT(refusal(saved), HasSubstr("expected no more than " + std::to_string(bytes.size())));
  fs::remove(tensors);
  EXPECT_THAT(refusal(saved), HasSubstr("state.safetensors': No such file or directory"));
  put(folder_ / "elsewhere", bytes);
  fs::create_symlink(folder_ / "elsewhere", tensors);
  EXPECT_THAT(refusal(saved), HasSubstr("state.safetensors' is a link, expected a file"));
  fs::remove(tensors);
  fs::create_directory(tensors);
  EXPECT_THAT(refusal(saved), HasSubstr("is no plain file"));
  fs::remove(tensors);
  put(tensors, bytes);
  EXPECT_EQ(refusal(saved), "accepted");
  fs::remove(saved.path / kManifest);
  EXPECT_THAT(refusal(saved), HasSubstr("manifest.json': No such file"));
}

TEST_F(CheckpointFiles, RefusesAFolderThatIsALink) {
  const Saved saved = write_checkpoint(checkpoints(), sample(3));
  const fs::path moved = folder_ / saved.path.filename();
  fs::rename(saved.path, moved);
  fs::create_directory_symlink(moved, saved.path);
  EXPECT_THAT(refusal(saved), HasSubstr("is no folder of its own"));
}

TEST_F(CheckpointFiles, RefusesAManifestThatLeadsElsewhere) {
  const std::string start = R"({"program": "equipoise checkpoint", "format": 3, "step": 1, "files": [)";
  const auto file = [](const std::string& name) { return R"({"name": ")" + name + R"(", "bytes": 4, "sha256": ""})"; };
  put(folder_ / "secret", "data");
  for (const std::string name : {"../../secret", "/etc/passwd", "", ".hidden", "a/b", "state\\u0000.json", "\\u00e9"})
    EXPECT_THAT(refusal(with_manifest(start + file(name) + "]}")), HasSubstr("expected a plain name")) << name;
  EXPECT_THAT(refusal(with_manifest(start + file("a") + "," + file("a") + "]}")), HasSubstr("'a' is listed twice"));
}

TEST(CheckpointValues, RefusesWhatIsOfAnotherKind) {
  const auto refused = [](const std::string& text) -> std::string {
    try {
      values_from(text, "state.json");
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto with = [](const std::string& kind, const std::string& list) {
    std::string text = R"({"belongs_to":[],"numbers":{},"integers":{},"texts":{}})";
    const std::size_t at = text.find(kind) + kind.size() + 3;
    return text.insert(at, "\"x\":" + list);
  };
  EXPECT_EQ(refused(with("integers", "[1,-9223372036854775808]")), "accepted");
  EXPECT_EQ(refused(with("numbers", "[1,2.5,\"nan\"]")), "accepted");
  for (const std::string list : {"[-15555555555555555555555]", "[9223372036854775808]", "[1.5]", "[true]", "[\"1\"]"})
    EXPECT_THAT(refused(with("integers", list)), HasSubstr("expected a whole number")) << list;
  for (const std::string list : {"[true]", "[null]", "[\"infinity\"]"})
    EXPECT_THAT(refused(with("numbers", list)), HasSubstr("expected a number")) << list;
  EXPECT_THAT(refused(with("numbers", "1")), HasSubstr("expected a list"));
  EXPECT_THAT(refused(with("texts", "[1]")), HasSubstr("does not hold a checkpoint's values"));
  EXPECT_THAT(refused("{}"), HasSubstr("'state.json' does not hold a checkpoint's values"));
}

TEST_F(CheckpointFiles, RefusesWhatIsNoManifest) {
  const auto refused = [&](const std::string& text) { return refusal(with_manifest(text)); };
  EXPECT_THAT(refused(""), HasSubstr("it does not say that it is one"));
  EXPECT_THAT(refused("[]"), HasSubstr("it does not say that it is one"));
  EXPECT_THAT(refused(R"({"program": "equipoise checkpoint", "format": 2, "step": 1, "files": []})"),
              HasSubstr("has format 2; this program reads format 3"));
  EXPECT_THAT(refused(R"({"program": "equipoise checkpoint", "format": 3, "step": -1, "files": []})"),
              HasSubstr("its step is no whole number from 0"));
  EXPECT_THAT(refused(R"({"program": "equipoise checkpoint", "format": 3, "step": 1, "files": 7})"),
              HasSubstr("its files are no list"));
  EXPECT_THAT(refused(R"({"program": "equipoise checkpoint", "format": 3, "step": 1, "files": [7]})"),
              HasSubstr("is not a checkpoint's manifest"));
  EXPECT_THAT(refused(R"({"program": "equipoise checkpoint", "format": 3, "step": 1, "files": []})"),
              HasSubstr("names no 'state.safetensors'"));
}

}  // namespace checkpoint_test
}  // namespace equipoise::checkpoint
