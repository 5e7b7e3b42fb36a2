// SPDX-License-Identifier: Apache-2.0
// Control registers of a tile: start and stop of its hart, identification, events towards the host.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>

#include "models/common/context.h"
#include "models/hart/hart_control.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"

namespace weft::tile_control {

struct TileControlConfig {
  std::uint32_t tile = 0;
  std::uint32_t crossbars = 0;    // mask
  std::uint32_t buffer_size = 0;  // bytes
  std::uint32_t counters = 0;
  std::uint32_t inversions = 0;  // mask
  std::uint32_t fp_pims = 0;     // mask
};

class TileControl : public sc_core::sc_module {
 public:
  TargetSocket socket;
  sc_core::sc_out<bool> irq;
  sc_core::sc_port<hart::HartControl> hart;

  TileControl(const sc_core::sc_module_name& name, const TileControlConfig& config, Context& context);

  // Called for CONTROL.reset, before the hart is touched.
  void on_reset(std::function<void()> action) { reset_units_ = std::move(action); }
  // Units with an error, one bit each.
  void on_unit_errors(std::function<std::uint64_t()> errors) { unit_errors_ = std::move(errors); }
  // A unit's command has failed or was refused.
  void unit_failed();
  void reset();

 private:
  void declare_registers(const TileControlConfig& config);
  void control(std::uint32_t value);
  void change_events(std::uint32_t set, std::uint32_t clear);
  void drive_irq();

  Context& context_;
  RegisterFile registers_;
  std::function<void()> reset_units_;
  std::function<std::uint64_t()> unit_errors_;
  std::uint32_t events_ = 0;
  sc_core::sc_event irq_changed_;
};

}  // namespace weft::tile_control
