// Pictures, from their files to decisions about new ones, as their user sees it.
#include <fstream>
#include <sstream>

#include "tests/end_to_end/resume.h"
#include "tests/engine/data/picture_bytes.h"

namespace equipoise::end_to_end {
namespace images_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr unsigned kSide = 8;

// Row i of a table "kind,tint,file" and its picture, 3 x 8 x 8: a bar of light lies (stripe) or stands (pole), in a tint.
struct Pictures {
  std::string table = "kind,tint,file\n";
  std::vector<std::string> pixels;  // of each

  Pictures(unsigned rows, unsigned seed) {
    unsigned state = seed;
    const auto draw = [&](unsigned below) {
      state = state * 1664525 + 1013904223;
      return (state >> 8) % below;
    };
    for (unsigned row = 0; row < rows; ++row) {
      const bool stands = draw(2) == 0, is_red = draw(10) < (stands ? 8U : 3U);
      table += std::string(stands ? "pole" : "stripe") + (is_red ? ",red," : ",blue,") + name_of(row) + "\n";
      pixels.emplace_back();
      const unsigned place = 1 + draw(kSide - 2);
      for (unsigned channel = 0; channel < 3; ++channel)
        for (unsigned y = 0; y < kSide; ++y)
          for (unsigned x = 0; x < kSide; ++x) {
            const bool is_lit = (stands ? x : y) == place, is_own = channel == (is_red ? 0 : 2);
            pixels.back() += static_cast<char>((is_lit ? 150 : 10) + (is_own ? 60 : 0) + draw(40));
          }
    }
  }

  static std::string name_of(std::size_t row) {
    return "of-" + std::to_string(row % 3) + "/" + std::to_string(row) + ".png";
  }

  std::string joined() const {
    std::string all;
    for (const std::string& picture : pixels) all += picture;
    return all;
  }
  std::string idx() const {
    std::string bytes = {0, 0, 8, 4};
    for (const std::size_t size : {pixels.size(), std::size_t{3}, std::size_t{kSide}, std::size_t{kSide}})
      bytes += big_endian(static_cast<std::uint32_t>(size));
    return bytes + joined();
  }
  std::string npy() const { return equipoise::npy("(" + std::to_string(pixels.size()) + ", 3, 8, 8)", joined()); }
  std::string png(std::size_t row) const {
    std::string mixed;
    for (std::size_t i = 0; i < kSide * kSide; ++i)
      for (std::size_t channel = 0; channel < 3; ++channel) mixed += pixels[row][channel * kSide * kSide + i];
    return equipoise::png({kSide, kSide, kPngRgb}, mixed);
  }
};

class Images : public Resume {
 protected:
  Images() {
    const Pictures own(900, 1), fresh(300, 2);
    write("own.csv", own.table);
    write("own.idx", own.idx());
    write("new.csv", fresh.table);
    write("new.idx", fresh.idx());
    write("config.yaml",
          config_text({{"files: [people.csv]", "files: [own.csv]\n  images: {files: [own.idx]}"},
                       {"{column: income, positive: [\"yes\"]}", "{column: kind, positive: [pole]}"},
                       {"[{column: sex}]", "[{column: tint}]"},
                       {"  features: {groups_as_inputs: false, bins: 8}\n", ""},
                       {"{kind: mlp, hidden: [8], dropout: 0.0}", "{kind: convnet, channels: [6, 8], dropout: 0.1}"},
                       {"epochs: 2", "epochs: 8"},
                       {"group: sex", "group: tint"}}));
  }

