// That a page has all its sections, and that what its parts refer to is there.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/engine/report/page_checks.h"

namespace equipoise::report {

inline std::vector<std::string> section_ids(const PageReader& reader) {
  std::vector<std::string> ids;
  for (const Tag& section : reader.named("section")) ids.push_back(section.attributes.at("id"));
  return ids;
}

inline void expect_whole(const std::string& html) {
  using namespace testing;
  const PageReader reader(html);
  EXPECT_THAT(section_ids(reader), ElementsAre("result", "gaps", "groups", "training", "thresholds", "calibration",
                                               "data", "guide", "reproduce"));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf%")), Not(HasSubstr("=\"inf"))));
  std::set<std::string> ids;
  for (const Tag& tag : reader.tags()) {
    if (tag.attributes.contains("id")) {
      EXPECT_TRUE(ids.insert(tag.attributes.at("id")).second) << tag.attributes.at("id");
    }
  }
  for (const Tag& tag : reader.tags()) {
    if (!tag.attributes.contains("aria-labelledby")) continue;
    std::istringstream words(tag.attributes.at("aria-labelledby"));
    for (std::string id; words >> id;) EXPECT_TRUE(ids.contains(id)) << id;
  }
}

}  // namespace equipoise::report
