// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/update_filter.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numeric>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

using namespace weft;
using namespace weft::write_filter;

namespace {

using Matrix = std::vector<std::int64_t>;

enum class Shape { gaussian, laplace };

// Zero-mean updates with standard deviation `sigma`.
class Updates {
 public:
  Updates(Shape shape, double sigma, std::uint64_t seed, double mean = 0)
      : shape_(shape), sigma_(sigma), mean_(mean), random_(seed, 1, 2) {}

  std::int64_t next() { return std::llround(mean_ + sigma_ * draw()); }

 private:
  double draw() {
    if (shape_ == Shape::gaussian) return random_.normal();
    const double u = random_.uniform() - 0.5;
    const double size = -std::log(1 - 2 * std::abs(u)) / std::sqrt(2.0);
    return u < 0 ? -size : size;
  }

  Shape shape_;
  double sigma_;
  double mean_;
  CounterRng random_;
};

struct Taken {
  Matrix changes;
  std::vector<std::uint8_t> written;
  std::vector<bool> rows;
};

Taken pass(UpdateFilter& filter, int rows, int columns, const Matrix& updates) {
  filter.begin(rows, columns);
  for (int row = 0; row < rows; ++row) filter.offer(row, &updates[static_cast<std::size_t>(row * columns)]);
  filter.decide();
  Taken taken{Matrix(updates.size()), std::vector<std::uint8_t>(updates.size()), {}};
  for (int row = 0; row < rows; ++row) {
    const auto first = static_cast<std::size_t>(row * columns);
    taken.rows.push_back(filter.take(row, &taken.changes[first], &taken.written[first]));
  }
  return taken;
}

Matrix draw(Updates& updates, int count) {
  Matrix result(static_cast<std::size_t>(count));
  for (std::int64_t& one : result) one = updates.next();
  return result;
}

// Share of the weights written a pass, once the residuals have settled.
double write_rate(const FilterConfig& config, Updates updates, int settle, int passes) {
  constexpr int rows = 32;
  constexpr int columns = 64;
  UpdateFilter filter(config, rows, columns);
  for (int n = 0; n < settle; ++n) pass(filter, rows, columns, draw(updates, rows * columns));
  const FilterStatistics before = filter.statistics();
  for (int n = 0; n < passes; ++n) pass(filter, rows, columns, draw(updates, rows * columns));
  const FilterStatistics& after = filter.statistics();
  return static_cast<double>(after.weights_written - before.weights_written) /
         static_cast<double>(after.weights_offered - before.weights_offered);
}

FilterConfig config(Policy policy, double threshold = 1) {
  FilterConfig result;
  result.policy = policy;
  result.threshold = threshold;
  result.residual_bits = 40;
  return result;
}

constexpr double sigma = 10000;  // fine enough that rounding to integers does not show

const std::vector<Policy> every_policy = {Policy::none,     Policy::compare,      Policy::drop,
                                          Policy::top_k,    Policy::percentile,   Policy::ef_reset,
                                          Policy::ef_grain, Policy::stochastic,   Policy::row_top,
                                          Policy::row_max,  Policy::wear_adaptive};

}  // namespace

// Closed forms: reference section 5.4, f = erfc(k/√2) and exp(−√2 k).
TEST_CASE("dropping below a threshold writes the share that the distribution's tail says") {
  for (const double k : {0.5, 1.0, 2.0}) {
    CAPTURE(k);
    const double gauss =
        write_rate(config(Policy::drop, k * sigma), Updates(Shape::gaussian, sigma, 5), 0, 300);
    CHECK(gauss == Approx(std::erfc(k / std::sqrt(2.0))).epsilon(0.05));
    const double laplace =
        write_rate(config(Policy::drop, k * sigma), Updates(Shape::laplace, sigma, 6), 0, 300);
    CHECK(laplace == Approx(std::exp(-std::sqrt(2.0) * k)).epsilon(0.05));
  }
  const double rare = write_rate(config(Policy::drop, 3 * sigma), Updates(Shape::laplace, sigma, 7), 0, 300);
  CHECK(rare == Approx(0.0144).epsilon(0.05));
}

