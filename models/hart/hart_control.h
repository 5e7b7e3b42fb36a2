// SPDX-License-Identifier: Apache-2.0
// How the block that owns a hart (tile control, system controller) starts and stops it.
#pragma once

#include <cstdint>
#include <systemc>

namespace weft::hart {

class HartControl : public sc_core::sc_interface {
 public:
  // Resets the hart and lets it run from `entry`.
  virtual void start(std::uint32_t entry) = 0;
  virtual void halt() = 0;
  virtual bool running() const = 0;
};

}  // namespace weft::hart
