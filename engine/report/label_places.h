#pragma once

#include <optional>
#include <string>
#include <vector>

namespace equipoise::report {

/// A dot with a label, in pixels.
struct LabelledDot {
  double x = 0, y = 0;
  std::string label;
};

/// Where a label's left end and baseline stand from its dot, in pixels.
struct LabelPlace {
  double dx = 0, dy = 0;
  bool far = false;               ///< not beside its dot: a line should tie it to the dot
  double tie_dx = 0, tie_dy = 0;  ///< the label's middle, where that line ends
};

/// For each dot a place around it where its label covers no dot, no other label and no edge; nothing where there is
/// none, or the label is "". Dots are served in their order, each with the first free place, nearest first.
std::vector<std::optional<LabelPlace>> label_places(const std::vector<LabelledDot>& dots, double width, double height);

}  // namespace equipoise::report
