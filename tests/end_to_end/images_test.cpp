// Pictures, from their files to decisions about new ones, as their user sees it.
#include <fstream>
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr unsigned kSide = 8;

// Row i of a table "kind,tint" and its picture, 3 x 8 x 8: a bar of light lies (stripe) or stands (pole), in a tint.
struct Pictures {
  std::string table = "kind,tint\n", images;

  Pictures(unsigned rows, unsigned seed) {
    images = {0, 0, 8, 4};
    for (const unsigned size : {rows, 3U, kSide, kSide})
      for (int shift = 24; shift >= 0; shift -= 8) images += static_cast<char>(size >> shift & 255);
    unsigned state = seed;
    const auto draw = [&](unsigned below) {
      state = state * 1664525 + 1013904223;
      return (state >> 8) % below;
    };
    for (unsigned row = 0; row < rows; ++row) {
      const bool stands = draw(2) == 0, is_red = draw(10) < (stands ? 8U : 3U);
      table += std::string(stands ? "pole" : "stripe") + (is_red ? ",red\n" : ",blue\n");
      const unsigned place = 1 + draw(kSide - 2);
      for (unsigned channel = 0; channel < 3; ++channel)
        for (unsigned y = 0; y < kSide; ++y)
          for (unsigned x = 0; x < kSide; ++x) {
            const bool is_lit = (stands ? x : y) == place, is_own = channel == (is_red ? 0 : 2);
            images += static_cast<char>((is_lit ? 150 : 10) + (is_own ? 60 : 0) + draw(40));
          }
    }
  }
};

class Images : public Workspace {
 protected:
  Images() {
    const Pictures own(900, 1), fresh(300, 2);
    write("own.csv", own.table);
    write("own.idx", own.images);
    write("new.csv", fresh.table);
    write("new.idx", fresh.images);
    write("config.yaml",
          config_text({{"files: [people.csv]", "files: [own.csv]\n  images: {files: [own.idx]}"},
                       {"{column: income, positive: [\"yes\"]}", "{column: kind, positive: [pole]}"},
                       {"[{column: sex}]", "[{column: tint}]"},
                       {"  features: {groups_as_inputs: false, bins: 8}\n", ""},
                       {"{kind: mlp, hidden: [8], dropout: 0.0}", "{kind: convnet, channels: [6, 8], dropout: 0.1}"},
                       {"epochs: 2", "epochs: 8"},
                       {"group: sex", "group: tint"}}));
  }
};

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
  EXPECT_THAT(message({"data.images.files=own.csv"}), HasSubstr("this is no IDX file"));
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

// The guide's config, its recipes and its commands, on pictures under the names that it uses.
TEST_F(Images, TheGuideRunsAsWritten) {
  const std::string guide = source_file("docs/guides/images.md");
  const std::vector<std::string> yaml = blocks_of(guide, "yaml");
  ASSERT_GE(yaml.size(), 2u);
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
  write("parts.csv", renamed(read("own.csv")));
  write("new.csv", renamed(read("new.csv")));
  write("parts.idx.gz", read("own.idx"));
  write("parts.yaml", yaml[0] + "device: cpu\nevaluation: {resamples: 200}\n" + yaml[1]);
  std::istringstream commands(block_of(guide, "sh"));
  int count = 0;
  for (std::string line; std::getline(commands, line); ++count) {
    std::vector<std::string> words = words_of(line);
    ASSERT_EQ(words.front(), "equipoise");
    words.erase(words.begin());
    if (words.front() == "train") words.emplace_back("training.epochs=2");
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << line << "\n" << outcome.err;
  }
  EXPECT_EQ(count, 3);
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
  write("own.idx", Pictures(900, 3).images);
  EXPECT_THAT(message({"evaluate", "runs/pictures"}),
              AllOf(HasSubstr("own.idx"), HasSubstr("has changed since this run was trained")));
}

}  // namespace
}  // namespace equipoise::end_to_end
