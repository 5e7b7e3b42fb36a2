// SPDX-License-Identifier: Apache-2.0
// What a core needs from the outside. The SystemC shell of the hart implements it with sockets and
// clocks, the tests with plain arrays. No SystemC here.
#pragma once

#include <cstdint>

namespace weft::hart {

class Core;

// `fault` becomes an access-fault trap of the accessing instruction, with the address in mtval.
enum class AccessStatus { ok, fault };

// Anything but `ok` becomes an illegal-instruction trap.
enum class CsrStatus { ok, no_such_csr, illegal_value };

// Host memory behind the guest addresses start to end, both inclusive; `host` is the byte at `start`.
// Little-endian, as the guest sees it. Without a host pointer (or without both rights): there is no
// direct access in this range, which the core remembers as well so that it need not ask again.
// A range that does not contain the address asked for means "nothing known".
struct DirectMemory {
  std::uint8_t* host = nullptr;
  std::uint32_t start = 1;
  std::uint32_t end = 0;
  bool readable = false;  // loads and instruction fetches
  bool writable = false;  // stores
};

// How a vendor instruction ended: retired, or trapped with an exception code and mtval.
struct CustomResult {
  bool trapped = false;
  std::uint32_t cause = 0;
  std::uint32_t value = 0;

  static CustomResult retire() { return {}; }
  static CustomResult trap(std::uint32_t cause, std::uint32_t value) { return {true, cause, value}; }
};

// All callbacks but `direct` and `peek` may block in simulated time, read Core::cycles() and instructions()
// (exact: everything before the current instruction), add stall cycles, move interrupt lines, flush the
// core's code or direct memory, and request a yield; effects on the program appear at the next instruction
// boundary. They must not call Core::run() or Core::set_pc(). An exception thrown from a callback leaves
// run() with the core's state as it was before the current instruction.
class Environment {
 public:
  virtual ~Environment() = default;

  // Naturally aligned accesses of 1, 2 or 4 bytes to memory that is not directly accessible. Loaded
  // values are zero-extended; bits of a stored value beyond its size are zero. An AMO on such memory is
  // a load and then a store. Harts that share a ReservationMonitor keep out of each other's AMOs; the
  // environment keeps out other masters if that matters.
  virtual AccessStatus load(std::uint32_t address, unsigned size, std::uint32_t& value) = 0;
  virtual AccessStatus store(std::uint32_t address, unsigned size, std::uint32_t value) = 0;

  // Half an instruction from memory that is not directly readable. Such code is never cached, so this is
  // called for every execution.
  virtual AccessStatus fetch(std::uint32_t address, std::uint16_t& parcel) = 0;

  // The same without time or side effects, for looking at the instruction behind; false if there is nothing.
  virtual bool peek(std::uint32_t, std::uint16_t&) { return false; }

  // The range around an address; the answer holds until Core::flush_direct(). No side effects.
  virtual DirectMemory direct(std::uint32_t address) = 0;

  // The levels of the interrupt lines are about to matter: the program reads mip, or has just become able to
  // take interrupts. Whoever runs the core ahead of time brings the lines up to date.
  virtual void settle_interrupts() {}

  // Another hart may be in the middle of an atomic access to this address that takes simulated time: lets the
  // time of the simulation reach this core's, after `cycles` more of them, so that the other can go on.
  virtual void let_time_pass(std::uint32_t, unsigned) {}

  // The `time` CSR, in ticks of the platform's real-time counter.
  virtual std::uint64_t time() = 0;

  // An instruction of the major opcodes custom-0 to custom-3. Reads and writes x registers through `core`.
  virtual CustomResult custom(std::uint32_t instruction, Core& core) = 0;

  // An `ebreak` at core.pc(). True: it was a request to the environment (semihosting) and retires; false: it
  // traps.
  virtual bool breakpoint(Core&) { return false; }

  // Vendor CSRs: 0x7C0-0x7FF read-write, 0xFC0-0xFFF read-only.
  virtual CsrStatus csr_read(unsigned number, std::uint32_t& value) = 0;
  virtual CsrStatus csr_write(unsigned number, std::uint32_t value) = 0;
};

}  // namespace weft::hart
