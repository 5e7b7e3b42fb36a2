// SPDX-License-Identifier: Apache-2.0
#include "models/syscon/syscon.h"

#include <fmt/format.h>

#include <array>

#include "models/common/error.h"
#include "models/syscon/registers.h"
#include "models/tlm/log_unmodelled.h"

namespace weft::syscon {

namespace {

namespace reg = registers;

const SysconConfig& checked(const SysconConfig& config, const char* name) {
  const bool fits = config.version_major <= reg::version_major >> reg::version_major_shift &&
                    config.version_minor <= reg::version_minor >> reg::version_minor_shift &&
                    config.version_patch <= reg::version_patch >> reg::version_patch_shift;
  if (fits) return config;
  throw Error(fmt::format("{}: version {}.{}.{}; up to 65535.255.255 is allowed", name, config.version_major,
                          config.version_minor, config.version_patch));
}

}  // namespace

Syscon::Syscon(const sc_core::sc_module_name& name, const SysconConfig& config, Context& context)
    : sc_module(name), config_(checked(config, this->name())), context_(context), registers_(reg::table()) {
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time&) { return registers_.access(transfer); });
  describe_registers();
  fill_capabilities();
}

void Syscon::describe_registers() {
  registers_.on_write(reg::reset, [this](unsigned, std::uint32_t value) {
    if ((value & reg::reset_system) != 0 && reset_request_) reset_request_();
  });
  registers_.on_write(reg::progress, [this](unsigned, std::uint32_t value) {
    if (progress_) progress_({value, registers_.get(reg::progress_total)});
  });
  log_unmodelled(registers_, *this, context_.log);
}

void Syscon::fill_capabilities() {
  registers_.set(reg::version, (config_.version_major << reg::version_major_shift) |
                                   (config_.version_minor << reg::version_minor_shift) |
                                   config_.version_patch);
  registers_.set(reg::tiles, config_.tile_columns * config_.tile_rows);
  registers_.set(reg::tile_columns, config_.tile_columns);
  registers_.set(reg::tile_rows, config_.tile_rows);
  registers_.set(reg::crossbars, config_.crossbars_per_tile);
  registers_.set(reg::crossbar_rows, config_.crossbar_rows);
  registers_.set(reg::crossbar_columns, config_.crossbar_columns);
  registers_.set(reg::dram_size_lo, static_cast<std::uint32_t>(config_.dram_bytes));
  registers_.set(reg::dram_size_hi, static_cast<std::uint32_t>(config_.dram_bytes >> 32));
  registers_.set(reg::clock_hz, config_.clock_hz);
  registers_.set(reg::boot_info, config_.boot_info);
}

std::uint32_t Syscon::exit_code() const { return registers_.get(reg::exit_code); }

void Syscon::set_exit_code(std::uint32_t code) { registers_.set(reg::exit_code, code); }

void Syscon::reset() {
  std::array<std::uint32_t, reg::scratch.count> kept{};
  for (unsigned index = 0; index < kept.size(); ++index) kept[index] = registers_.get(reg::scratch, index);
  registers_.reset();
  for (unsigned index = 0; index < kept.size(); ++index) registers_.set(reg::scratch, kept[index], index);
  fill_capabilities();
}

}  // namespace weft::syscon
