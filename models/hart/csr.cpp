// SPDX-License-Identifier: Apache-2.0
#include "models/hart/csr.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "models/hart/pmp.h"

namespace weft::hart {

namespace {

constexpr std::uint32_t mstatus_mie = 1u << 3;
constexpr std::uint32_t mstatus_mpie = 1u << 7;
constexpr unsigned mstatus_mpp_shift = 11;
constexpr std::uint32_t mstatus_mpp = 3u << mstatus_mpp_shift;
constexpr unsigned mstatus_fs_shift = 13;
constexpr std::uint32_t mstatus_mprv = 1u << 17;
constexpr std::uint32_t mstatus_tw = 1u << 21;
constexpr std::uint32_t mstatus_sd = 1u << 31;
constexpr std::uint32_t interrupt_flag = 1u << 31;
constexpr std::uint32_t misa_c = 1u << 2;
constexpr std::uint32_t misa_f = 1u << 5;
constexpr std::uint32_t misa_u = 1u << 20;
// Bits of mcounteren: cycle, time and instret.
constexpr std::uint32_t user_counters = 7;
constexpr std::uint32_t inhibit_cycle = 1u << 0;
constexpr std::uint32_t inhibit_instret = 1u << 2;

constexpr std::uint32_t line_bit(Interrupt line) { return 1u << static_cast<unsigned>(line); }
constexpr std::uint32_t interrupt_lines =
    line_bit(Interrupt::software) | line_bit(Interrupt::timer) | line_bit(Interrupt::external);

constexpr std::uint32_t low_half(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high_half(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
constexpr std::uint64_t join(std::uint32_t high, std::uint32_t low) {
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

bool is_unused_counter(unsigned number) {
  return (number >= csr::mhpmcounter3 && number <= csr::mhpmcounter31) ||
         (number >= csr::mhpmcounter3h && number <= csr::mhpmcounter31h) ||
         (number >= csr::mhpmevent3 && number <= csr::mhpmevent31);
}

}  // namespace

std::string csr::name(unsigned number) {
  using Entry = std::pair<unsigned, const char*>;
  static constexpr std::array<Entry, 32> names = {{{fflags, "fflags"},
                                                   {frm, "frm"},
                                                   {fcsr, "fcsr"},
                                                   {mstatus, "mstatus"},
                                                   {misa, "misa"},
                                                   {mie, "mie"},
                                                   {mtvec, "mtvec"},
                                                   {mcounteren, "mcounteren"},
                                                   {menvcfg, "menvcfg"},
                                                   {mstatush, "mstatush"},
                                                   {menvcfgh, "menvcfgh"},
                                                   {mcountinhibit, "mcountinhibit"},
                                                   {mscratch, "mscratch"},
                                                   {mepc, "mepc"},
                                                   {mcause, "mcause"},
                                                   {mtval, "mtval"},
                                                   {mip, "mip"},
                                                   {mcycle, "mcycle"},
                                                   {minstret, "minstret"},
                                                   {mcycleh, "mcycleh"},
                                                   {minstreth, "minstreth"},
                                                   {cycle, "cycle"},
                                                   {time, "time"},
                                                   {instret, "instret"},
                                                   {cycleh, "cycleh"},
                                                   {timeh, "timeh"},
                                                   {instreth, "instreth"},
                                                   {mvendorid, "mvendorid"},
                                                   {marchid, "marchid"},
                                                   {mimpid, "mimpid"},
                                                   {mhartid, "mhartid"},
                                                   {mconfigptr, "mconfigptr"}}};
  const auto* found = std::find_if(names.begin(), names.end(),
                                   [number](const Entry& entry) { return entry.first == number; });
  if (found != names.end()) return found->second;
  if (is_protection(number)) {
    return number >= pmpaddr0 ? fmt::format("pmpaddr{}", number - pmpaddr0)
                              : fmt::format("pmpcfg{}", number - pmpcfg0);
  }
  if (!is_unused_counter(number)) return "";
  const unsigned index = number & 31u;
  if (number <= mhpmevent31) return fmt::format("mhpmevent{}", index);
  return fmt::format("mhpmcounter{}{}", index, number >= mhpmcounter3h ? "h" : "");
}

void CsrFile::Counter::set(std::uint64_t now, std::uint64_t value) {
  held_ = value;
  offset_ = now - value;
}

void CsrFile::Counter::stop(std::uint64_t now, bool stopped) {
  const std::uint64_t current = value(now);
  stopped_ = stopped;
  set(now, current);
}

void CsrFile::reset(Counts now) {
  const std::uint32_t lines = mip_;
  *this = CsrFile(identity_);
  mip_ = lines;
  mcycle_.set(now.cycles, 0);
  minstret_.set(now.instructions, 0);
}

CsrStatus CsrFile::read(unsigned number, Counts now, std::uint32_t& value) const {
  switch (number) {
    case csr::fflags:
      value = float_.flags();
      return has_float() ? CsrStatus::ok : CsrStatus::no_such_csr;
    case csr::frm:
      value = float_.rounding_mode();
      return has_float() ? CsrStatus::ok : CsrStatus::no_such_csr;
    case csr::fcsr:
      value = float_.flags() | (float_.rounding_mode() << 5);
      return has_float() ? CsrStatus::ok : CsrStatus::no_such_csr;
    case csr::mstatus:
      value = mstatus();
      return CsrStatus::ok;
    case csr::misa:
      value = identity_.misa;
      return CsrStatus::ok;
    case csr::mie:
      value = mie_;
      return CsrStatus::ok;
    case csr::mtvec:
      value = mtvec_;
      return CsrStatus::ok;
    case csr::mcountinhibit:
      value = (mcycle_.stopped() ? inhibit_cycle : 0) | (minstret_.stopped() ? inhibit_instret : 0);
      return CsrStatus::ok;
    case csr::mscratch:
      value = mscratch_;
      return CsrStatus::ok;
    case csr::mepc:
      value = mepc_;
      return CsrStatus::ok;
    case csr::mcause:
      value = mcause_;
      return CsrStatus::ok;
    case csr::mtval:
      value = mtval_;
      return CsrStatus::ok;
    case csr::mip:
      value = mip_;
      return CsrStatus::ok;
    case csr::mcycle:
    case csr::cycle:
      value = low_half(mcycle_.value(now.cycles));
      return CsrStatus::ok;
    case csr::mcycleh:
    case csr::cycleh:
      value = high_half(mcycle_.value(now.cycles));
      return CsrStatus::ok;
    case csr::minstret:
    case csr::instret:
      value = low_half(minstret_.value(now.instructions));
      return CsrStatus::ok;
    case csr::minstreth:
    case csr::instreth:
      value = high_half(minstret_.value(now.instructions));
      return CsrStatus::ok;
    case csr::mvendorid:
      value = identity_.vendor_id;
      return CsrStatus::ok;
    case csr::marchid:
      value = identity_.architecture_id;
      return CsrStatus::ok;
    case csr::mimpid:
      value = identity_.implementation_id;
      return CsrStatus::ok;
    case csr::mhartid:
      value = identity_.hart_id;
      return CsrStatus::ok;
    case csr::mcounteren:
      value = mcounteren_;
      return has_user_mode() ? CsrStatus::ok : CsrStatus::no_such_csr;
    case csr::menvcfg:
    case csr::menvcfgh:
      value = 0;
      return has_user_mode() ? CsrStatus::ok : CsrStatus::no_such_csr;
    case csr::mstatush:
    case csr::mconfigptr:
      value = 0;
      return CsrStatus::ok;
    default:
      value = 0;
      return is_unused_counter(number) ? CsrStatus::ok : CsrStatus::no_such_csr;
  }
}

CsrStatus CsrFile::write(unsigned number, Counts now, std::uint32_t value) {
  if (csr::is_float(number) && !has_float()) return CsrStatus::no_such_csr;
  switch (number) {
    case csr::fflags:
      float_.set_flags(value);
      return CsrStatus::ok;
    case csr::frm:
      float_.set_rounding_mode(value);
      return CsrStatus::ok;
    case csr::fcsr:
      float_.set_flags(value);
      float_.set_rounding_mode(value >> 5);
      return CsrStatus::ok;
    case csr::mstatus:
      set_mstatus(value);
      return CsrStatus::ok;
    case csr::mie:
      mie_ = value & interrupt_lines;
      return CsrStatus::ok;
    case csr::mtvec:
      mtvec_ = value & ~2u;
      return CsrStatus::ok;
    case csr::mcountinhibit:
      mcycle_.stop(now.cycles, (value & inhibit_cycle) != 0);
      minstret_.stop(now.instructions, (value & inhibit_instret) != 0);
      return CsrStatus::ok;
    case csr::mscratch:
      mscratch_ = value;
      return CsrStatus::ok;
    case csr::mepc:
      mepc_ = value & mepc_mask();
      return CsrStatus::ok;
    case csr::mcause:
      mcause_ = value;
      return CsrStatus::ok;
    case csr::mtval:
      mtval_ = value;
      return CsrStatus::ok;
    case csr::mcycle:
      mcycle_.set(now.cycles, join(high_half(mcycle_.value(now.cycles)), value));
      return CsrStatus::ok;
    case csr::mcycleh:
      mcycle_.set(now.cycles, join(value, low_half(mcycle_.value(now.cycles))));
      return CsrStatus::ok;
    case csr::minstret:
      minstret_.set(now.instructions, join(high_half(minstret_.value(now.instructions)), value));
      return CsrStatus::ok;
    case csr::minstreth:
      minstret_.set(now.instructions, join(value, low_half(minstret_.value(now.instructions))));
      return CsrStatus::ok;
    case csr::mcounteren:
      mcounteren_ = has_user_mode() ? value & user_counters : 0;
      return has_user_mode() ? CsrStatus::ok : CsrStatus::no_such_csr;
    case csr::menvcfg:
    case csr::menvcfgh:
      return has_user_mode() ? CsrStatus::ok : CsrStatus::no_such_csr;
    case csr::misa:
    case csr::mip:
    case csr::mstatush:
      return CsrStatus::ok;
    default:
      return is_unused_counter(number) ? CsrStatus::ok : CsrStatus::no_such_csr;
  }
}

bool CsrFile::may_access(unsigned number) const {
  if (privilege_ == Privilege::machine) return true;
  if (!csr::is_for_users(number)) return false;
  switch (number) {
    case csr::cycle:
    case csr::cycleh:
    case csr::time:
    case csr::timeh:
    case csr::instret:
    case csr::instreth:
      return ((mcounteren_ >> (number & 31u)) & 1u) != 0;
    default:
      return true;
  }
}

std::uint32_t CsrFile::mstatus() const {
  return (static_cast<std::uint32_t>(previous_privilege_) << mstatus_mpp_shift) |
         (machine_interrupts_ ? mstatus_mie : 0) | (previous_machine_interrupts_ ? mstatus_mpie : 0) |
         (modify_privilege_ ? mstatus_mprv : 0) | (timeout_wait_ ? mstatus_tw : 0) | float_status();
}

void CsrFile::set_mstatus(std::uint32_t value) {
  machine_interrupts_ = (value & mstatus_mie) != 0;
  previous_machine_interrupts_ = (value & mstatus_mpie) != 0;
  if (has_float()) float_.set_status(static_cast<FloatState::Status>((value >> mstatus_fs_shift) & 3u));
  if (!has_user_mode()) return;
  modify_privilege_ = (value & mstatus_mprv) != 0;
  timeout_wait_ = (value & mstatus_tw) != 0;
  previous_privilege_ = (value & mstatus_mpp) == mstatus_mpp ? Privilege::machine : Privilege::user;
}

bool CsrFile::has_user_mode() const { return (identity_.misa & misa_u) != 0; }

void CsrFile::set_interrupt(Interrupt line, bool level) {
  mip_ = level ? mip_ | line_bit(line) : mip_ & ~line_bit(line);
}

Interrupt CsrFile::highest_pending() const {
  const std::uint32_t pending = mip_ & mie_;
  if ((pending & line_bit(Interrupt::external)) != 0) return Interrupt::external;
  if ((pending & line_bit(Interrupt::software)) != 0) return Interrupt::software;
  return Interrupt::timer;
}

std::uint32_t CsrFile::enter_exception(std::uint32_t cause, std::uint32_t pc, std::uint32_t value) {
  enter(cause, pc, value);
  return mtvec_ & ~3u;
}

std::uint32_t CsrFile::enter_interrupt(Interrupt line, std::uint32_t pc) {
  const auto code = static_cast<std::uint32_t>(line);
  enter(interrupt_flag | code, pc, 0);
  const bool vectored = (mtvec_ & 1u) != 0;
  return (mtvec_ & ~3u) + (vectored ? 4u * code : 0u);
}

std::uint32_t CsrFile::leave_trap() {
  machine_interrupts_ = previous_machine_interrupts_;
  previous_machine_interrupts_ = true;
  privilege_ = previous_privilege_;
  previous_privilege_ = has_user_mode() ? Privilege::user : Privilege::machine;
  if (privilege_ != Privilege::machine) modify_privilege_ = false;
  return mepc_;
}

void CsrFile::enter(std::uint32_t cause, std::uint32_t pc, std::uint32_t value) {
  previous_machine_interrupts_ = machine_interrupts_;
  machine_interrupts_ = false;
  previous_privilege_ = privilege_;
  privilege_ = Privilege::machine;
  mepc_ = pc & mepc_mask();
  mcause_ = cause;
  mtval_ = value;
}

bool CsrFile::has_float() const { return (identity_.misa & misa_f) != 0; }

// FS, and SD as its summary.
std::uint32_t CsrFile::float_status() const {
  const auto status = static_cast<std::uint32_t>(float_.status());
  return (status << mstatus_fs_shift) | (float_.dirty() ? mstatus_sd : 0);
}

std::uint32_t CsrFile::mepc_mask() const { return (identity_.misa & misa_c) != 0 ? ~1u : ~3u; }

}  // namespace weft::hart
