// SPDX-License-Identifier: Apache-2.0
#include "models/clint/clint.h"

#include <fmt/format.h>

#include "models/clint/registers.h"
#include "models/common/error.h"
#include "models/tlm/log_unmodelled.h"

namespace weft::clint {

namespace {

namespace reg = registers;

RegisterInfo of_harts(RegisterInfo info, unsigned harts) {
  info.count = harts;
  return info;
}

const ClintConfig& checked(const ClintConfig& config, const char* name) {
  if (config.harts == 0 || config.harts > reg::msip.count) {
    throw Error(fmt::format("{}: {} harts; 1 to {} are allowed", name, config.harts, reg::msip.count));
  }
  if (config.tick == sc_core::SC_ZERO_TIME)
    throw Error(fmt::format("{}: the tick must be longer than 0 s", name));
  return config;
}

constexpr std::uint64_t join(std::uint32_t high, std::uint32_t low) {
  return (static_cast<std::uint64_t>(high) << 32) | low;
}
constexpr std::uint32_t low_half(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high_half(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

}  // namespace

Clint::Clint(const sc_core::sc_module_name& name, const ClintConfig& config, Context& context)
    : sc_module(name),
      software("software", checked(config, this->name()).harts),
      timer("timer", config.harts),
      config_(config),
      context_(context),
      registers_({of_harts(reg::msip, config.harts), of_harts(reg::mtimecmp_lo, config.harts),
                  of_harts(reg::mtimecmp_hi, config.harts), reg::mtime_lo, reg::mtime_hi}) {
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
  describe_registers();
  SC_METHOD(drive);
  sensitive << changed_ << compare_;
}

void Clint::describe_registers() {
  registers_.on_peek(reg::mtime_lo, [this](unsigned) { return low_half(ticks_at(now_)); });
  registers_.on_peek(reg::mtime_hi, [this](unsigned) { return high_half(ticks_at(now_)); });
  registers_.on_write(reg::mtime_lo, [this](unsigned, std::uint32_t value) {
    set_ticks(join(high_half(ticks_at(now_)), value));
  });
  registers_.on_write(reg::mtime_hi, [this](unsigned, std::uint32_t value) {
    set_ticks(join(value, low_half(ticks_at(now_))));
  });
  log_unmodelled(registers_, *this, context_.log);
}

void Clint::reset() {
  registers_.reset();
  now_ = sc_core::sc_time_stamp();
  set_ticks(0);
  changed_.notify(sc_core::SC_ZERO_TIME);
}

std::uint64_t Clint::ticks_at(const sc_core::sc_time& time) const {
  return time.value() / config_.tick.value() + offset_ticks_;
}

Status Clint::access(const Transfer& transfer, sc_core::sc_time& delay) {
  now_ = sc_core::sc_time_stamp() + delay;
  if (transfer.write && !transfer.debug) changed_.notify(sc_core::SC_ZERO_TIME);
  return registers_.access(transfer);
}

std::uint64_t Clint::compare(unsigned hart) const {
  return join(registers_.get(reg::mtimecmp_hi, hart), registers_.get(reg::mtimecmp_lo, hart));
}

void Clint::set_ticks(std::uint64_t ticks) { offset_ticks_ = ticks - now_.value() / config_.tick.value(); }

void Clint::drive() {
  const std::uint64_t ticks = now_ticks();
  std::uint64_t next = ~std::uint64_t{0};
  for (unsigned hart = 0; hart < config_.harts; ++hart) {
    software[hart].write((registers_.get(reg::msip, hart) & reg::msip_pending) != 0);
    const std::uint64_t value = compare(hart);
    timer[hart].write(ticks >= value);
    if (value > ticks && value < next) next = value;
  }
  schedule(next);
}

void Clint::schedule(std::uint64_t compare_value) {
  compare_.cancel();
  const std::uint64_t now = sc_core::sc_time_stamp().value();
  const std::uint64_t period = config_.tick.value();
  // Ticks happen at multiples of the period of simulated time, whatever MTIME was set to.
  const std::uint64_t elapsed = now / period;
  const std::uint64_t wait_ticks = compare_value - now_ticks();
  const std::uint64_t last_tick = sc_core::sc_max_time().value() / period;
  if (wait_ticks == 0 || wait_ticks > last_tick - elapsed) return;
  compare_.notify(sc_core::sc_time::from_value((elapsed + wait_ticks) * period - now));
}

}  // namespace weft::clint