// f = 1/(k + 0.583)² from k = 2 on for Gaussian updates, from 8 on for Laplace ones; below, simulated values.
TEST_CASE("error feedback writes at the rate of a random walk's first passage") {
  const auto rate = [](Shape shape, double k, int settle, int passes) {
    return write_rate(config(Policy::ef_reset, k * sigma), Updates(shape, sigma, 11), settle, passes);
  };
  const auto closed = [](double k) { return 1 / ((k + 0.583) * (k + 0.583)); };
  CHECK(rate(Shape::gaussian, 2, 50, 200) == Approx(closed(2)).epsilon(0.05));
  CHECK(rate(Shape::gaussian, 4, 100, 300) == Approx(closed(4)).epsilon(0.05));
  CHECK(rate(Shape::gaussian, 8, 300, 500) == Approx(closed(8)).epsilon(0.05));
  CHECK(rate(Shape::laplace, 8, 300, 500) == Approx(closed(8)).epsilon(0.05));
  CHECK(rate(Shape::gaussian, 16, 1000, 1000) == Approx(closed(16)).epsilon(0.05));
  CHECK(rate(Shape::laplace, 16, 1000, 1000) == Approx(closed(16)).epsilon(0.05));
  CHECK(rate(Shape::gaussian, 1, 50, 200) == Approx(0.360).epsilon(0.05));
  CHECK(rate(Shape::laplace, 1, 50, 200) == Approx(0.293).epsilon(0.05));
  CHECK(rate(Shape::laplace, 2, 50, 200) == Approx(0.128).epsilon(0.05));
  CHECK(rate(Shape::laplace, 4, 100, 300) == Approx(0.0441).epsilon(0.05));
}

TEST_CASE("updates that drift are written at the rate of the drift over the threshold") {
  const Updates drifting(Shape::gaussian, sigma, 12, 0.2 * sigma);
  CHECK(write_rate(config(Policy::ef_reset, 8 * sigma), drifting, 200, 400) == Approx(0.0246).epsilon(0.05));
  CHECK(write_rate(config(Policy::ef_reset, 16 * sigma), drifting, 500, 500) == Approx(0.0121).epsilon(0.05));
}

TEST_CASE("grains are written at practically the rate of error feedback") {
  const double rate =
      write_rate(config(Policy::ef_grain, 4 * sigma), Updates(Shape::gaussian, sigma, 13), 100, 300);
  CHECK(rate == Approx(0.0484).epsilon(0.05));
}

TEST_CASE("a row is touched as often as one of its 128 weights is") {
  constexpr int rows = 200;
  constexpr int columns = 128;
  for (const double k : {2.0, 3.0, 4.0}) {
    UpdateFilter filter(config(Policy::drop, k * sigma), rows, columns);
    Updates updates(Shape::laplace, sigma, 14);
    for (int n = 0; n < 40; ++n) pass(filter, rows, columns, draw(updates, rows * columns));
    const FilterStatistics& seen = filter.statistics();
    const double share = static_cast<double>(seen.rows_written) / static_cast<double>(seen.rows_offered);
    const double f = std::exp(-std::sqrt(2.0) * k);
    CAPTURE(k);
    CHECK(share == Approx(1 - std::pow(1 - f, columns)).epsilon(0.05));
  }
}

