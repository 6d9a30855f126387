#include "engine/report/label_places.h"

#include <algorithm>

namespace equipoise::report {
namespace {

constexpr double kLetter = 7.5;  // of a figure at 12 px, bold
constexpr double kHeight = 12;   // of figures, with a little air
constexpr double kRadius = 6.5;  // of the largest shape
constexpr double kDistance = 9;  // from the dot's middle to the label

struct Box {
  double left, top, right, bottom;

  bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

/// The eight places around a dot, the easiest to read first: right, left, above, below, then the corners.
std::vector<LabelPlace> places_around(double width) {
  const double middle = -width / 2, above = -kDistance, below = kDistance + kHeight - 2, level = 4;
  const double left = -kDistance - width, right = kDistance;
  return {{right, level},         {left, level},         {middle, above},        {middle, below},
          {right - 2, above + 3}, {left + 2, above + 3}, {right - 2, below - 3}, {left + 2, below - 3}};
}

}  // namespace

std::vector<std::optional<LabelPlace>> label_places(const std::vector<LabelledDot>& dots, double width, double height) {
  std::vector<Box> taken;
  for (const LabelledDot& dot : dots) {
    taken.push_back({dot.x - kRadius, dot.y - kRadius, dot.x + kRadius, dot.y + kRadius});
  }
  std::vector<std::optional<LabelPlace>> places(dots.size());
  for (std::size_t i = 0; i < dots.size(); ++i) {
    const double wide = kLetter * static_cast<double>(dots[i].label.size());
    for (const LabelPlace& place : places_around(wide)) {
      const double left = dots[i].x + place.dx, base = dots[i].y + place.dy;
      const Box box{left, base - kHeight + 2, left + wide, base + 2};
      if (box.left < 0 || box.right > width || box.top < 0 || box.bottom > height) continue;
      if (std::any_of(taken.begin(), taken.end(), [&](const Box& other) { return box.meets(other); })) continue;
      taken.push_back(box);
      places[i] = place;
      break;
    }
  }
  return places;
}

}  // namespace equipoise::report