  // The same pictures, one file each.
  void write_folder(const std::string& folder, const Pictures& pictures) const {
    for (std::size_t row = 0; row < pictures.pixels.size(); ++row)
      write(folder + "/" + Pictures::name_of(row), pictures.png(row));
  }
};

const std::string kFolder = "data.images={folder: own, column: file}";

double accuracy_of(const nlohmann::json& split) {
  return split["metrics"]["accuracy"];
}

TEST_F(Images, TrainEvaluateAndPredict) {
  const std::string recipes =
      "sampling.recipes=[{recipe: balance, by: [tint, label]}, {recipe: images, by: label, share: 0.5, change: {flip: "
      "0.5, "
      "crop: 1, padding: reflect, brightness: 0.2, colour: 0.3, cutout: 2, noise: 0.02, mix: 0.2}}]";
  train_into("pictures", {recipes});
  const nlohmann::json results = nlohmann::json::parse(read("runs/pictures/results.json"));
  EXPECT_GT(accuracy_of(results["splits"][0]), 0.9);
  const nlohmann::json& epoch = results["sampling"]["epochs"][2];
  for (std::size_t cell = 0; cell < 4; ++cell)
    EXPECT_NEAR(epoch["made"][cell].get<double>() / epoch["drawn"][cell].get<double>(), 0.5, 0.15);
  EXPECT_THAT(
      read("runs/pictures/report.html"),
      AllOf(HasSubstr("changes pictures: mirrored"), HasSubstr("changed, of these"), HasSubstr("pictures: 3 x 8 x 8")));
  const nlohmann::json data = nlohmann::json::parse(read("runs/pictures/data.json"));
  EXPECT_THAT(data["files"][1]["path"].get<std::string>(), HasSubstr("own.idx"));
  // The same bytes again, with another number of threads.
  ASSERT_EQ(run({"train", "runs/pictures/config.yaml", "threads=2", "output.run=again"}).exit_code, 0);
  EXPECT_EQ(read("runs/pictures/model.safetensors"), read("runs/again/model.safetensors"));
  // Its own rows are measured as they were.
  const Outcome own = run({"evaluate", "runs/pictures", "--json"});
  ASSERT_EQ(own.exit_code, 0) << own.err;
  EXPECT_EQ(own.json()["split"]["metrics"], results["splits"][0]["metrics"]);
  const Outcome fresh = run({"evaluate", "runs/pictures", "--data", "new.csv", "--images", "new.idx", "--json"});
  ASSERT_EQ(fresh.exit_code, 0) << fresh.err;
  EXPECT_GT(accuracy_of(fresh.json()["split"]), 0.9);
  const Outcome predicted =
      run({"predict", "runs/pictures", "--data", "new.csv", "--images", "new.idx", "--output", "scores.csv", "--json"});
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(predicted.json()["rows"], 300);
  const double share = predicted.json()["positive"].get<double>() / 300;
  EXPECT_NEAR(share, fresh.json()["split"]["metrics"]["groups"][0]["selection_rate"].get<double>(), 1e-9);
}

TEST_F(Images, TheRepositorysRecipeABankAndTheAuditTakePictures) {
  const std::string recipe = std::string(EQUIPOISE_SOURCE_DIR) + "/configs/recipes/images.yaml";
  const Outcome trained = run({"train", "config.yaml", "training.epochs=1", "output.run=recipe",
                               "sampling.recipes=[{recipe: \"" + recipe + "\", by: [tint, label]}]"});
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr("Changed pictures are not compared with real ones"));
  const Outcome bank =
      run({"train", "config.yaml", "training.epochs=1", "output.run=bank", "bank.tolerances=[0.1, 0.5]",
           "sampling.recipes=[{recipe: images, share: 0.3, change: {flip: 0.5}}]"});
  EXPECT_EQ(bank.exit_code, 0) << bank.err;
  const Outcome audit = run({"audit", "config.yaml", "--run", "runs/recipe", "--output", "audit"});
  EXPECT_EQ(audit.exit_code, 0) << audit.err;
  const Outcome classes = run({"train", "config.yaml", "training.epochs=1", "output.run=classes", "~constraints",
                               "data.label={task: classes, column: kind}"});
  EXPECT_EQ(classes.exit_code, 0) << classes.err;
}

