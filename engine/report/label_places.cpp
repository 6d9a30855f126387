#include "engine/report/label_places.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include "engine/core/cut.h"

namespace equipoise::report {
namespace {

constexpr double kLetter = 7.5;  // of a figure at 12 px, bold
constexpr double kHeight = 12;   // of figures, with a little air
constexpr double kRadius = 6.5;  // of the largest shape

struct Box {
  double left, top, right, bottom;

  bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

// Beside the dot, then further away.
constexpr double kRings[] = {9, 24, 40, 58};
constexpr int kDirections = 16;

/// Places around a dot, the easiest to read first. Corners come before sides, where the bars of intervals run.
std::vector<LabelPlace> places_around(double width) {
  const double right = kRings[0] - 2, left = 2 - kRings[0] - width, above = 2 - kRings[0], below = kRings[0] + 8;
  std::vector<LabelPlace> places = {{right, above},          {right, below},          {left, above},  {left, below},
                                    {-width / 2, above - 2}, {-width / 2, below + 2}, {right + 2, 4}, {left - 2, 4}};
  for (std::size_t ring = 1; ring < std::size(kRings); ++ring) {
    for (int i = 0; i < kDirections; ++i) {
      const double angle = 2 * std::numbers::pi * (i + 0.5) / kDirections;
      const double x = kRings[ring] * std::cos(angle), y = kRings[ring] * std::sin(angle);
      places.push_back({x - width / 2, y + 4, true, x, y});
    }
  }
  return places;
}

}  // namespace

std::vector<std::optional<LabelPlace>> label_places(const std::vector<LabelledDot>& dots, double width, double height) {
  std::vector<Box> taken;
  for (const LabelledDot& dot : dots) {
    taken.push_back({dot.x - kRadius, dot.y - kRadius, dot.x + kRadius, dot.y + kRadius});
  }
  std::vector<std::optional<LabelPlace>> places(dots.size());
  for (std::size_t i = 0; i < dots.size(); ++i) {
    if (dots[i].label.empty()) continue;
    const double wide = kLetter * static_cast<double>(core::letters_of(dots[i].label));
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
