// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <string>

extern "C" {
#include "weft/cause.h"
}

TEST_CASE("every exception code of the architecture has its name") {
  CHECK(cause_name(0) == std::string("instruction address misaligned"));
  CHECK(cause_name(2) == std::string("illegal instruction"));
  CHECK(cause_name(5) == std::string("load access fault"));
  CHECK(cause_name(7) == std::string("store access fault"));
  CHECK(cause_name(11) == std::string("environment call from M-mode"));
  CHECK(cause_name(15) == std::string("store page fault"));
}

TEST_CASE("Weft's own codes have names") {
  CHECK(cause_name(24) == std::string("unit error"));
  CHECK(cause_name(25) == std::string("check failed"));
}

TEST_CASE("codes without a meaning have no name") {
  for (const std::uint32_t code : {10u, 14u, 16u, 23u, 26u, 0xffffffffu}) {
    CAPTURE(code);
    CHECK(cause_name(code) == nullptr);
  }
}