TEST_CASE("a percentile filter reaches its target density") {
  for (const double density : {0.3, 0.1, 0.02}) {
    CAPTURE(density);
    FilterConfig follow = config(Policy::percentile);
    follow.density = density;
    follow.tracking = Tracking::gaussian;
    CHECK(write_rate(follow, Updates(Shape::gaussian, sigma, 15), 5, 200) == Approx(density).epsilon(0.05));
    follow.tracking = Tracking::laplace;
    CHECK(write_rate(follow, Updates(Shape::laplace, sigma, 16), 5, 200) == Approx(density).epsilon(0.05));
    follow.tracking = Tracking::feedback;
    CHECK(write_rate(follow, Updates(Shape::gaussian, sigma, 17), 300, 300) == Approx(density).epsilon(0.05));
  }
}

TEST_CASE("a threshold in units of the running root mean square follows the updates") {
  FilterConfig relative = config(Policy::drop, 2);
  relative.threshold_mode = ThresholdMode::rms;
  for (const double size : {300.0, 30000.0}) {
    const double rate = write_rate(relative, Updates(Shape::gaussian, size, 18), 3, 200);
    CHECK(rate == Approx(std::erfc(2 / std::sqrt(2.0))).epsilon(0.05));
  }
}

TEST_CASE("a threshold relative to the maximum lets the maximum pass") {
  FilterConfig relative = config(Policy::drop, 0.5);
  relative.threshold_mode = ThresholdMode::maximum;
  UpdateFilter filter(relative, 1, 5);
  CHECK(pass(filter, 1, 5, {100, 50, 49, -50, -49}).changes == Matrix{100, 50, 0, -50, 0});
}

TEST_CASE("whatever the policy keeps back is written later or still kept") {
  constexpr int rows = 9;
  constexpr int columns = 17;
  for (const Policy policy : {Policy::ef_reset, Policy::ef_grain, Policy::drop, Policy::top_k,
                              Policy::percentile, Policy::row_top, Policy::row_max, Policy::wear_adaptive}) {
    for (const Granularity granularity :
         {Granularity::cell, Granularity::weight, Granularity::row, Granularity::crossbar}) {
      for (const int bits : {40, 14, 6}) {
        FilterConfig keeping = config(policy, 37000);
        keeping.granularity = granularity;
        keeping.keep_residual = true;
        keeping.residual_bits = bits;
        UpdateFilter filter(keeping, rows, columns);
        Updates updates(Shape::laplace, sigma, 20);
        Matrix offered(rows * columns);
        Matrix written(rows * columns);
        for (int n = 0; n < 60; ++n) {
          const Matrix now = draw(updates, rows * columns);
          const Taken taken = pass(filter, rows, columns, now);
          for (std::size_t i = 0; i < now.size(); ++i) {
            offered[i] += now[i];
            written[i] += taken.changes[i];
          }
        }
        CAPTURE(static_cast<int>(policy), static_cast<int>(granularity), bits);
        bool equal = true;
        bool fits = true;
        for (int i = 0; i < rows * columns; ++i) {
          const std::int64_t kept = filter.residual(i / columns, i % columns);
          equal =
              equal && offered[static_cast<std::size_t>(i)] == written[static_cast<std::size_t>(i)] + kept;
          fits = fits && std::llabs(kept) < std::int64_t{1} << (bits - 1);
        }
        CHECK(equal);
        CHECK(fits);
      }
    }
  }
}

TEST_CASE("error feedback keeps the stored weight within the threshold of the ideal one, always") {
  constexpr int rows = 8;
  constexpr int columns = 16;
  for (const Policy policy : {Policy::ef_reset, Policy::ef_grain}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::int64_t theta = 1 + static_cast<std::int64_t>(seed * seed * 400);
      UpdateFilter filter(config(policy, static_cast<double>(theta)), rows, columns);
      Updates updates(seed % 2 == 0 ? Shape::gaussian : Shape::laplace, sigma, 30 + seed);
      std::int64_t worst = 0;
      for (int n = 0; n < 100; ++n) {
        pass(filter, rows, columns, draw(updates, rows * columns));
        for (int row = 0; row < rows; ++row) {
          for (int column = 0; column < columns; ++column)
            worst = std::max<std::int64_t>(worst, std::llabs(filter.residual(row, column)));
        }
      }
      CAPTURE(theta, static_cast<int>(policy));
      CHECK(worst < theta);
      CHECK(filter.statistics().residuals_forced == 0);
    }
  }
}

