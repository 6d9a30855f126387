#include "engine/data/targets.h"

#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace targets_test {

using testing::ElementsAre;
using testing::HasSubstr;

DataParams weighted(const std::vector<std::string>& weights) {
  std::string text = "x,w,hired\n";
  for (int row = 0; row < 40; ++row) {
    text += std::to_string(row) + "," + weights[row % weights.size()] + (row % 2 ? ",yes\n" : ",no\n");
  }
  DataParams params;
  params.files = {temporary_file("weights.csv", text)};
  params.label = label_of("hired", {"yes"});
  params.weight = "w";
  return params;
}

TEST(Weights, AreReadAndAreNoInput) {
  const Dataset dataset = prepared(weighted({"1", "0", "2.5"})).dataset;
  ASSERT_EQ(dataset.weights.size(), 40u);
  EXPECT_THAT(std::vector<float>(dataset.weights.begin(), dataset.weights.begin() + 3), ElementsAre(1.0f, 0.0f, 2.5f));
  EXPECT_EQ(dataset.encoded.features.size(), 1u);
}

TEST(Weights, RefusesWhatIsNoWeight) {
  EXPECT_THAT(
      error_of_preparing(weighted({"1", "-2"})),
      HasSubstr("weights.csv:3: the sample weight in column 'w' is -2; weights are 0, or numbers from 1e-30 to 1e30"));
  EXPECT_THAT(error_of_preparing(weighted({"1", "1", ""})),
              HasSubstr("weights.csv:4: the sample weight in column 'w' is missing"));
  EXPECT_THAT(error_of_preparing(weighted({"1", "heavy"})), HasSubstr("weights.csv:3: the sample weight"));
  EXPECT_THAT(error_of_preparing(weighted({"1", "inf"})),
              HasSubstr("weights.csv:3: column 'w' holds an infinite number"));
  EXPECT_THAT(error_of_preparing(weighted({"0"})), HasSubstr("all sample weights in column 'w' are 0"));
  EXPECT_THAT(error_of_preparing(weighted({"2020-01-01", "2020-01-02"})),
              HasSubstr("the column 'w' holds dates; sample weights are numbers"));
  DataParams params = weighted({"1"});
  params.weight = "W2";
  EXPECT_THAT(error_of_preparing(params), HasSubstr("data.weight: there is no column 'W2'"));
}

}  // namespace targets_test
}  // namespace equipoise::data
