// SPDX-License-Identifier: Apache-2.0
#include "models/tile_control/tile_control.h"

#include "models/tile_control/registers.h"
#include "models/tlm/log_unmodelled.h"

namespace weft::tile_control {

namespace r = registers;

TileControl::TileControl(const sc_core::sc_module_name& name, const TileControlConfig& config,
                         Context& context)
    : sc_module(name), socket("socket"), irq("irq"), hart("hart"), context_(context), registers_(r::table()) {
  SC_HAS_PROCESS(TileControl);
  SC_METHOD(drive_irq);
  sensitive << irq_changed_;
  declare_registers(config);
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time&) { return registers_.access(transfer); });
}

void TileControl::declare_registers(const TileControlConfig& config) {
  registers_.on_peek(r::id, [config](unsigned) { return config.tile; });
  registers_.on_peek(r::crossbars, [config](unsigned) { return config.crossbars; });
  registers_.on_peek(r::buffer_size, [config](unsigned) { return config.buffer_size; });
  registers_.on_peek(r::counters, [config](unsigned) { return config.counters; });
  registers_.on_peek(r::inversions, [config](unsigned) { return config.inversions; });
  registers_.on_peek(r::fp_pims, [config](unsigned) { return config.fp_pims; });
  registers_.on_peek(r::status, [this](unsigned) { return hart->running() ? r::status_running : 0u; });
  registers_.on_peek(r::events, [this](unsigned) { return events_; });
  registers_.on_peek(r::unit_errors, [this](unsigned half) {
    return unit_errors_ ? static_cast<std::uint32_t>(unit_errors_() >> (32 * half)) : 0u;
  });
  registers_.on_write(r::control, [this](unsigned, std::uint32_t value) { control(value); });
  registers_.on_write(r::events, [this](unsigned, std::uint32_t value) { change_events(0, value); });
  registers_.on_write(r::raise, [this](unsigned, std::uint32_t value) { change_events(value, 0); });
  registers_.on_write(r::enable, [this](unsigned, std::uint32_t) { change_events(0, 0); });
  log_unmodelled(registers_, *this, context_.log);
}

void TileControl::unit_failed() { change_events(r::events_unit_error, 0); }

void TileControl::reset() {
  registers_.reset();
  events_ = 0;
  irq_changed_.notify(sc_core::SC_ZERO_TIME);
}

void TileControl::control(std::uint32_t value) {
  if ((value & r::control_reset) != 0 && reset_units_) reset_units_();
  if ((value & r::control_stop) != 0) hart->halt();
  if ((value & r::control_start) != 0) hart->start(registers_.get(r::entry));
}

void TileControl::change_events(std::uint32_t set, std::uint32_t clear) {
  events_ = (events_ & ~clear) | set;
  irq_changed_.notify(sc_core::SC_ZERO_TIME);
}

void TileControl::drive_irq() { irq.write((events_ & registers_.get(r::enable)) != 0); }

}  // namespace weft::tile_control
