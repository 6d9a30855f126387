#include "engine/models/model_file.h"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::models {
namespace model_file_test {

using testing::HasSubstr;

TensorFile small_file() {
  TensorFile file;
  file.metadata = {{"format", "pt"}};
  file.tensors["b.weight"] = at::arange(1, 7, at::kFloat).reshape({2, 3});
  file.tensors["a"] = at::tensor({7L, -8L}, at::kLong);
  return file;
}

// Bytes of a file with this header, padded as it comes, and `bytes` bytes of data.
std::string with_header(const std::string& header, std::size_t bytes) {
  std::string text(8, '\0');
  for (int i = 0; i < 8; ++i) text[i] = static_cast<char>(header.size() >> (8 * i) & 255);
  return text + header + std::string(bytes, '\1');
}

std::string refusal(const std::string& bytes) {
  try {
    parse_safetensors(bytes, "m.safetensors");
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    EXPECT_THAT(error.what(), HasSubstr("'m.safetensors' is not a whole safetensors file"));
    return error.what();
  }
  return "accepted";
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

// What safetensors 0.6 for Python writes for these tensors: save({"b.weight": float32 [[1,2,3],[4,5,6]],
// "a": int64 [7,-8]}, metadata={"format": "pt"}).
TEST(ModelFile, WritesTheBytesOfTheReferenceImplementation) {
  const std::string header = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},)"
                             R"("b.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[16,40]}}  )";
  const std::string data(
      "\7\0\0\0\0\0\0\0\xf8\xff\xff\xff\xff\xff\xff\xff\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xa0\x40\0\0"
      "\xc0\x40",
      40);
  EXPECT_EQ(safetensors_bytes(small_file()), with_header(header, 0) + data);
}

TEST(ModelFile, ReadsWhatItWrote) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "model_file_test.safetensors";
  TensorFile file = small_file();
  file.tensors["scalar"] = at::scalar_tensor(2.5, at::kDouble);
  file.tensors["empty"] = at::empty({0, 4}, at::kFloat);
  write_safetensors(path, file);
  const TensorFile read = read_safetensors(path);
  std::filesystem::remove(path);
  EXPECT_EQ(read.metadata, file.metadata);
  ASSERT_EQ(read.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) EXPECT_TRUE(at::equal(read.tensors.at(name), tensor)) << name;
}

TEST(ModelFile, WritesAViewByItsValues) {
  TensorFile file;
  file.tensors["t"] = at::arange(6, at::kFloat).reshape({2, 3}).t();
  EXPECT_TRUE(at::equal(parse_safetensors(safetensors_bytes(file), "v").tensors.at("t"), file.tensors.at("t")));
}

TEST(ModelFile, RefusesFilesThatAreTooShort) {
  EXPECT_THAT(refusal(""), HasSubstr("it has 0 bytes"));
  EXPECT_THAT(refusal("1234567"), HasSubstr("it has 7 bytes"));
  const std::string whole = safetensors_bytes(small_file());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(refusal(whole.substr(0, size)), "accepted") << size;
  }
  EXPECT_THAT(refusal(whole + "x"), HasSubstr("1 bytes at its end belong to no tensor"));
}

TEST(ModelFile, RefusesHeadersThatCannotBe) {
  EXPECT_THAT(refusal(std::string(8, '\xff') + "{}"), HasSubstr("its header claims 18446744073709551615 bytes"));
  std::string long_header = with_header("{}", 0);
  long_header[0] = 50;
  EXPECT_THAT(refusal(long_header), HasSubstr("it ends inside its header of 50 bytes"));
  EXPECT_THAT(refusal(with_header("{nonsense", 0)), HasSubstr("its header is not JSON"));
  EXPECT_THAT(refusal(with_header("[1]", 0)), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal(with_header("{\"__metadata__\":{\"a\":1}}", 0)), HasSubstr("metadata 'a' is not a text"));
  const std::string one = entry("w", "U8", "[1]", "[0,1]");
  EXPECT_THAT(refusal(with_header("{" + one + "," + one + "}", 1)), HasSubstr("tensor 'w' is listed twice"));
}

