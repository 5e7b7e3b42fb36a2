// SPDX-License-Identifier: Apache-2.0
#include "tools/dataset/digits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

namespace weft::dataset {

namespace {

constexpr int digits = 10;
constexpr double pi = 3.14159265358979323846;

// Streams of the random generator; the unit is the sample's index.
enum Stream : std::uint32_t { train_stream = 0x64696701, test_stream = 0x64696702 };

// x to the right, y downwards, both 0 to 1.
struct Point {
  double x;
  double y;
};

using Stroke = std::vector<Point>;
using Glyph = std::vector<Stroke>;

// Appends an elliptic arc; angles in degrees, clockwise on the page, 0 at the right.
void append_arc(Stroke& stroke, Point centre, Point radius, double from, double to) {
  constexpr double step = 15.0;
  const int segments = static_cast<int>(std::ceil(std::abs(to - from) / step));
  for (int i = 0; i <= segments; ++i) {
    const double angle = (from + (to - from) * i / segments) * pi / 180.0;
    stroke.push_back({centre.x + radius.x * std::cos(angle), centre.y + radius.y * std::sin(angle)});
  }
}

Stroke arc(Point centre, Point radius, double from, double to) {
  Stroke stroke;
  append_arc(stroke, centre, radius, from, to);
  return stroke;
}

std::array<Glyph, digits> make_glyphs() {
  Stroke two = arc({0.50, 0.33}, {0.23, 0.20}, 190, 400);
  two.insert(two.end(), {{0.27, 0.86}, {0.76, 0.86}});
  Stroke three = arc({0.47, 0.31}, {0.23, 0.18}, 200, 450);
  append_arc(three, {0.47, 0.68}, {0.25, 0.19}, 270, 520);
  Stroke five{{0.72, 0.14}, {0.33, 0.14}, {0.29, 0.46}};
  append_arc(five, {0.48, 0.64}, {0.25, 0.22}, 225, 510);
  Stroke nine = arc({0.50, 0.35}, {0.22, 0.21}, 0, 360);
  nine.push_back({0.64, 0.87});
  return {Glyph{arc({0.50, 0.50}, {0.24, 0.36}, 0, 360)},
          Glyph{{{0.38, 0.26}, {0.54, 0.13}, {0.54, 0.87}}},
          Glyph{two},
          Glyph{three},
          Glyph{{{0.62, 0.88}, {0.62, 0.13}, {0.24, 0.64}, {0.78, 0.64}}},
          Glyph{five},
          Glyph{arc({0.72, 0.62}, {0.45, 0.49}, 262, 180), arc({0.50, 0.65}, {0.23, 0.21}, 0, 360)},
          Glyph{{{0.25, 0.14}, {0.75, 0.14}, {0.42, 0.87}}},
          Glyph{arc({0.50, 0.31}, {0.19, 0.17}, 0, 360), arc({0.50, 0.68}, {0.23, 0.19}, 0, 360)},
          Glyph{nine}};
}

double symmetric(CounterRng& random, double limit) { return limit * (2.0 * random.uniform() - 1.0); }

// An affine map about the middle of the square.
struct Pose {
  Pose(CounterRng& random, double distortion) {
    const double rotation = symmetric(random, distortion * 0.28);
    const double shear = symmetric(random, distortion * 0.28);
    const double width = 0.95 + symmetric(random, distortion * 0.22);
    const double height = 0.95 + symmetric(random, distortion * 0.17);
    shift = {symmetric(random, distortion * 0.10), symmetric(random, distortion * 0.10)};
    xx = width * std::cos(rotation);
    xy = height * (shear * std::cos(rotation) - std::sin(rotation));
    yx = width * std::sin(rotation);
    yy = height * (shear * std::sin(rotation) + std::cos(rotation));
  }

  Point operator()(Point p) const {
    const double x = p.x - 0.5;
    const double y = p.y - 0.5;
    return {0.5 + xx * x + xy * y + shift.x, 0.5 + yx * x + yy * y + shift.y};
  }

  double xx, xy, yx, yy;
  Point shift;
};

double distance_to_segment(Point p, Point a, Point b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length2 = dx * dx + dy * dy;
  const double along = length2 > 0.0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length2 : 0.0;
  const double t = std::clamp(along, 0.0, 1.0);
  return std::hypot(p.x - (a.x + t * dx), p.y - (a.y + t * dy));
}

double distance_to_glyph(Point p, const Glyph& glyph) {
  double nearest = 2.0;
  for (const Stroke& stroke : glyph) {
    for (std::size_t i = 1; i < stroke.size(); ++i) {
      nearest = std::min(nearest, distance_to_segment(p, stroke[i - 1], stroke[i]));
    }
  }
  return nearest;
}

Glyph posed(const Glyph& glyph, const Pose& pose) {
  Glyph result = glyph;
  for (Stroke& stroke : result) std::transform(stroke.begin(), stroke.end(), stroke.begin(), pose);
  return result;
}

// Draws one sample to the end of `samples`.
void draw(const Glyph& glyph, const DigitsOptions& options, CounterRng& random, std::vector<float>& samples) {
  const Glyph shape = posed(glyph, Pose(random, options.distortion));
  const double pen_radius = 0.055 + symmetric(random, options.distortion * 0.02);
  for (int row = 0; row < options.size; ++row) {
    for (int column = 0; column < options.size; ++column) {
      const Point centre{(column + 0.5) / options.size, (row + 0.5) / options.size};
      // An edge that crosses a pixel covers it in proportion: a ramp one pixel wide.
      const double ramp = (pen_radius - distance_to_glyph(centre, shape)) * options.size + 0.5;
      const double ink = std::clamp(ramp, 0.0, 1.0) + options.noise * random.normal();
      samples.push_back(grey(static_cast<std::uint8_t>(std::lround(255.0 * std::clamp(ink, 0.0, 1.0)))));
    }
  }
}

Dataset draw_part(const char* part, Stream stream, std::uint64_t seed, int count,
                  const DigitsOptions& options) {
  const std::array<Glyph, digits> glyphs = make_glyphs();
  Dataset set{fmt::format("procedural digits ({})", part),
              options.size * options.size,
              digits,
              {},
              {},
              numbered_classes(digits)};
  for (int i = 0; i < count; ++i) {
    CounterRng random(seed, static_cast<std::uint32_t>(i), stream);
    const std::uint32_t digit = random.below(digits);
    set.labels.push_back(static_cast<int>(digit));
    draw(glyphs[digit], options, random, set.samples);
  }
  return set;
}

template <typename Number>
void check(const char* what, Number found, Number low, Number high) {
  if (found >= low && found <= high) return;
  throw Error(fmt::format("procedural digits: {}: found {}, expected {} to {}", what, found, low, high));
}

}  // namespace

Split procedural_digits(std::uint64_t seed, int train_count, int test_count, const DigitsOptions& options) {
  constexpr int count_limit = 1'000'000;
  check("training samples", train_count, 1, count_limit);
  check("test samples", test_count, 1, count_limit);
  check("size", options.size, 8, 64);
  check("noise", options.noise, 0.0, 1.0);
  check("distortion", options.distortion, 0.0, 2.0);
  return {draw_part("training", train_stream, seed, train_count, options),
          draw_part("test", test_stream, seed, test_count, options)};
}

}  // namespace weft::dataset