TEST_F(Images, WhatIsWrongIsSaidBeforeAnyTraining) {
  const auto message = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"train", "config.yaml"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_GE(outcome.exit_code, 2) << more.front();
    return outcome.err;
  };
  EXPECT_THAT(message({"model.kind=mlp"}), HasSubstr("model.kind is 'mlp', which sees columns, and data.images gives"));
  EXPECT_THAT(message({"~data.images"}), HasSubstr("model.kind is 'convnet', which sees pictures"));
  EXPECT_THAT(message({"device=cuda"}),
              HasSubstr("model.kind: convnet computes on the CPU alone so far; set device: cpu"));
  EXPECT_THAT(message({"data.images.files=none.idx"}), HasSubstr("none.idx"));
  EXPECT_THAT(message({"data.images.files=new.idx"}), HasSubstr("it has 300 pictures"));
  EXPECT_THAT(message({"data.images.files=own.csv"}), HasSubstr("this is neither an IDX nor a .npy file"));
  EXPECT_THAT(message({"data.features.drop=tint"}),
              HasSubstr("the model sees the pictures of data.images and no column"));
  EXPECT_THAT(message({"sampling.recipes=[{recipe: smote, share: 0.2}]"}), HasSubstr("smote makes rows of columns"));
  EXPECT_THAT(message({"sampling.recipes=[{recipe: images, share: 0.2, change: {crop: 8}}]"}),
              HasSubstr("sampling.recipes[0].change.crop: the images are 8 x 8"));
  EXPECT_THAT(message({"sampling.recipes=[{recipe: images, share: 0.2, change: {flipp: 1}}]"}),
              HasSubstr("did you mean 'flip'"));
  const Outcome all =
      run({"config", "validate", "config.yaml", "model.kind=mlp", "sampling.recipes=[{recipe: images, share: 0.1}]"});
  EXPECT_EQ(all.exit_code, 2);
  EXPECT_THAT(all.err, AllOf(HasSubstr("model.kind is 'mlp'"), HasSubstr("images changes nothing")));
}

