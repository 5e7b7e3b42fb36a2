// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace weft::tool {

namespace {

constexpr double line_interval_s = 5.0;
constexpr int bar_width = 30;

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string clock_text(double total) {
  const long whole = std::lround(total);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

ProgressDisplay::ProgressDisplay(config::Progress mode)
    : style_(Style::none), start_(std::chrono::steady_clock::now()), shown_(start_) {
  switch (mode) {
    case config::Progress::bar:
      style_ = Style::bar;
      break;
    case config::Progress::lines:
      style_ = Style::lines;
      break;
    case config::Progress::automatic:
      style_ = isatty(STDERR_FILENO) != 0 ? Style::bar : Style::lines;
      break;
    case config::Progress::none:
      break;
  }
}

std::string ProgressDisplay::text(const Progress& progress) const {
  const double elapsed = seconds(std::chrono::steady_clock::now() - start_);
  if (progress.samples_total == 0) {
    return fmt::format("{:.3f} ms simulated in {}", progress.simulated_s * 1e3, clock_text(elapsed));
  }
  const double share =
      std::min(1.0, static_cast<double>(progress.samples_done) / static_cast<double>(progress.samples_total));
  const double rate = static_cast<double>(progress.samples_done) / std::max(elapsed, 1e-3);
  const std::string left = share > 0 ? clock_text(elapsed * (1 - share) / share) : "?";
  return fmt::format("{:3.0f} %  {}/{} samples  {:.0f} samples/s  {} left", 100 * share,
                     progress.samples_done, progress.samples_total, rate, left);
}

void ProgressDisplay::update(const Progress& progress) {
  if (style_ == Style::none) return;
  const auto now = std::chrono::steady_clock::now();
  if (style_ == Style::lines) {
    if (seconds(now - shown_) < line_interval_s) return;
    shown_ = now;
    fmt::print(stderr, "{}\n", text(progress));
    return;
  }
  int filled = 0;
  if (progress.samples_total != 0) {
    filled = static_cast<int>(
        std::min<std::uint64_t>(bar_width, bar_width * progress.samples_done / progress.samples_total));
  }
  fmt::print(stderr, "\r\033[K[{}{}] {}", std::string(static_cast<std::size_t>(filled), '#'),
             std::string(static_cast<std::size_t>(bar_width - filled), '.'), text(progress));
  std::fflush(stderr);
  on_screen_ = true;
}

void ProgressDisplay::clear() {
  if (!on_screen_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  on_screen_ = false;
}

}  // namespace weft::tool