TEST_CASE("each policy writes what its rule says") {
  const Matrix updates = {5, -1, 0, 3, 0, 0, 0, 0, -7, 2, 2, 0};  // three rows of four
  const auto changes = [&updates](const FilterConfig& rules) {
    UpdateFilter filter(rules, 3, 4);
    return pass(filter, 3, 4, updates).changes;
  };
  CHECK(changes(config(Policy::none)) == updates);
  CHECK(changes(config(Policy::compare)) == updates);
  CHECK(changes(config(Policy::drop, 3)) == Matrix{5, 0, 0, 3, 0, 0, 0, 0, -7, 0, 0, 0});
  FilterConfig top = config(Policy::top_k);
  top.density = 4.0 / 12;
  CHECK(changes(top) == Matrix{5, 0, 0, 3, 0, 0, 0, 0, -7, 2, 0, 0});
  FilterConfig rows = config(Policy::row_top);
  rows.density = 1.0 / 3;
  CHECK(changes(rows) == Matrix{0, 0, 0, 0, 0, 0, 0, 0, -7, 2, 2, 0});
  CHECK(changes(config(Policy::row_max, 6)) == Matrix{0, 0, 0, 0, 0, 0, 0, 0, -7, 2, 2, 0});
  CHECK(changes(config(Policy::ef_grain, 2)) == Matrix{4, 0, 0, 2, 0, 0, 0, 0, -6, 2, 2, 0});
}

TEST_CASE("what is written together follows the granularity") {
  const Matrix updates = {5, -1, 0, 3, 0, 0, 0, 0, 1, 2, 1, 0};
  const auto written = [&updates](Granularity granularity) {
    FilterConfig rules = config(Policy::drop, 4);
    rules.granularity = granularity;
    UpdateFilter filter(rules, 3, 4);
    const Taken taken = pass(filter, 3, 4, updates);
    return std::accumulate(taken.written.begin(), taken.written.end(), 0);
  };
  CHECK(written(Granularity::weight) == 1);
  CHECK(written(Granularity::row) == 4);
  CHECK(written(Granularity::crossbar) == 12);
  FilterConfig quiet = config(Policy::drop, 6);
  quiet.granularity = Granularity::crossbar;
  UpdateFilter filter(quiet, 3, 4);
  CHECK(pass(filter, 3, 4, updates).rows == std::vector<bool>{false, false, false});
  CHECK(filter.statistics().passes_written == 0);
}

TEST_CASE("comparing skips rows in which nothing changes, and none writes them") {
  const Matrix updates = {0, 0, 1, 0};
  UpdateFilter compare(config(Policy::compare), 2, 2);
  CHECK(pass(compare, 2, 2, updates).rows == std::vector<bool>{false, true});
  UpdateFilter none(config(Policy::none), 2, 2);
  CHECK(pass(none, 2, 2, updates).rows == std::vector<bool>{true, true});
  CHECK(none.statistics().weights_written == 4);
  CHECK(none.statistics().weights_zero == 3);
}

TEST_CASE("stochastic rounding of small updates is unbiased and leaves large ones alone") {
  UpdateFilter filter(config(Policy::stochastic, 100), 1, 4);
  Matrix sum(4);
  constexpr int passes = 40000;
  for (int n = 0; n < passes; ++n) {
    const Taken taken = pass(filter, 1, 4, {30, -5, 250, 0});
    for (std::size_t i = 0; i < 4; ++i) sum[i] += taken.changes[i];
    for (const std::size_t i : {0u, 1u})
      CHECK((std::llabs(taken.changes[i]) == 100 || taken.changes[i] == 0));
  }
  // Four standard deviations of the mean of `passes` draws: 100 · sqrt(p (1 − p) / passes).
  CHECK(static_cast<double>(sum[0]) / passes == Approx(30).margin(4 * 100 * std::sqrt(0.21 / passes)));
  CHECK(static_cast<double>(sum[1]) / passes == Approx(-5).margin(4 * 100 * std::sqrt(0.0475 / passes)));
  CHECK(sum[2] == 250 * passes);
  CHECK(sum[3] == 0);
}