// IDX, .npy and a folder of PNG: the same pixels, so the same model, and the same decisions about new ones.
TEST_F(Images, FilesOfEveryFormatTrainTheSameModel) {
  const Pictures own(900, 1), fresh(300, 2);
  write("own.npy", own.npy());
  write("new.npy", fresh.npy());
  write_folder("own", own);
  write_folder("fresh", fresh);
  train_into("idx", {"training.epochs=2"});
  train_into("npy", {"training.epochs=2", "data.images.files=own.npy"});
  train_into("folder", {"training.epochs=2", kFolder, "threads=2"});
  for (const char* run : {"npy", "folder"})
    EXPECT_EQ(read("runs/idx/model.safetensors"), read(std::string("runs/") + run + "/model.safetensors")) << run;
  const auto scores = [&](const std::string& name, const std::vector<std::string>& images) {
    std::vector<std::string> words = {"predict", "runs/" + name, "--data", "new.csv", "--output", name + ".csv"};
    words.insert(words.end(), images.begin(), images.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << name << outcome.err;
    return read(name + ".csv");
  };
  const std::string expected = scores("idx", {"--images", "new.idx"});
  EXPECT_EQ(expected, scores("npy", {"--images", "new.npy"}));
  EXPECT_EQ(expected, scores("npy", {"--images", "new.idx"}));
  EXPECT_EQ(expected, scores("folder", {"--images", "fresh"}));
  // Without a folder they are beside their table.
  write("fresh/new.csv", fresh.table);
  const Outcome beside = run({"evaluate", "runs/folder", "--data", "fresh/new.csv", "--json"});
  ASSERT_EQ(beside.exit_code, 0) << beside.err;
  const Outcome named = run({"evaluate", "runs/npy", "--data", "new.csv", "--images", "new.npy", "--json"});
  EXPECT_EQ(beside.json()["split"]["metrics"], named.json()["split"]["metrics"]);
}

TEST_F(Images, AFolderIsKnownAgain) {
  const Pictures own(900, 1);
  write_folder("own", own);
  train_into("folder", {"training.epochs=1", kFolder});
  const nlohmann::json data = nlohmann::json::parse(read("runs/folder/data.json"));
  EXPECT_EQ(data["files"][1]["path"], path("own").string());
  EXPECT_EQ(data["files"][1]["rows"], 900);
  EXPECT_THAT(read("runs/folder/report.html"), HasSubstr("names the pictures, which the model sees"));
  const nlohmann::json results = nlohmann::json::parse(read("runs/folder/results.json"));
  const Outcome evaluated = run({"evaluate", "runs/folder", "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  EXPECT_EQ(evaluated.json()["split"]["metrics"], results["splits"][0]["metrics"]);
  const Outcome audit = run({"audit", "config.yaml", kFolder, "--run", "runs/folder", "--output", "audit"});
  EXPECT_EQ(audit.exit_code, 0) << audit.err;
  const Outcome taught = run(
      {"train", "config.yaml", kFolder, "training.epochs=1", "output.run=taught", "+data.teacher={run: runs/folder}"});
  EXPECT_EQ(taught.exit_code, 0) << taught.err;
  const Outcome flattered = run({"evaluate", "runs/folder", "--data", "own.csv", "--images", "own"});
  EXPECT_THAT(flattered.err, HasSubstr("the bytes of a file that this run was trained on"));
  const Words words = {"train",
                       "config.yaml",
                       kFolder,
                       "output.run=cut",
                       "training.epochs=4000",
                       "checkpoint.every_steps=5",
                       "checkpoint.every_seconds=0"};
  EXPECT_EQ(stopped(words, "cut", SIGTERM).exit_code, 75);
  // One picture is another now.
  write("own/" + Pictures::name_of(7), own.png(8));
  Words again = words;
  again.push_back("--resume");
  const Outcome resumed = run(again);
  EXPECT_EQ(resumed.exit_code, 2);
  EXPECT_THAT(resumed.err, AllOf(HasSubstr("is of another run"), HasSubstr("contents.files[1]: ")));
  for (const Words& measuring :
       {Words{"evaluate", "runs/folder"},
        {"audit", "config.yaml", kFolder, "--run", "runs/folder", "--output", "audit-again"}}) {
    const Outcome changed = run(measuring);
    EXPECT_EQ(changed.exit_code, 3);
    EXPECT_THAT(changed.err, AllOf(HasSubstr("the pictures of the folder '" + path("own").string()),
                                   HasSubstr("have changed since this run was trained")));
  }
}

// Who people are is told by a table alone.
TEST_F(Images, ReferencesOfAnAuditNeedNoPictures) {
  write("others.csv", Pictures(300, 5).table);
  const Outcome audit = run({"audit", "config.yaml", "--reference", "others.csv", "--output", "audit"});
  EXPECT_EQ(audit.exit_code, 0) << audit.err;
}

TEST_F(Images, WrongPicturesOfAFolderAreNamedWithTheirRow) {
  const Pictures own(900, 1);
  write_folder("own", own);
  const std::string victim = "own/" + Pictures::name_of(500),
                    row = "own.csv:502: the picture '" + path(victim).string() + "' ";
  const auto message = [&](const std::vector<std::string>& more, int exit_code = 3) {
    std::vector<std::string> words = {"train", "config.yaml", kFolder};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, exit_code);
    return outcome.err;
  };
  write(victim, "no picture");
  EXPECT_THAT(message({}), HasSubstr(row + "of this row cannot be decoded: it is no picture; expected PNG or JPEG"));
  write(victim, own.png(500).substr(0, 100));
  EXPECT_THAT(message({}), HasSubstr(row + "of this row cannot be decoded: libpng says 'the file is cut off'"));
  write(victim, png({8, 9, kPngRgb}, std::string(8 * 9 * 3, 'x')));
  EXPECT_THAT(message({}), AllOf(HasSubstr(row + "of this row is 3 x 9 x 8, and the first, '"),
                                 HasSubstr("is 3 x 8 x 8; expected one size")));
  std::filesystem::remove(path(victim));
  EXPECT_THAT(message({}), HasSubstr(row + "of this row is not there (did you mean '"));
  EXPECT_THAT(message({"data.images.folder=nowhere"}), HasSubstr("nowhere: there is no such folder"));
  EXPECT_THAT(message({"data.images.column=files"}, 2), HasSubstr("there is no column 'files' (did you mean 'file'?)"));
  const std::string all = message({"data.images.files=own.idx", "data.images.channels=2"}, 2);
  EXPECT_THAT(all, AllOf(HasSubstr("data.images.column: pictures come from data.images.files, or one by one"),
                         HasSubstr("data.images.folder: "), HasSubstr("data.images.channels: is 2; expected 1")));
  write("floats.npy", npy("(900, 3, 8, 8)", "", "<f8"));
  const Outcome floats = run({"train", "config.yaml", "data.images.files=floats.npy"});
  EXPECT_EQ(floats.exit_code, 3);
  EXPECT_THAT(floats.err, HasSubstr("save numpy.round(255 * pixels).astype(numpy.uint8)"));
}

// The guide's configs, its recipes and its commands, on pictures under the names that it uses.
TEST_F(Images, TheGuideRunsAsWritten) {
  const std::string guide = source_file("docs/guides/images.md");
  const std::vector<std::string> yaml = blocks_of(guide, "yaml"), sh = blocks_of(guide, "sh");
  ASSERT_GE(yaml.size(), 3u);
  ASSERT_EQ(sh.size(), 2u);
  const auto renamed = [](std::string text) {
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"kind,tint", "verdict,plant"},
                                   {"pole", "broken"},
                                   {"stripe", "whole"},
                                   {"red", "north"},
                                   {"blue", "south"}})
      for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
  };
  const Pictures own(900, 1), fresh(300, 2);
  write("parts.csv", renamed(own.table));
  write("new.csv", renamed(fresh.table));
  write("parts.idx.gz", own.idx());
  write_folder("photos", own);
  write_folder("new_photos", fresh);
  write("parts.yaml", yaml[0] + "device: cpu\nevaluation: {resamples: 200}\n" + yaml[2]);
  write("photos.yaml", yaml[1] + "device: cpu\nevaluation: {resamples: 200}\n");
  int count = 0;
  std::istringstream commands(sh[0] + sh[1]);
  for (std::string line; std::getline(commands, line); ++count) {
    std::vector<std::string> words = words_of(line);
    ASSERT_EQ(words.front(), "equipoise");
    words.erase(words.begin());
    if (words.front() == "train") words.emplace_back("training.epochs=2");
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << line << "\n" << outcome.err;
  }
  EXPECT_EQ(count, 6);
}

