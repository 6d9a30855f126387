// The data sets of benchmarks/data, which are those of configs/.
#include <arrow/util/compression.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "engine/core/files.h"
#include "tests/engine/data/test_data.h"

namespace equipoise::data {
namespace public_data_test {

using testing::Each;
using testing::ElementsAre;

std::string public_file(const std::string& name) {
  return std::string(EQUIPOISE_SOURCE_DIR) + "/benchmarks/data/" + name;
}

class Acs : public testing::Test {
 protected:
  void SetUp() override {
    params.files = {public_file("acs_sample/acs_pums_2013_2017_100k.csv.gz")};
    params.groups = {{"", "sex", {}, {}}};
    params.features.keep = {"stabbr", "agep", "mar", "sporder"};
  }

  DataParams params;
};

TEST_F(Acs, IncomeCutAtThreeBoundsMakesFourClasses) {
  params.label.task = "classes";
  params.label.column = "pincp";
  params.label.bins = {15000, 35000, 65000};
  const Prepared p = prepared(params);
  const Dataset& dataset = p.dataset;
  EXPECT_EQ(dataset.rows(), 100000);
  EXPECT_THAT(dataset.outcomes, ElementsAre("under 15000", "15000 to 35000", "35000 to 65000", "65000 and over"));
  std::int64_t counts[4] = {}, training[4] = {};
  for (std::size_t row = 0; row < dataset.labels.size(); ++row) {
    ++counts[dataset.labels[row]];
    training[dataset.labels[row]] += dataset.splits[row] == Split::train;
  }
  EXPECT_THAT(counts, ElementsAre(36367, 25843, 20461, 17329));
  for (int k = 0; k < 4; ++k)
    EXPECT_NEAR(static_cast<double>(training[k]), 0.6 * static_cast<double>(counts[k]), 2.0) << k;
  EXPECT_EQ(build_cells(dataset, {"sex"}).count(), 2 * 4 * 2);
  core::Journal journal;
  EXPECT_EQ(apply(*p.encoder, params.files, Wanted::everything, journal).labels, dataset.labels);
}

TEST_F(Acs, KindsOfIncomeAreLabels) {
  params.label.task = "labels";
  params.label.columns = {"wagp", "retp", "intp"};
  params.label.above = 0;
  const Dataset dataset = prepared(params).dataset;
  EXPECT_EQ(dataset.labels.size(), 300000u);
  std::int64_t counts[3] = {}, training[3] = {};
  for (std::size_t i = 0; i < dataset.labels.size(); ++i) {
    counts[i % 3] += dataset.labels[i];
    training[i % 3] += dataset.splits[i / 3] == Split::train ? dataset.labels[i] : 0;
  }
  EXPECT_THAT(counts, ElementsAre(58857, 12190, 13969));
  for (int k = 0; k < 3; ++k)
    EXPECT_NEAR(static_cast<double>(training[k]), 0.6 * static_cast<double>(counts[k]), 8.0) << k;
}

std::string unpacked(const std::string& path) {
  const std::string packed = core::read_file(path);
  const auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP).ValueOrDie();
  std::string text(8 << 20, '\0');
  const auto size =
      codec->Decompress(static_cast<std::int64_t>(packed.size()), reinterpret_cast<const std::uint8_t*>(packed.data()),
                        static_cast<std::int64_t>(text.size()), reinterpret_cast<std::uint8_t*>(text.data()));
  text.resize(static_cast<std::size_t>(size.ValueOrDie()));
  return text;
}

TEST(CommunitiesAndCrime, IsARegression) {
  const std::string file = public_file("communities_crime/communities.data.gz");
  const std::string names = public_file("communities_crime/communities.names.gz");
  DataParams params;
  params.files = {file};
  params.csv.header = false;
  const std::string text = unpacked(names);
  const std::regex attribute("@attribute (\\S+)");
  for (auto found = std::sregex_iterator(text.begin(), text.end(), attribute); found != std::sregex_iterator(); ++found)
    params.csv.columns.push_back((*found)[1]);
  params.label.task = "regression";
  params.label.column = "ViolentCrimesPerPop";
  params.groups = {{"black", "racepctblack", {0.06}, {}}};
  params.features.drop = {"state", "county", "community", "communityname", "fold"};
  const Prepared p = prepared(params);
  EXPECT_EQ(p.dataset.rows(), 1994);
  EXPECT_EQ(p.dataset.targets.front(), 0.2f);  // of Lakewood
  EXPECT_THAT(p.dataset.labels, Each(0));
  double sum = 0, squares = 0;
  const std::vector<std::int64_t> rows = p.dataset.rows_of(Split::train);
  for (const std::int64_t row : rows) {
    const double target = p.dataset.targets[static_cast<std::size_t>(row)];
    sum += target;
    squares += target * target;
  }
  const double mean = sum / static_cast<double>(rows.size());
  EXPECT_NEAR(p.dataset.target_mean, mean, 1e-9);
  EXPECT_NEAR(p.dataset.target_deviation, std::sqrt(squares / static_cast<double>(rows.size()) - mean * mean), 1e-9);
  EXPECT_NEAR(mean, 0.238, 0.01);  // of all communities
  EXPECT_EQ(build_cells(p.dataset, {"black"}, {0.4}).outcomes(), 5);
}

// Of the label, and of the groups of their configs.
TEST(Bank, FortyOneThousandCalls) {
  DataParams params;
  params.files = {public_file("bank/bank-additional-full.csv.gz")};
  params.csv.delimiter = ";";
  params.label.column = "y";
  params.label.positive = {"yes"};
  params.groups = {{"", "age", {30, 60}, {}}};
  params.features.drop = {"duration"};
  const Dataset dataset = prepared(params).dataset;
  EXPECT_EQ(dataset.rows(), 41188);
  EXPECT_EQ(std::count(dataset.labels.begin(), dataset.labels.end(), 1), 4640);
  const std::vector<std::int32_t>& age = dataset.groupings.front().codes;
  EXPECT_EQ(std::count(age.begin(), age.end(), 2), 1193);
}

TEST(CreditDefault, ThirtyThousandClients) {
  DataParams params;
  params.files = {public_file("credit_default/UCI_Credit_Card.csv.gz")};
  params.label.column = "default-payment-next-month";
  params.label.positive = {"1"};
  params.groups = {{"sex", "SEX", {}, {}}};
  params.features.drop = {"ID"};
  const Dataset dataset = prepared(params).dataset;
  EXPECT_EQ(dataset.rows(), 30000);
  EXPECT_EQ(std::count(dataset.labels.begin(), dataset.labels.end(), 1), 6636);
  const std::vector<std::int32_t>& sex = dataset.groupings.front().codes;
  EXPECT_EQ(std::count(sex.begin(), sex.end(), 1), 18112);
}

}  // namespace public_data_test
}  // namespace equipoise::data
