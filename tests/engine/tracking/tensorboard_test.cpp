#include "engine/tracking/tensorboard.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/files.h"
#include "engine/tracking/event_messages.h"
#include "engine/tracking/records.h"
#include "tests/engine/tracking/sample_run.h"

namespace equipoise::tracking {
namespace tensorboard_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// What the real TensorBoard reads is tested in tests/end_to_end/tracking_test.py.
class TensorBoard : public testing::Test {
 protected:
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::vector<std::int64_t> steps(const std::string& file) const {
    const std::string content = core::read_file(folder_.path / file);
    std::vector<std::int64_t> found;
    for (const std::string_view record : whole_records(content)) found.push_back(step_of_values(record));
    return found;
  }

  TemporaryFolder folder_;
};

TEST_F(TensorBoard, AResumedRunGoesOnInANewFileWithoutTheStepsThatAreThere) {
  {
    const Sink sink = tensorboard_sink(sample_facts(folder_.path));
    for (const std::int64_t step : {10, 20, 30}) sink.measured(sample_measurement(step));
  }
  ASSERT_THAT(files(), SizeIs(1));
  const std::string first = files().front();
  // Killed while it wrote the measure at 30.
  std::filesystem::resize_file(folder_.path / first, std::filesystem::file_size(folder_.path / first) - 3);
  EXPECT_THAT(steps(first), ElementsAre(-1, 0, 0, 10, 20));
  const Sink again = tensorboard_sink(sample_facts(folder_.path));
  for (const std::int64_t step : {20, 30, 40}) again.measured(sample_measurement(step));
  again.finished(sample_end());
  ASSERT_THAT(files(), SizeIs(2));
  EXPECT_EQ(files().front(), first);  // TensorBoard reads them in this order
  EXPECT_THAT(steps(files().back()), ElementsAre(-1, 0, 30, 40, 40, 40));
}

TEST_F(TensorBoard, WhatIsNoEventHasNoStep) {
  EXPECT_EQ(step_of_values("\xff\xff nonsense"), -1);
  EXPECT_EQ(step_of_values(""), -1);
  EXPECT_EQ(step_of_values(version_event(1)), -1);
  EXPECT_EQ(step_of_values(event_of(1, 77, {})), 77);
}

TEST_F(TensorBoard, SettingsThatPeopleVaryAreColumns) {
  std::map<std::string, nlohmann::json> settings;
  for (const Setting& setting : varied_settings(sample_facts())) settings[setting.path] = setting.value;
  EXPECT_THAT(settings, SizeIs(5));
  EXPECT_EQ(settings.at("tolerance of equalized odds by sex"), 0.02);
  EXPECT_EQ(settings.at("model.hidden"), nlohmann::json({64, 32}));
}

TEST_F(TensorBoard, CurvesAreNamedWhole) {
  EXPECT_THAT(line_chart("t", {"a (b) [c]"}), HasSubstr("^a \\(b\\) \\[c\\]$"));
}

}  // namespace tensorboard_test
}  // namespace equipoise::tracking
