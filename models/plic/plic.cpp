// SPDX-License-Identifier: Apache-2.0
#include "models/plic/plic.h"

#include <fmt/format.h>

#include "models/common/error.h"
#include "models/plic/registers.h"
#include "models/tlm/log_unmodelled.h"

namespace weft::plic {

namespace {

namespace reg = registers;

constexpr unsigned word_bits = 32;

constexpr std::uint64_t bit(std::uint32_t source) { return std::uint64_t{1} << source; }

RegisterInfo of_contexts(RegisterInfo info, unsigned contexts) {
  info.count = contexts;
  return info;
}

const PlicConfig& checked(const PlicConfig& config, const char* name) {
  if (config.sources == 0 || config.sources >= reg::priority.count) {
    throw Error(fmt::format("{}: {} interrupt sources; 1 to {} are allowed", name, config.sources,
                            reg::priority.count - 1));
  }
  if (config.contexts == 0 || config.contexts > reg::claim.count) {
    throw Error(fmt::format("{}: {} contexts; 1 to {} are allowed", name, config.contexts, reg::claim.count));
  }
  return config;
}

}  // namespace

Plic::Plic(const sc_core::sc_module_name& name, const PlicConfig& config, Context& context)
    : sc_module(name),
      sources("source", checked(config, this->name()).sources + 1),
      external("external", config.contexts),
      config_(config),
      context_(context),
      registers_({reg::priority, reg::pending, of_contexts(reg::enable_lo, config.contexts),
                  of_contexts(reg::enable_hi, config.contexts), of_contexts(reg::threshold, config.contexts),
                  of_contexts(reg::claim, config.contexts)}),
      existing_((bit(config.sources) - 1) * 2) {
  socket.on_access([this](const Transfer& transfer, sc_core::sc_time&) { return access(transfer); });
  describe_registers();
  SC_METHOD(drive);
  sensitive << changed_;
  for (sc_core::sc_in<bool>& source : sources) sensitive << source;
}

void Plic::describe_registers() {
  registers_.on_write(reg::priority, [this](unsigned source, std::uint32_t value) {
    registers_.set(reg::priority, (existing_ & bit(source)) != 0 ? value : 0, source);
  });
  registers_.on_peek(reg::pending, [this](unsigned word) {
    return static_cast<std::uint32_t>(pending_ >> (word * word_bits));
  });
  registers_.on_write(reg::enable_lo, [this](unsigned context, std::uint32_t value) {
    registers_.set(reg::enable_lo, value & static_cast<std::uint32_t>(existing_), context);
  });
  registers_.on_write(reg::enable_hi, [this](unsigned context, std::uint32_t value) {
    registers_.set(reg::enable_hi, value & static_cast<std::uint32_t>(existing_ >> word_bits), context);
  });
  registers_.on_read(reg::claim, [this](unsigned context) { return claim(context); });
  registers_.on_peek(reg::claim, [this](unsigned context) { return best(context); });
  registers_.on_write(reg::claim,
                      [this](unsigned context, std::uint32_t value) { complete(context, value); });
  log_unmodelled(registers_, *this, context_.log);
}

void Plic::before_end_of_elaboration() {
  for (sc_core::sc_in<bool>& source : sources) {
    if (source.bind_count() == 0) source.bind(low_);
  }
}

void Plic::reset() {
  registers_.reset();
  pending_ = 0;
  in_service_ = 0;
  changed_.notify(sc_core::SC_ZERO_TIME);
}

Status Plic::access(const Transfer& transfer) {
  if (!transfer.debug) changed_.notify(sc_core::SC_ZERO_TIME);
  return registers_.access(transfer);
}

std::uint64_t Plic::enabled(unsigned context) const {
  return (static_cast<std::uint64_t>(registers_.get(reg::enable_hi, context)) << word_bits) |
         registers_.get(reg::enable_lo, context);
}

std::uint32_t Plic::best(unsigned context) const {
  const std::uint64_t candidates = pending_ & enabled(context);
  std::uint32_t winner = 0;
  std::uint32_t highest = 0;
  for (std::uint32_t source = 1; source <= config_.sources; ++source) {
    if ((candidates & bit(source)) == 0) continue;
    const std::uint32_t level = registers_.get(reg::priority, source);
    if (level <= highest) continue;
    highest = level;
    winner = source;
  }
  return winner;
}

std::uint32_t Plic::claim(unsigned context) {
  const std::uint32_t source = best(context);
  if (source == 0) return 0;
  pending_ &= ~bit(source);
  in_service_ |= bit(source);
  return source;
}

void Plic::complete(unsigned context, std::uint32_t source) {
  // The specification has a completion ignored that names a source not enabled for the context.
  if (source > config_.sources || (enabled(context) & bit(source)) == 0) return;
  in_service_ &= ~bit(source);
}

void Plic::drive() {
  for (std::uint32_t source = 1; source <= config_.sources; ++source) {
    const bool waiting = (in_service_ & bit(source)) != 0;
    if (sources[source].read() && !waiting) pending_ |= bit(source);
  }
  for (unsigned context = 0; context < config_.contexts; ++context) {
    const std::uint32_t source = best(context);
    external[context].write(source != 0 &&
                            registers_.get(reg::priority, source) > registers_.get(reg::threshold, context));
  }
}

}  // namespace weft::plic