TEST_CASE("stochastic rounding depends on seed, unit and pass only") {
  const auto written = [](std::uint64_t seed, std::uint32_t unit) {
    FilterConfig rules = config(Policy::stochastic, 100);
    rules.seed = seed;
    rules.unit = unit;
    UpdateFilter filter(rules, 8, 8);
    Matrix all;
    for (int n = 0; n < 3; ++n) {
      const Taken taken = pass(filter, 8, 8, Matrix(64, 50));
      all.insert(all.end(), taken.changes.begin(), taken.changes.end());
    }
    return all;
  };
  CHECK(written(1, 2) == written(1, 2));
  CHECK(written(1, 2) != written(2, 2));
  CHECK(written(1, 2) != written(1, 3));
}

TEST_CASE("a worn weight needs a larger update") {
  UpdateFilter filter(config(Policy::wear_adaptive, 10), 1, 4);
  for (int n = 0; n < 30; ++n) pass(filter, 1, 4, {1000, 0, 0, 0});
  // One of four weights took all writes: its wear is four times the mean, so is its threshold.
  CHECK(pass(filter, 1, 4, {39, 10, 9, 0}).changes == Matrix{0, 10, 0, 0});
}

TEST_CASE("a pass may cover a part of the matrix") {
  UpdateFilter filter(config(Policy::ef_reset, 10), 4, 4);
  CHECK(pass(filter, 2, 2, {6, 0, 0, 12}).changes == Matrix{0, 0, 0, 12});
  CHECK(filter.residual(0, 0) == 6);
  CHECK(pass(filter, 2, 2, {5, 0, 0, 0}).changes == Matrix{11, 0, 0, 0});
}

TEST_CASE("rows that are not offered are not part of the pass") {
  UpdateFilter filter(config(Policy::ef_reset, 10), 2, 1);
  pass(filter, 2, 1, {6, 7});
  filter.begin(2, 1);
  const std::int64_t five = 5;
  filter.offer(0, &five);
  filter.decide();
  std::int64_t change = 0;
  std::uint8_t written = 0;
  CHECK(filter.take(0, &change, &written));
  CHECK(change == 11);
  CHECK_FALSE(filter.take(1, &change, &written));
  CHECK(filter.residual(1, 0) == 7);
}

TEST_CASE("shares and means are of the rows that are offered") {
  FilterConfig rules = config(Policy::top_k);
  rules.density = 0.5;
  UpdateFilter filter(rules, 4, 2);
  filter.begin(4, 2);
  const std::int64_t row[] = {3, -5};
  filter.offer(2, row);
  filter.decide();
  CHECK(filter.statistics().weights_offered == 2);
  CHECK(filter.statistics().weights_written == 1);
  CHECK(filter.statistics().rows_offered == 1);
  CHECK(filter.rms() == Approx(std::sqrt(17.0)));
}

TEST_CASE("a change of policy writes the residual that the new one cannot keep") {
  UpdateFilter filter(config(Policy::ef_reset, 100), 1, 3);
  pass(filter, 1, 3, {60, -20, 0});
  FilterRules rules = config(Policy::drop, 100).rules();
  filter.change(rules);
  CHECK(pass(filter, 1, 3, {1, 0, 2}).changes == Matrix{61, -20, 0});
  CHECK(pass(filter, 1, 3, {1, 0, 2}).changes == Matrix{0, 0, 0});
  rules.threshold = 2;
  filter.change(rules);
  CHECK(pass(filter, 1, 3, {1, 0, 2}).changes == Matrix{0, 0, 2});
  rules.policy = Policy::ef_reset;
  filter.change(rules);
  pass(filter, 1, 3, {1, 0, 0});
  CHECK(filter.residual(0, 0) == 1);
}

