// SPDX-License-Identifier: Apache-2.0
#include "models/write_filter/buffer_filter.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

using namespace weft::write_filter;
using weft::CounterRng;

namespace {

FilterConfig rules(Policy policy, double threshold = 1) {
  FilterConfig config;
  config.policy = policy;
  config.threshold = threshold;
  return config;
}

using Values = std::vector<std::int64_t>;

// One row, written whole unless told otherwise.
struct Bench {
  BufferFilter filter;
  Values row;

  Bench(const FilterConfig& config, std::size_t values) : filter(config), row(values) {}

  // Which values were written.
  std::vector<std::uint8_t> write(const Values& wanted, const std::vector<std::uint8_t>& touched) {
    RowOffer offer{3, row, wanted, touched, -32768, 32767};
    filter.decide(offer);
    row = offer.wanted;
    return offer.selected;
  }
  std::vector<std::uint8_t> write(const Values& wanted) {
    return write(wanted, std::vector<std::uint8_t>(wanted.size(), 1));
  }
};

using Marks = std::vector<std::uint8_t>;

std::string refusal(const FilterConfig& config) {
  try {
    BufferFilter::check(config);
  } catch (const weft::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("compare writes what is not stored yet") {
  Bench bench(rules(Policy::compare), 4);
  CHECK(bench.write({5, 0, -3, 0}) == Marks{1, 0, 1, 0});
  CHECK(bench.write({5, 1, -4, 0}) == Marks{0, 1, 1, 0});
  CHECK(bench.row == Values{5, 1, -4, 0});
  CHECK(bench.filter.statistics().values_offered == 8);
  CHECK(bench.filter.statistics().values_written == 4);
}

TEST_CASE("drop keeps the stored value where the difference is below the threshold") {
  Bench bench(rules(Policy::drop, 10), 4);
  CHECK(bench.write({9, 10, -10, -9}) == Marks{0, 1, 1, 0});
  CHECK(bench.row == Values{0, 10, -10, 0});
  SECTION("what was held back is in the next difference") {
    CHECK(bench.write({9, 18, -1, -10}) == Marks{0, 0, 0, 1});
    CHECK(bench.row == Values{0, 10, -10, -10});
  }
}

TEST_CASE("a dropped row is never further from what was to be stored than the threshold") {
  Bench bench(rules(Policy::drop, 25), 16);
  CounterRng random(1, 2, 3);
  for (int pass = 0; pass < 300; ++pass) {
    Values wanted;
    for (int i = 0; i < 16; ++i) wanted.push_back(static_cast<std::int64_t>(30 * random.normal()));
    bench.write(wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) REQUIRE(std::abs(wanted[i] - bench.row[i]) < 25);
  }
}

TEST_CASE("values that a write does not touch stay, whatever the granularity") {
  FilterConfig config = rules(Policy::drop, 10);
  config.granularity = GENERATE(Granularity::cell, Granularity::weight, Granularity::row);
  Bench bench(config, 4);
  const bool rows = config.granularity == Granularity::row;
  CHECK(bench.write({7, 3, 50, 99}, {1, 1, 1, 0}) == Marks{rows, rows, 1, 0});
  CHECK(bench.row == (rows ? Values{7, 3, 50, 0} : Values{0, 0, 50, 0}));
}

TEST_CASE("top_k counts its share of the row, and among equals takes the earlier") {
  FilterConfig config = rules(Policy::top_k);
  config.density = 0.5;
  Bench bench(config, 4);
  CHECK(bench.write({1, -7, 7, 7}) == Marks{0, 1, 1, 0});
  CHECK(bench.write({1, -7, 7, 0}) == Marks{1, 0, 0, 0});
}

TEST_CASE("stochastic rounding keeps the mean of what is stored and the limits of a value") {
  FilterConfig config = rules(Policy::stochastic, 40);
  config.seed = 9;
  Bench bench(config, 32);
  const Values wanted(32, 10);
  double sum = 0;
  constexpr int passes = 2000;
  for (int pass = 0; pass < passes; ++pass) {
    bench.row.assign(32, 0);
    bench.write(wanted);
    for (const std::int64_t value : bench.row) {
      REQUIRE((value == 0 || value == 40));
      sum += static_cast<double>(value);
    }
  }
  // Standard error of the mean: sqrt(p (1 - p)) · 40 / sqrt(n) = 0.07.
  CHECK(sum / (32.0 * passes) == Approx(10).margin(0.3));

  RowOffer offer{3, {20, -20}, {30, -30}, {1, 1}, -31, 31};
  BufferFilter narrow(config);
  for (int pass = 0; pass < 50; ++pass) {
    offer = {3, {20, -20}, {30, -30}, {1, 1}, -31, 31};
    narrow.decide(offer);
    CHECK((offer.wanted[0] == 20 || offer.wanted[0] == 31));
    CHECK((offer.wanted[1] == -20 || offer.wanted[1] == -31));
  }
}

TEST_CASE("a row's fate does not depend on when other rows are written") {
  FilterConfig config = rules(Policy::percentile);
  config.density = 0.3;
  SECTION("percentile") {}
  SECTION("running root mean square") {
    config = rules(Policy::drop, 1.2);
    config.threshold_mode = ThresholdMode::rms;
  }
  SECTION("stochastic") { config = rules(Policy::stochastic, 60); }
  SECTION("wear") { config = rules(Policy::wear_adaptive, 20); }
  const auto run = [&](bool interleaved) {
    BufferFilter filter(config);
    Values rows[2] = {Values(8), Values(8)};
    CounterRng random[2] = {CounterRng(1, 0, 0), CounterRng(1, 1, 0)};
    const auto write = [&](unsigned row) {
      RowOffer offer{row, rows[row], {}, Marks(8, 1), -32768, 32767};
      for (int i = 0; i < 8; ++i)
        offer.wanted.push_back(static_cast<std::int64_t>(50 * random[row].normal()));
      filter.decide(offer);
      rows[row] = offer.wanted;
    };
    for (int pass = 0; pass < 40; ++pass)
      write(interleaved ? static_cast<unsigned>(pass % 2) : pass < 20 ? 1 : 0);
    return std::vector<Values>{rows[0], rows[1]};
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("rules that make no sense for values that replace each other are refused") {
  CHECK(refusal(rules(Policy::drop)).empty());
  CHECK_THAT(refusal(rules(Policy::ef_reset)), Catch::Contains("values replace each other"));
  CHECK_THAT(refusal(rules(Policy::ef_grain)), Catch::Contains("values replace each other"));
  FilterConfig residual = rules(Policy::drop);
  residual.keep_residual = true;
  CHECK_THAT(refusal(residual), Catch::Contains("values replace each other"));
  CHECK_THAT(refusal(rules(Policy::row_top)), Catch::Contains("row by row"));
  FilterConfig whole = rules(Policy::drop);
  whole.granularity = Granularity::crossbar;
  CHECK_THAT(refusal(whole), Catch::Contains("allowed: cell, weight, row"));
  CHECK_THAT(refusal(rules(Policy::drop, -1)), Catch::Contains("threshold is -1"));
}

TEST_CASE("policy and threshold can be changed, and a refused policy leaves the old one") {
  Bench bench(rules(Policy::drop, 10), 2);
  bench.filter.set_threshold(100);
  CHECK(bench.write({50, 200}) == Marks{0, 1});
  bench.filter.set_policy(Policy::compare);
  CHECK(bench.write({50, 200}) == Marks{1, 0});
  CHECK_THROWS_AS(bench.filter.set_policy(Policy::ef_reset), weft::Error);
  CHECK(bench.filter.config().policy == Policy::compare);
}
