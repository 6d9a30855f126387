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

/// The sections of every page, with those that its task has beyond them.
inline void expect_whole(const std::string& html,
                         const std::vector<std::string>& of_task = {"thresholds", "calibration"}) {
  using namespace testing;
  const PageReader reader(html);
  std::vector<std::string> sections = {"result", "gaps", "groups", "training"};
  if (html.find("id=\"sampling\"") != std::string::npos) sections.push_back("sampling");    // of runs with recipes
  if (html.find("id=\"artifacts\"") != std::string::npos) sections.push_back("artifacts");  // where rows were made
  sections.insert(sections.end(), of_task.begin(), of_task.end());
  sections.insert(sections.end(), {"data", "guide", "reproduce"});
  EXPECT_EQ(section_ids(reader), sections);
  std::vector<std::string> links;
  for (const Tag& link : reader.named("a"))
    if (link.inside.back() == "nav") links.push_back(link.attributes.at("href").substr(1));
  EXPECT_EQ(links, sections);
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