TEST_CASE("a residual whose row is not offered waits for it under new rules too") {
  UpdateFilter filter(config(Policy::ef_reset, 100), 2, 1);
  pass(filter, 2, 1, {60, 50});
  filter.change(config(Policy::drop, 100).rules());
  filter.begin(2, 1);
  const std::int64_t one = 1;
  filter.offer(0, &one);
  filter.decide();
  CHECK(filter.residual(0, 0) == 0);
  CHECK(filter.residual(1, 0) == 50);
  CHECK(pass(filter, 2, 1, {0, 1}).changes == Matrix{0, 51});
}

TEST_CASE("the running mean square goes on under other rules") {
  FilterConfig first = config(Policy::drop, 1);
  first.threshold_mode = ThresholdMode::rms;
  UpdateFilter filter(first, 1, 2);
  pass(filter, 1, 2, {10, 10});
  FilterRules rules = first.rules();
  rules.threshold = 2;
  filter.change(rules);
  pass(filter, 1, 2, {10, 10});
  CHECK(filter.threshold() == 20);
}

TEST_CASE("rules that need a memory are refused where there is none") {
  UpdateFilter plain(config(Policy::drop, 10), 1, 1);
  CHECK_THROWS_WITH(plain.change(config(Policy::ef_reset, 10).rules()), Catch::Contains("residual_memory"));
  CHECK_THROWS_WITH(plain.change(config(Policy::wear_adaptive, 10).rules()), Catch::Contains("wear_table"));
  CHECK(plain.config().policy == Policy::drop);
  FilterConfig built = config(Policy::none);
  built.residual_memory = built.wear_table = true;
  UpdateFilter filter(built, 1, 1);
  CHECK(pass(filter, 1, 1, {0}).written == std::vector<std::uint8_t>{1});
  filter.change(config(Policy::ef_reset, 10).rules());
  pass(filter, 1, 1, {6});
  CHECK(pass(filter, 1, 1, {6}).changes == Matrix{12});
  filter.change(config(Policy::wear_adaptive, 10).rules());
  CHECK(pass(filter, 1, 1, {15}).changes == Matrix{15});
}

TEST_CASE("every policy takes extreme and zero updates") {
  const std::int64_t most = (std::int64_t{1} << 47) - 1;
  for (const Policy policy : every_policy) {
    FilterConfig rules = config(policy, 5);
    rules.residual_bits = 16;
    UpdateFilter filter(rules, 2, 2);
    for (int n = 0; n < 5; ++n) {
      const Taken taken = pass(filter, 2, 2, {most, -most, 0, 1});
      CHECK(std::llabs(taken.changes[0]) <= 2 * most);
      CHECK(taken.changes[2] == 0);
    }
  }
}

TEST_CASE("a filter refuses what makes no sense") {
  const auto refused = [](const std::function<void(FilterConfig&)>& change) {
    FilterConfig rules;
    rules.policy = Policy::drop;
    change(rules);
    CHECK_THROWS_AS(UpdateFilter(rules, 2, 2), Error);
  };
  refused([](FilterConfig& c) { c.threshold = 0; });
  refused([](FilterConfig& c) { c.threshold = std::nan(""); });
  refused([](FilterConfig& c) { c.density = 0; });
  refused([](FilterConfig& c) { c.density = 1.1; });
  refused([](FilterConfig& c) { c.rms_memory = 1; });
  refused([](FilterConfig& c) { c.feedback_gain = 0; });
  refused([](FilterConfig& c) { c.residual_bits = 1; });
  refused([](FilterConfig& c) {
    c.policy = Policy::none;
    c.keep_residual = true;
  });
}
