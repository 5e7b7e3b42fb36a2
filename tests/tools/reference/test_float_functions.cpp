// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tools/reference/float_functions.h"

namespace functions = weft::reference::float_functions;

TEST_CASE("exp and sigmoid are within a few units in the last place") {
  double worst = 0;
  double worst_sigmoid = 0;
  for (int i = -86990; i <= 87990; i += 7) {
    const float x = static_cast<float>(i) * 1e-3f;
    worst = std::max(worst, std::fabs(functions::exp(x) / std::exp(static_cast<double>(x)) - 1));
    const double exact = 1 / (1 + std::exp(-static_cast<double>(x)));
    if (x > -80) worst_sigmoid = std::max(worst_sigmoid, std::fabs(functions::sigmoid(x) / exact - 1));
  }
  CHECK(worst < 2 * 0x1p-23);
  CHECK(worst_sigmoid < 3 * 0x1p-23);
  CHECK(functions::exp(0.0f) == 1.0f);
}

TEST_CASE("exp is limited and takes a NaN for its least argument") {
  CHECK(functions::exp(-1000.0f) == functions::exp(functions::exp_least));
  CHECK(functions::exp(1000.0f) == functions::exp(functions::exp_most));
  CHECK(std::isfinite(functions::exp(1000.0f)));
  CHECK(functions::exp(std::numeric_limits<float>::quiet_NaN()) == functions::exp(functions::exp_least));
}

TEST_CASE("log is as close as its description says") {
  for (float v = 0x1p-20f; v < 0x1p40f; v *= 1.0007f) {
    const double exact = std::log(static_cast<double>(v));
    const double error = std::fabs(functions::log(v) - exact);
    CAPTURE(v, exact);
    CHECK(error <= 2e-7 * std::max(1.0, std::fabs(exact)));
  }
  CHECK(functions::log(1.0f) == 0.0f);
}

TEST_CASE("rounding to an integer is RISC-V's") {
  CHECK(functions::to_integer(2.5f) == 2);
  CHECK(functions::to_integer(-3.5f) == -4);
  CHECK(functions::to_integer(3e9f) == std::numeric_limits<std::int32_t>::max());
  CHECK(functions::to_integer(-3e9f) == std::numeric_limits<std::int32_t>::min());
  CHECK(functions::to_integer(std::numeric_limits<float>::quiet_NaN()) ==
        std::numeric_limits<std::int32_t>::max());
}
