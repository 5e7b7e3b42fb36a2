// SPDX-License-Identifier: Apache-2.0
// The machine-mode control and status registers and what hangs on them: the trap entry, the return from
// it, interrupt priority and the counters (RISC-V Privileged Architecture 20211203, chapter 3).
//
// WARL choices: mtvec keeps bit 0 as mode (direct, vectored) and reads bit 1 as 0; mstatus keeps MIE, MPIE
// and, with the F extension, FS (off after a reset); MPP reads 3; mie keeps bits 3, 7, 11; mip is read-only
// (its bits are lines); mepc reads its lowest bit (lowest two without compressed instructions) as 0; mcause,
// mtval and mscratch keep all bits; misa, mstatush, mhpmcounter3-31 and mhpmevent3-31 ignore writes.
// With user mode mstatus also keeps MPRV, TW and MPP (a level that does not exist becomes user), mcounteren
// keeps CY, TM and IR, and menvcfg and menvcfgh read 0.
#pragma once

#include <cstdint>
#include <string>

#include "models/hart/environment.h"
#include "models/hart/float_state.h"
#include "models/hart/privilege.h"

namespace weft::hart {

namespace csr {
constexpr unsigned fflags = 0x001;
constexpr unsigned frm = 0x002;
constexpr unsigned fcsr = 0x003;
constexpr unsigned mstatus = 0x300;
constexpr unsigned misa = 0x301;
constexpr unsigned mie = 0x304;
constexpr unsigned mtvec = 0x305;
constexpr unsigned mcounteren = 0x306;
constexpr unsigned menvcfg = 0x30A;
constexpr unsigned mstatush = 0x310;
constexpr unsigned menvcfgh = 0x31A;
constexpr unsigned mcountinhibit = 0x320;
constexpr unsigned mhpmevent3 = 0x323;
constexpr unsigned mhpmevent31 = 0x33F;
constexpr unsigned mscratch = 0x340;
constexpr unsigned mepc = 0x341;
constexpr unsigned mcause = 0x342;
constexpr unsigned mtval = 0x343;
constexpr unsigned mip = 0x344;
constexpr unsigned mcycle = 0xB00;
constexpr unsigned minstret = 0xB02;
constexpr unsigned mhpmcounter3 = 0xB03;
constexpr unsigned mhpmcounter31 = 0xB1F;
constexpr unsigned mcycleh = 0xB80;
constexpr unsigned minstreth = 0xB82;
constexpr unsigned mhpmcounter3h = 0xB83;
constexpr unsigned mhpmcounter31h = 0xB9F;
constexpr unsigned cycle = 0xC00;
constexpr unsigned time = 0xC01;
constexpr unsigned instret = 0xC02;
constexpr unsigned cycleh = 0xC80;
constexpr unsigned timeh = 0xC81;
constexpr unsigned instreth = 0xC82;
constexpr unsigned mvendorid = 0xF11;
constexpr unsigned marchid = 0xF12;
constexpr unsigned mimpid = 0xF13;
constexpr unsigned mhartid = 0xF14;
constexpr unsigned mconfigptr = 0xF15;

constexpr bool is_read_only(unsigned number) { return (number >> 10) == 3; }
constexpr bool is_float(unsigned number) { return number >= fflags && number <= fcsr; }
constexpr bool is_for_users(unsigned number) { return ((number >> 8) & 3u) == 0; }
constexpr bool is_vendor(unsigned number) {
  return (number >= 0x7C0 && number <= 0x7FF) || (number >= 0xFC0 && number <= 0xFFF);
}

// The architecture's name of a CSR this hart can have, or "" (vendor CSRs are named by their owner).
std::string name(unsigned number);
}  // namespace csr

// Bit numbers in mie and mip, and codes in mcause.
enum class Interrupt : unsigned { software = 3, timer = 7, external = 11 };

// Exception codes in mcause.
namespace cause {
constexpr std::uint32_t fetch_misaligned = 0;
constexpr std::uint32_t fetch_access = 1;
constexpr std::uint32_t illegal_instruction = 2;
constexpr std::uint32_t breakpoint = 3;
constexpr std::uint32_t load_misaligned = 4;
constexpr std::uint32_t load_access = 5;
constexpr std::uint32_t store_misaligned = 6;
constexpr std::uint32_t store_access = 7;
constexpr std::uint32_t user_ecall = 8;
constexpr std::uint32_t machine_ecall = 11;
}  // namespace cause

// Read-only values of the identification registers.
struct CsrIdentity {
  std::uint32_t hart_id = 0;
  std::uint32_t misa = 0;
  std::uint32_t vendor_id = 0;
  std::uint32_t architecture_id = 0;
  std::uint32_t implementation_id = 0;
};

// The core's free-running counts; mcycle and minstret are these minus an offset software can set.
struct Counts {
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
};

class CsrFile {
 public:
  explicit CsrFile(const CsrIdentity& identity) : identity_(identity) {}

