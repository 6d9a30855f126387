// Trees whose outputs come in families: what they grow, and what stands in their file.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/core/error.h"
#include "engine/models/model_file.h"
#include "engine/models/nested_softmax.h"

namespace equipoise::models {
namespace families_test {

using testing::HasSubstr;

const std::vector<std::int32_t> kFamilies = {0, 1, 0, 1};  // two groups with two labels each
constexpr std::int64_t kRows = 600;
const at::Tensor kNoStep = at::zeros({1}, at::kLong);

// A number in eight bins and a category of four levels, which tell the label and the group.
data::EncodedRows some_rows() {
  data::EncodedRows rows;
  rows.features = {{"hours", data::FeatureKind::ramp, 0, 9, false, {}},
                   {"work", data::FeatureKind::pick, 9, 4, false, {"work = a", "work = b", "work = c", "work = d"}}};
  rows.width = 13;
  std::mt19937_64 draw(5);
  for (std::int64_t i = 0; i < kRows; ++i) {
    rows.codes.insert(rows.codes.end(), {static_cast<std::int16_t>(draw() % 8), static_cast<std::int16_t>(draw() % 4)});
    rows.values.insert(rows.values.end(), {0.5f, 1.0f});
    ++rows.rows;
  }
  return rows;
}

ModelParams trees(const std::vector<std::int32_t>& families) {
  ModelParams model;
  model.kind = "boosted_trees";
  model.families = families;
  return model;
}

std::unique_ptr<Learner> make(const data::EncodedRows& host, std::size_t members,
                              const std::vector<std::int32_t>& families = kFamilies) {
  return make_learner(trees(families), host, std::vector<std::uint64_t>(members, 3), at::kCPU, Precision::fp32, 4,
                      data::Task::classes);
}

// [rows] cells: the label by the number, the group by the category, each with chance.
at::Tensor cells_of(const EncodedTensors& encoded) {
  std::mt19937_64 draw(6);
  const at::Tensor cells = at::empty({kRows}, at::kLong), codes = encoded.codes.contiguous();
  for (std::int64_t row = 0; row < kRows; ++row) {
    const std::int16_t* own = codes.const_data_ptr<std::int16_t>() + row * 2;
    const bool label = own[0] + static_cast<int>(draw() % 4) > 5, group = own[1] + static_cast<int>(draw() % 3) > 2;
    cells.mutable_data_ptr<std::int64_t>()[row] = 2 * group + label;
  }
  return cells;
}

// Rounds towards the cells, by the cross-entropy of a softmax over all of them.
double grow(Learner& learner, const EncodedTensors& encoded, int rounds) {
  const at::Tensor rows = at::arange(kRows, at::kLong), cells = cells_of(encoded),
                   is_own = at::one_hot(cells, 4).to(at::kFloat);
  at::Tensor logits;
  for (int round = 0; round <= rounds; ++round) {
    logits = learner.forward(encoded, rows, kNoStep);
    if (round == rounds) break;
    const at::Tensor p = logits.softmax(-1);
    learner.grow(((p - is_own) / kRows).flatten(1), (2 * p * (1 - p) / kRows).flatten(1),
                 at::ones({learner.members()}, at::kByte));
  }
  return at::cross_entropy_loss(logits[0], cells).item<double>();
}

// The cells of a binary task, and a rule over them.
OutputMeaning of_cells() {
  OutputMeaning meaning;
  meaning.rule.cells = {"sex = f, label 0", "sex = f, label 1", "sex = m, label 0", "sex = m, label 1"};
  meaning.rule.weights = {{-1, 1, -1, 1}};
  return meaning;
}

at::Tensor scores_of(Learner& learner, const EncodedTensors& encoded) {
  at::Tensor scores = at::empty({learner.members(), kRows, 4}, at::kFloat);
  learner.score(encoded, 0, {}, scores);
  return scores;
}

TEST(Families, TheirLogitsAreLogProbabilitiesThatLearnTheCells) {
  const data::EncodedRows host = some_rows();
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto nested = make(host, 1), joint = make(host, 1, {});
  const at::Tensor first = nested->forward(encoded, at::arange(kRows, at::kLong), kNoStep);
  EXPECT_LT((first - std::log(0.25)).abs().max().item<double>(), 1e-6) << "before the first round";
  const double of_nested = grow(*nested, encoded, 60), of_joint = grow(*joint, encoded, 60);
  EXPECT_LT(of_nested, 0.9) << "ln 4 is 1.386";
  EXPECT_NEAR(of_nested, of_joint, 0.1);
  const at::Tensor scores = scores_of(*nested, encoded);
  EXPECT_LT((scores.exp().sum(-1) - 1).abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(scores.equal(scores_of(*nested, to_tensors(host, at::kCPU))))
      << "new rows are scored as those learnt from";
  EXPECT_THAT(nested->families(), testing::ElementsAreArray(kFamilies));
  EXPECT_TRUE(joint->families().empty());
}

TEST(Families, ComeBackFromTheirFileAndGrowOn) {
  const data::EncodedRows host = some_rows();
  const EncodedTensors encoded = to_tensors(host, at::kCPU);
  const auto learner = make(host, 2);
  grow(*learner, encoded, 5);
  const nlohmann::json description = describe_model(trees({}), host, *learner, of_cells());
  EXPECT_EQ(description["format"], 4);
  EXPECT_EQ(description["families"], nlohmann::json(kFamilies));
  EXPECT_THAT(description["weight_layout"].get<std::string>(), HasSubstr("of two there is one margin"));
  const ModelParams read = model_params_from(description, "model.json");
  EXPECT_THAT(read.families, testing::ElementsAreArray(kFamilies));
  const auto loaded = make(host, 2, read.families);
  load_weights(*loaded, parse_safetensors(safetensors_bytes(weights_of(*learner)), "m"), "m");
  EXPECT_TRUE(scores_of(*loaded, to_tensors(host, at::kCPU)).equal(scores_of(*learner, encoded)));
  grow(*learner, encoded, 3);
  grow(*loaded, encoded, 3);
  EXPECT_TRUE(safetensors_bytes(weights_of(*loaded)) == safetensors_bytes(weights_of(*learner)));
}

TEST(Families, DescriptionsThatCannotBeAreRefused) {
  const data::EncodedRows host = some_rows();
  const auto learner = make(host, 1);
  const nlohmann::json right = describe_model(trees({}), host, *learner, of_cells());
  const auto told = [&](const std::function<void(nlohmann::json&)>& change) {
    nlohmann::json description = right;
    change(description);
    try {
      model_params_from(description, "model.json");
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string("(none)");
  };
  EXPECT_EQ(told([](nlohmann::json&) {}), "(none)");
  EXPECT_THAT(told([](nlohmann::json& d) { d["format"] = 1; }), HasSubstr("has format 1"));
  EXPECT_THAT(told([](nlohmann::json& d) { d.erase("families"); }), HasSubstr("has format 4"));
  EXPECT_THAT(told([](nlohmann::json& d) { d["families"] = 3; }), HasSubstr("families is missing or is not a list"));
  EXPECT_THAT(told([](nlohmann::json& d) { d["families"][1] = -1; }), HasSubstr("not a list of numbers from 0 on"));
  EXPECT_THAT(told([](nlohmann::json& d) { d["families"][1] = 1e300; }), HasSubstr("not a list of numbers from 0 on"));
  EXPECT_THAT(told([](nlohmann::json& d) { d["families"][1] = 3; }), HasSubstr("family 2 has no output"));
  EXPECT_THAT(told([](nlohmann::json& d) { d["families"].push_back(1); }),
              HasSubstr("does not have one for each output"));
  EXPECT_THAT(told([](nlohmann::json& d) { d.erase("cell_rule"); }), HasSubstr("there is no cell_rule"));
  EXPECT_THAT(told([](nlohmann::json& d) { d["kind"] = "linear"; }), HasSubstr("families are of trees"));
  // Trees of as many outputs as there are cells belong to no nested softmax.
  const auto joint = make(host, 1, {});
  EXPECT_THROW(load_weights(*learner, weights_of(*joint), "m"), core::UserError);
  EXPECT_THROW(make_learner(trees({0, 1}), host, {1}, at::kCPU, Precision::fp32, 4), std::invalid_argument);
}

}  // namespace families_test
}  // namespace equipoise::models