TEST(ModelFile, RefusesWrongDtypesAndShapes) {
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F31", "[1]", "[0,4]") + "}", 4)),
              HasSubstr("tensor 'w' has dtype \"F31\", expected one of F32, F64"));
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F32", "[2]", "[0,4]") + "}", 4)),
              HasSubstr("tensor 'w' has 4 bytes, its shape and dtype need 8"));
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F32", "[-1]", "[0,4]") + "}", 4)),
              HasSubstr("a size of tensor 'w' is not a whole number"));
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F32", "[1.5]", "[0,4]") + "}", 4)),
              HasSubstr("not a whole number"));
  EXPECT_THAT(refusal(with_header("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4)),
              HasSubstr("tensor 'w' has no shape"));
  EXPECT_THAT(refusal(with_header("{\"w\":3}", 0)), HasSubstr("not described by an object"));
}

TEST(ModelFile, RefusesSizesBeyond64Bits) {
  const std::string huge = "[4294967296,4294967296,4294967296]";
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F32", huge, "[0,4]") + "}", 4)),
              HasSubstr("larger than any memory"));
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F32", "[18446744073709551615]", "[0,4]") + "}", 4)),
              HasSubstr("larger than any memory"));
}

TEST(ModelFile, RefusesOffsetsOutsideOverlappingOrWithHoles) {
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F32", "[2]", "[0,8]") + "}", 4)),
              HasSubstr("tensor 'w' lies at bytes 0 to 8 of 4"));
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F32", "[1]", "[4,0]") + "}", 4)),
              HasSubstr("lies at bytes 4 to 0"));
  EXPECT_THAT(
      refusal(with_header("{" + entry("v", "F32", "[1]", "[0,4]") + "," + entry("w", "F32", "[1]", "[2,6]") + "}", 6)),
      HasSubstr("tensor 'w' overlaps"));
  EXPECT_THAT(refusal(with_header(
                  "{" + entry("v", "F32", "[1]", "[0,4]") + "," + entry("w", "F32", "[1]", "[8,12]") + "}", 12)),
              HasSubstr("a hole before tensor 'w'"));
  EXPECT_THAT(refusal(with_header("{" + entry("w", "F32", "[1]", "[0,18446744073709551615]") + "}", 4)),
              HasSubstr("lies at bytes 0 to 18446744073709551615 of 4"));
}

// Two numbers in, an embedded category of two levels.
data::EncodedRows layout() {
  data::EncodedRows rows;
  rows.features = {{"hours", data::FeatureKind::pick, 0, 2, false, {"hours", "hours missing"}},
                   {"job", data::FeatureKind::pick, 2, 2, true, {"job = a", "job = b"}}};
  rows.width = 4;
  return rows;
}

ModelParams params() {
  ModelParams params;
  params.hidden = {3};
  params.embedding_size = 2;
  return params;
}

TEST(ModelFile, WeightsGoBackIntoALearner) {
  const auto first = make_learner(params(), layout(), {1}, at::kCPU),
             second = make_learner(params(), layout(), {2}, at::kCPU);
  ASSERT_FALSE(at::equal(first->flat_parameters(), second->flat_parameters()));
  load_weights(*second, parse_safetensors(safetensors_bytes(weights_of(*first)), "m"), "m");
  EXPECT_TRUE(at::equal(first->flat_parameters(), second->flat_parameters()));
}

TEST(ModelFile, ASingleMemberHasNoLeadingDimensionSeveralHave) {
  const auto single = make_learner(params(), layout(), {1}, at::kCPU);
  const auto three = make_learner(params(), layout(), {2, 1, 3}, at::kCPU);
  const TensorFile alone = weights_of(*single), together = weights_of(*three);
  for (const auto& [name, tensor] : alone.tensors) {
    ASSERT_EQ(together.tensors.at(name).dim(), tensor.dim() + 1) << name;
    EXPECT_TRUE(at::equal(together.tensors.at(name)[1], tensor)) << name;
  }
}

TEST(ModelFile, SeveralMembersGoBackIntoALearner) {
  const auto first = make_learner(params(), layout(), {1, 2, 3}, at::kCPU);
  const auto second = make_learner(params(), layout(), {4, 5, 6}, at::kCPU);
  load_weights(*second, parse_safetensors(safetensors_bytes(weights_of(*first)), "m"), "m");
  EXPECT_TRUE(at::equal(first->flat_parameters(), second->flat_parameters()));
  EXPECT_EQ(model_members_from(describe_model(params(), layout(), *first), "m"), 3);
}

