#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <regex>
#include <string>

#include "engine/report/sections.h"

namespace equipoise::report {
namespace contrast_test {

/// The colours of the n-th :root block of the style sheet: 0 is light, 1 is dark.
std::map<std::string, std::string> palette(int n) {
  const std::string css = kStyleSheet;
  std::size_t at = css.find(":root {");
  for (int i = 0; i < n; ++i) at = css.find(":root {", at + 1);
  const std::string block = css.substr(at, css.find('}', at) - at);
  std::map<std::string, std::string> colors;
  const std::regex entry("--([a-z0-9-]+): (#[0-9a-f]{6});");
  for (std::sregex_iterator match(block.begin(), block.end(), entry), end; match != end; ++match) {
    colors[(*match)[1]] = (*match)[2];
  }
  return colors;
}

/// Relative luminance (WCAG 2.2).
double luminance(const std::string& color) {
  const auto channel = [&](int at) {
    const double value = std::stoi(color.substr(at, 2), nullptr, 16) / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

TEST(Contrast, KnownFigures) {
  EXPECT_NEAR(contrast("#000000", "#ffffff"), 21, 1e-9);
  EXPECT_NEAR(contrast("#767676", "#ffffff"), 4.54, 0.01);
}

class Scheme : public testing::TestWithParam<int> {};

TEST_P(Scheme, TextIsReadable) {
  const auto colors = palette(GetParam());
  const std::pair<const char*, const char*> texts[] = {{"ink", "paper"},
                                                       {"ink", "panel"},
                                                       {"ink", "allowed"},
                                                       {"quiet", "paper"},
                                                       {"quiet", "panel"},
                                                       {"link", "paper"},
                                                       {"met-ink", "met-fill"},
                                                       {"met-ink", "paper"},
                                                       {"met-ink", "panel"},
                                                       {"not-shown-ink", "not-shown-fill"},
                                                       {"violated-ink", "violated-fill"},
                                                       {"not-estimable-ink", "not-estimable-fill"}};
  for (const auto& [text, ground] : texts) {
    EXPECT_GE(contrast(colors.at(text), colors.at(ground)), 4.5) << text << " on " << ground;
  }
}

TEST_P(Scheme, LinesAndShapesStandOut) {
  const auto colors = palette(GetParam());
  for (const char* mark : {"s0", "s1", "s2", "s3", "s4", "s5", "met-mark", "not-shown-mark", "violated-mark",
                           "not-estimable-mark", "quiet"}) {
    EXPECT_GE(contrast(colors.at(mark), colors.at("paper")), 3.0) << mark;
  }
}

INSTANTIATE_TEST_SUITE_P(LightAndDark, Scheme, testing::Values(0, 1));

}  // namespace contrast_test
}  // namespace equipoise::report
