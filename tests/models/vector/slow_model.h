// SPDX-License-Identifier: Apache-2.0
// An obviously right model of the vector commands, for comparison: one element at a time, 128-bit
// integers, rounding by division.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/unit/command.h"

namespace weft::test {

__extension__ using Wide = __int128;

// value / 2^shift, rounded.
Wide slow_shift(Wide value, unsigned shift, unit::Rounding rounding);

struct SlowElement {
  std::int64_t value;
  bool saturated;
};
SlowElement slow_requantise(Wide value, const unit::Command& command);

struct SlowResult {
  std::vector<std::int64_t> elements;
  std::uint64_t saturated = 0;
};
// `name` is the mnemonic; `src0` holds rows and gathered runs one after the other, `dst` what vmac adds to.
SlowResult slow_run(const std::string& name, const unit::Command& command,
                    const std::vector<std::int64_t>& src0, const std::vector<std::int64_t>& src1,
                    const std::vector<std::int64_t>& dst);

// The functions by table, computed anew from their definition in models/vector/tables.h.
std::int64_t slow_exp(std::int64_t x);
std::int64_t slow_log(std::int64_t v);
std::int64_t slow_sigmoid(std::int64_t x);
std::int64_t slow_tanh(std::int64_t x);
std::int64_t slow_gelu(std::int64_t x);
std::int64_t slow_gelu_gradient(std::int64_t x);

}  // namespace weft::test
