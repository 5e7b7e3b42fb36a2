// SPDX-License-Identifier: Apache-2.0
#include "models/dma/dma.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"
#include "models/dma/registers.h"
#include "models/tlm/log_unmodelled.h"

namespace weft::dma {

namespace {

namespace reg = registers;

constexpr std::uint64_t join(std::uint32_t high, std::uint32_t low) {
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

const DmaConfig& checked(const DmaConfig& config, const char* name) {
  if (config.burst_bytes == 0) throw Error(fmt::format("{}: bursts of 0 bytes; at least 1 is needed", name));
  return config;
}

}  // namespace

Dma::Dma(const sc_core::sc_module_name& name, const DmaConfig& config, Context& context)
    : sc_module(name),
      config_(checked(config, this->name())),
      context_(context),
      registers_(reg::table()),
      burst_(config.burst_bytes) {
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
  describe_registers();
  SC_THREAD(run);
  SC_METHOD(drive);
  sensitive << changed_;
}

void Dma::describe_registers() {
  registers_.on_peek(reg::control,
                     [this](unsigned) { return registers_.get(reg::control) & ~reg::control_start; });
  registers_.on_write(reg::control, [this](unsigned, std::uint32_t value) { control(value); });
  registers_.on_peek(reg::status, [this](unsigned) { return status(); });
  registers_.on_write(reg::status, [this](unsigned, std::uint32_t value) { acknowledge(value); });
  registers_.on_unmodelled([this](const RegisterInfo& info, unsigned index, std::uint32_t bits) {
    // Writing back what was read is the usual way to acknowledge a status.
    if (info.offset == reg::status.offset && (bits & ~(reg::status_busy | reg::status_kind)) == 0) return;
    log_unmodelled(info, index, bits, *this, context_.log);
  });
}

void Dma::reset() {
  registers_.reset();
  busy_ = false;
  done_ = false;
  error_ = ErrorKind::none;
  start_.cancel();
  changed_.notify(sc_core::SC_ZERO_TIME);
}

Status Dma::access(const Transfer& transfer, sc_core::sc_time& delay) {
  offset_ = delay;
  return registers_.access(transfer);
}

void Dma::control(std::uint32_t value) {
  if ((value & reg::control_start) != 0) start();
  changed_.notify(sc_core::SC_ZERO_TIME);
}

void Dma::start() {
  if (busy_) {
    if (error_ == ErrorKind::none) error_ = ErrorKind::busy;
    return;
  }
  job_ = {join(registers_.get(reg::src_hi), registers_.get(reg::src_lo)),
          join(registers_.get(reg::dst_hi), registers_.get(reg::dst_lo)), registers_.get(reg::length),
          sc_core::sc_time_stamp() + offset_, job_.number + 1};
  if (job_.length == 0) return finish();
  busy_ = true;
  start_.notify(sc_core::SC_ZERO_TIME);
}

void Dma::acknowledge(std::uint32_t value) {
  if ((value & reg::status_done) != 0) done_ = false;
  if ((value & reg::status_error) != 0) error_ = ErrorKind::none;
  changed_.notify(sc_core::SC_ZERO_TIME);
}

std::uint32_t Dma::status() const {
  return (busy_ ? reg::status_busy : 0) | (done_ ? reg::status_done : 0) |
         (error_ != ErrorKind::none ? reg::status_error : 0) |
         static_cast<std::uint32_t>(error_) << reg::status_kind_shift;
}

void Dma::run() {
  for (;;) {
    while (!busy_) wait(start_);
    const Job job = job_;
    if (job.begin > sc_core::sc_time_stamp()) wait(job.begin - sc_core::sc_time_stamp());
    if (is_current(job)) copy(job);
  }
}

void Dma::copy(const Job& job) {
  std::uint32_t offset = 0;
  while (offset < job.length && copy_burst(job, offset)) {
    offset += std::min(config_.burst_bytes, job.length - offset);
  }
  statistics_.busy += sc_core::sc_time_stamp() - job.begin;
  if (is_current(job)) finish();
}

bool Dma::copy_burst(const Job& job, std::uint32_t offset) {
  const std::uint32_t size = std::min(config_.burst_bytes, job.length - offset);
  sc_core::sc_time delay;
  const Status read = memory.read(job.source + offset, burst_.data(), size, delay);
  if (!is_current(job)) return false;
  if (read != Status::ok) {
    wait(delay);
    if (is_current(job)) fail(ErrorKind::source, job.source + offset);
    return false;
  }
  const Status written = memory.write(job.destination + offset, burst_.data(), size, delay);
  wait(delay);
  if (!is_current(job)) return false;
  if (written != Status::ok) {
    fail(ErrorKind::destination, job.destination + offset);
    return false;
  }
  statistics_.bytes += size;
  return true;
}

void Dma::finish() {
  busy_ = false;
  done_ = true;
  ++statistics_.transfers;
  changed_.notify(sc_core::SC_ZERO_TIME);
}

void Dma::fail(ErrorKind kind, std::uint64_t address) {
  busy_ = false;
  error_ = kind;
  registers_.set(reg::error_address_lo, static_cast<std::uint32_t>(address));
  registers_.set(reg::error_address_hi, static_cast<std::uint32_t>(address >> 32));
  changed_.notify(sc_core::SC_ZERO_TIME);
}

void Dma::drive() {
  const bool enabled = (registers_.get(reg::control) & reg::control_irq_enable) != 0;
  irq.write(enabled && (done_ || error_ != ErrorKind::none));
}

}  // namespace weft::dma