// A model of pictures is taught by one of columns, and the other way round where the config names the pictures, or by a file.
TEST_F(Images, TeachAndAreTaughtBesideColumns) {
  train_into("pictures", {"training.epochs=1"});
  const std::vector<std::string> of_columns = {"~data.images", "model={kind: linear}",
                                               "+data.features={keep: [tint], groups_as_inputs: true}"};
  const auto taught = [&](const std::string& name, std::vector<std::string> more, const std::string& teacher) {
    more.insert(more.begin(), {"train", "config.yaml", "training.epochs=1", "output.run=" + name});
    more.push_back("+data.teacher=" + teacher);
    return run(more);
  };
  train_into("columns", of_columns);
  EXPECT_EQ(taught("by-columns", {}, "{run: runs/columns}").exit_code, 0);
  EXPECT_EQ(taught("by-pictures", {}, "{run: runs/pictures}").exit_code, 0);
  const Outcome unseen = taught("unseen", of_columns, "{run: runs/pictures}");
  EXPECT_EQ(unseen.exit_code, 3);
  EXPECT_THAT(unseen.err, AllOf(HasSubstr("data.teacher.run: its model sees pictures that files hold, and data.images "
                                          "of this config names none"),
                                HasSubstr("name that file by data.teacher.predictions"), Not(HasSubstr("--images"))));
  ASSERT_EQ(run({"predict", "runs/pictures", "--data", "own.csv", "--images", "own.idx", "--output", "teacher.csv"})
                .exit_code,
            0);
  EXPECT_EQ(taught("by-file", of_columns, "{predictions: teacher.csv}").exit_code, 0);
}

TEST_F(Images, NewRowsNeedTheirPictures) {
  train_into("pictures", {"training.epochs=1"});
  const auto message = [&](std::vector<std::string> words) {
    const Outcome outcome = run(words);
    EXPECT_GE(outcome.exit_code, 2);
    return outcome.err;
  };
  EXPECT_THAT(message({"evaluate", "runs/pictures", "--data", "new.csv"}),
              HasSubstr("name those of these rows with --images FILE"));
  EXPECT_THAT(message({"evaluate", "runs/pictures", "--images", "new.idx"}),
              HasSubstr("--images is about new rows, and needs --data"));
  EXPECT_THAT(message({"predict", "runs/pictures", "--data", "new.csv", "--images", "own.idx", "--output", "out.csv"}),
              HasSubstr("it has 900 pictures"));
  EXPECT_THAT(message({"predict", "runs/pictures", "--data", "new.csv", "--images", "new.idx", "--output", "new.idx"}),
              HasSubstr("new.idx"));
  write("config_of_columns.yaml", config_text());
  ASSERT_EQ(run({"train", "config_of_columns.yaml", "output.run=columns"}).exit_code, 0);
  EXPECT_THAT(
      message({"predict", "runs/columns", "--data", "people.csv", "--images", "new.idx", "--output", "out.csv"}),
      HasSubstr("the model was trained on columns alone"));
  // Pictures that changed since are not the run's own.
  write("own.idx", Pictures(900, 3).idx());
  EXPECT_THAT(message({"evaluate", "runs/pictures"}),
              AllOf(HasSubstr("own.idx"), HasSubstr("has changed since this run was trained")));
}

}  // namespace images_test
}  // namespace equipoise::end_to_end
