// SPDX-License-Identifier: Apache-2.0
// Which pass of training a crossbar unit worked for, and how long.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>

#include "models/hart/xweft_table.h"

namespace weft::crossbar {

//   forward   products
//   error     transposed products
//   gradient  outer products, activations as kernels and products with them
//   update    carry resolution, adding gradients and writing weights back
//   access    loading and reading out the weights
enum class Pass : std::uint8_t { forward, error, gradient, update, access };
constexpr std::size_t pass_count = 5;

Pass pass_of(xweft::CrossbarCommand command);

class PassTimes {
 public:
  // Splits the time that a command takes.
  class Watch {
   public:
    explicit Watch(PassTimes& times) : times_(times), since_(sc_core::sc_time_stamp()) {}
    // Books the time since the last lap.
    void lap(Pass pass);

   private:
    PassTimes& times_;
    sc_core::sc_time since_;
  };

  const sc_core::sc_time& of(Pass pass) const { return times_[static_cast<std::size_t>(pass)]; }

 private:
  std::array<sc_core::sc_time, pass_count> times_;
};

}  // namespace weft::crossbar
