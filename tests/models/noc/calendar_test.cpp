// SPDX-License-Identifier: Apache-2.0
#include "models/noc/calendar.h"

#include <catch2/catch.hpp>
#include <set>

#include "models/common/counter_rng.h"

using weft::noc::Calendar;
using weft::noc::Cycle;

TEST_CASE("a free port is taken when the packet is ready") {
  Calendar calendar;
  CHECK(calendar.reserve(7, 4) == 7);
  CHECK(calendar.reserve(100, 4) == 100);
}

TEST_CASE("a busy port is taken when it becomes free") {
  Calendar calendar;
  calendar.reserve(10, 5);
  CHECK(calendar.reserve(12, 5) == 15);
  CHECK(calendar.reserve(10, 1) == 20);
}

TEST_CASE("a gap that is long enough is filled, a shorter one is passed over") {
  Calendar calendar;
  calendar.reserve(0, 10);
  calendar.reserve(13, 10);
  CHECK(calendar.reserve(0, 4) == 23);
  CHECK(calendar.reserve(0, 3) == 10);
  CHECK(calendar.reserve(0, 1) == 27);
}

TEST_CASE("a gap that has begun is filled only if the rest of it suffices") {
  Calendar calendar;
  calendar.reserve(20, 10);
  CHECK(calendar.reserve(16, 5) == 30);
  CHECK(calendar.reserve(15, 5) == 15);
}

TEST_CASE("adjacent reservations are one busy interval") {
  Calendar calendar;
  calendar.reserve(0, 4);
  calendar.reserve(8, 4);
  CHECK(calendar.size() == 2);
  calendar.reserve(4, 4);
  CHECK(calendar.size() == 1);
  calendar.reserve(12, 4);
  CHECK(calendar.size() == 1);
  calendar.reserve(20, 4);
  calendar.reserve(18, 2);
  CHECK(calendar.size() == 2);
  CHECK(calendar.reserve(0, 2) == 16);
}

TEST_CASE("forgetting keeps what reaches beyond the horizon") {
  Calendar calendar;
  calendar.reserve(0, 4);
  calendar.reserve(10, 4);
  calendar.reserve(20, 4);
  calendar.forget_before(12);
  CHECK(calendar.size() == 2);
  CHECK(calendar.reserve(12, 2) == 14);
  calendar.forget_before(24);
  CHECK(calendar.size() == 0);
}

TEST_CASE("the calendar agrees with a search cycle by cycle in any order of requests") {
  Calendar calendar;
  std::set<Cycle> taken;
  weft::CounterRng random(1, 0, 0);
  for (int request = 0; request < 3000; ++request) {
    const Cycle ready = random.below(8000);
    const Cycle length = 1 + random.below(6);
    Cycle expected = ready;
    for (Cycle free = 0; free < length; ++free) {
      if (taken.count(expected + free) == 0) continue;
      expected += free + 1;
      free = static_cast<Cycle>(-1);
    }
    for (Cycle i = 0; i < length; ++i) taken.insert(expected + i);
    REQUIRE(calendar.reserve(ready, length) == expected);
  }
}