TEST(ModelFile, RefusesANumberOfMembersThatCannotBe) {
  nlohmann::json description = describe_model(params(), layout(), *make_learner(params(), layout(), {1}, at::kCPU));
  for (const nlohmann::json& members :
       {nlohmann::json(0), nlohmann::json(-2), nlohmann::json(1e9), nlohmann::json("2")}) {
    description["members"] = members;
    EXPECT_THROW(model_members_from(description, "m"), core::UserError) << members;
  }
  description.erase("members");
  EXPECT_EQ(model_members_from(description, "m"), 1);
}

std::string load_refusal(const TensorFile& file) {
  const auto learner = make_learner(params(), layout(), {1}, at::kCPU);
  const at::Tensor before = learner->flat_parameters().clone();
  try {
    load_weights(*learner, file, "m.safetensors");
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    EXPECT_TRUE(at::equal(learner->flat_parameters(), before));
    return error.what();
  }
  return "accepted";
}

TEST(ModelFile, RefusesWeightsOfAnotherModel) {
  const TensorFile right = weights_of(*make_learner(params(), layout(), {1}, at::kCPU));
  EXPECT_EQ(load_refusal(right), "accepted");
  TensorFile file = right;
  file.tensors.erase("layers.1.bias");
  EXPECT_THAT(load_refusal(file), HasSubstr("tensor 'layers.1.bias' is missing"));
  file = right;
  file.tensors["layers.9.bias"] = at::zeros({1});
  EXPECT_THAT(load_refusal(file), HasSubstr("a tensor 'layers.9.bias' that the model does not have"));
  file = right;
  file.tensors["layers.1.weight"] = at::zeros({1, 3});
  EXPECT_THAT(load_refusal(file), HasSubstr("'layers.1.weight' is F32 [1, 3], expected F32 [3, 1]"));
  file = right;
  file.tensors["layers.1.bias"] = at::zeros({1}, at::kDouble);
  EXPECT_THAT(load_refusal(file), HasSubstr("'layers.1.bias' is F64 [1], expected F32 [1]"));
}

TEST(ModelFile, DescriptionKeepsTheArchitecture) {
  const auto learner = make_learner(params(), layout(), {1}, at::kCPU);
  const nlohmann::json description = describe_model(params(), layout(), *learner);
  const ModelParams read = model_params_from(nlohmann::json::parse(description.dump()), "model.json");
  EXPECT_EQ(read.kind, "mlp");
  EXPECT_EQ(read.hidden, params().hidden);
  EXPECT_EQ(read.dropout, params().dropout);
  EXPECT_EQ(read.embedding_size, 2);
  EXPECT_EQ(description["decision_threshold"], 0.5);
  EXPECT_EQ(description["features"][1]["components"][1], "job = b");
  EXPECT_EQ(description["parameters"].size(), learner->parameters().size());
}

TEST(ModelFile, RefusesBrokenDescriptions) {
  const auto learner = make_learner(params(), layout(), {1}, at::kCPU);
  const nlohmann::json right = describe_model(params(), layout(), *learner);
  const auto refusal_of = [](const nlohmann::json& description) -> std::string {
    try {
      model_params_from(description, "model.json");
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "accepted";
  };
  nlohmann::json broken = right;
  broken["kind"] = "forest";
  EXPECT_THAT(refusal_of(broken),
              HasSubstr("kind is 'forest', expected one of boosted_trees, convnet, ft_transformer, linear"));
  broken = right;
  broken["format"] = 99;
  EXPECT_THAT(refusal_of(broken), HasSubstr("this program reads format 1"));
  broken = right;
  broken["hidden"] = {-4};
  EXPECT_THAT(refusal_of(broken), HasSubstr("hidden is not a list of layer widths"));
  broken = right;
  broken["embedding_size"] = 0;
  EXPECT_THAT(refusal_of(broken), HasSubstr("embedding_size is no width"));
  broken = right;
  broken.erase("dropout");
  EXPECT_THAT(refusal_of(broken), HasSubstr("dropout is missing"));
  EXPECT_THAT(refusal_of(nlohmann::json::array()), HasSubstr("is not a model description"));
}

}  // namespace model_file_test
}  // namespace equipoise::models