  // Reset values; interrupt lines keep their level, the counters restart from 0.
  void reset(Counts now);

  // `now` is the state of the counts when a read value is sampled, or right after a write has completed.
  // `time`, physical memory protection and the vendor CSRs are not kept here and answer no_such_csr.
  CsrStatus read(unsigned number, Counts now, std::uint32_t& value) const;
  CsrStatus write(unsigned number, Counts now, std::uint32_t value);

  const FloatState& float_state() const { return float_; }
  FloatState& float_state() { return float_; }

  void set_interrupt(Interrupt line, bool level);
  // An enabled interrupt is pending, whether or not mstatus.MIE lets it in.
  bool wakeup_pending() const { return (mip_ & mie_) != 0; }
  bool interrupt_pending() const { return machine_interrupts() && wakeup_pending(); }
  bool any_enabled() const { return mie_ != 0; }
  // Whether interrupts are let in now: mstatus.MIE matters in machine mode only.
  bool machine_interrupts() const { return machine_interrupts_ || privilege_ == Privilege::user; }
  // The pending interrupt that goes first: external, software, timer. Only if interrupt_pending().
  Interrupt highest_pending() const;

  // The current level, and the one loads and stores are made with (mstatus.MPRV).
  Privilege privilege() const { return privilege_; }
  Privilege data_privilege() const { return modify_privilege_ ? previous_privilege_ : privilege_; }
  // Whether the current level may use a CSR at all, if it exists.
  bool may_access(unsigned number) const;
  // mstatus.TW forbids wfi at the current level.
  bool wfi_is_illegal() const { return timeout_wait_ && privilege_ == Privilege::user; }

  // All three return the pc to go on from.
  std::uint32_t enter_exception(std::uint32_t cause, std::uint32_t pc, std::uint32_t value);
  std::uint32_t enter_interrupt(Interrupt line, std::uint32_t pc);
  std::uint32_t leave_trap();

 private:
  // A 64-bit counter with an offset and a way to stop it (mcountinhibit).
  class Counter {
   public:
    std::uint64_t value(std::uint64_t now) const { return stopped_ ? held_ : now - offset_; }
    void set(std::uint64_t now, std::uint64_t value);
    void stop(std::uint64_t now, bool stopped);
    bool stopped() const { return stopped_; }

   private:
    std::uint64_t offset_ = 0;
    std::uint64_t held_ = 0;
    bool stopped_ = false;
  };

  void enter(std::uint32_t cause, std::uint32_t pc, std::uint32_t value);
  std::uint32_t mstatus() const;
  void set_mstatus(std::uint32_t value);
  bool has_user_mode() const;
  std::uint32_t mepc_mask() const;

  bool has_float() const;
  std::uint32_t float_status() const;

  CsrIdentity identity_;
  bool machine_interrupts_ = false;           // mstatus.MIE
  bool previous_machine_interrupts_ = false;  // mstatus.MPIE
  bool modify_privilege_ = false;             // mstatus.MPRV
  bool timeout_wait_ = false;                 // mstatus.TW
  Privilege privilege_ = Privilege::machine;
  Privilege previous_privilege_ = Privilege::machine;  // mstatus.MPP
  std::uint32_t mcounteren_ = 0;
  std::uint32_t mie_ = 0;
  std::uint32_t mip_ = 0;
  std::uint32_t mtvec_ = 0;
  std::uint32_t mscratch_ = 0;
  std::uint32_t mepc_ = 0;
  std::uint32_t mcause_ = 0;
  std::uint32_t mtval_ = 0;
  Counter mcycle_;
  Counter minstret_;
  FloatState float_;
};

}  // namespace weft::hart
