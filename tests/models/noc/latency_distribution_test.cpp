// SPDX-License-Identifier: Apache-2.0
#include "models/noc/latency_distribution.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "models/common/counter_rng.h"

using weft::noc::Cycle;
using weft::noc::LatencyDistribution;

TEST_CASE("a quantile is never below the sorted list's, and at most an eighth above") {
  weft::CounterRng random(7, 0, 0);
  LatencyDistribution distribution;
  std::vector<Cycle> sorted;
  for (int i = 0; i < 5000; ++i) {
    const Cycle latency = random.below(1u << (1 + random.below(20)));
    distribution.add(latency);
    sorted.push_back(latency);
  }
  std::sort(sorted.begin(), sorted.end());
  for (const double share : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(share * 5000.0 + 0.5);
    const Cycle exact = sorted[rank - 1];
    const Cycle found = distribution.quantile(share);
    INFO(share);
    CHECK(found >= exact);
    CHECK(found <= exact + exact / 8);
  }
  CHECK(distribution.quantile(1.0) == sorted.back());
}

TEST_CASE("octaves count every latency once, in its power of two") {
  LatencyDistribution distribution;
  for (const Cycle latency : {0u, 1u, 2u, 3u, 7u, 8u, 15u, 16u, 31u, 32u, 1000u, 1024u})
    distribution.add(latency);
  distribution.add(std::numeric_limits<Cycle>::max());
  const auto octaves = distribution.octaves();
  CHECK(octaves[0] == 2);
  CHECK(octaves[1] == 2);
  CHECK(octaves[2] == 1);
  CHECK(octaves[3] == 2);
  CHECK(octaves[4] == 2);
  CHECK(octaves[5] == 1);
  CHECK(octaves[9] == 1);
  CHECK(octaves[10] == 1);
  CHECK(octaves[23] == 1);
  CHECK(distribution.count() == 13);
}

TEST_CASE("nothing counted has no quantile") { CHECK(LatencyDistribution().quantile(0.5) == 0); }
