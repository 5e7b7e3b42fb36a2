// SPDX-License-Identifier: Apache-2.0
// A byte-addressed memory behind one target socket: boot ROM, SRAM, DRAM, tile buffer.
//
// Time of an access of n bytes that arrives at local time t (simulated time + annotated delay):
//   start = max(t, port free), done = start + transfer(n) + latency, port free = start + transfer(n)
// where transfer(n) = n rounded up to whole words of 4 bytes / bandwidth. The latency is pipelined: it
// delays an access, but does not occupy the port. Direct access costs latency + one word, the same as
// a transaction of up to four bytes on a free port.
//
// With several banks, words of `word_bytes` bytes lie in them in turn, and the bandwidth is that of a bank
// and of a user's way to it. Each word takes a slot of word_bytes / bandwidth in its bank (bank_calendar.h),
// so that users wait only where they meet in a bank; slots begin at multiples of their length.
//
// Errors: outside the memory is an address error, a write to a read-only memory a command error.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <systemc>
#include <utility>

#include "models/common/context.h"
#include "models/memory/bank_calendar.h"
#include "models/tlm/target_socket.h"

namespace weft::memory {

struct MemoryConfig {
  std::uint64_t size = 0;  // bytes, at least 1
  sc_core::sc_time latency;
  double bytes_per_second = 0.0;  // of the one port, or of each bank; 0 = unlimited (one bank only)
  unsigned banks = 1;             // up to BankCalendar::max_banks
  unsigned word_bytes = 4;        // of a bank; no meaning with one
  bool read_only = false;         // for the bus; debug accesses and load() write all the same
  std::uint8_t fill = 0;          // value of every byte at power-on
  bool direct = true;             // grants direct memory access (DMI)
  Joule read_energy_per_byte;
  Joule write_energy_per_byte;
};

class Memory : public sc_core::sc_module {
 public:
  // Throws weft::Error when the size is zero, the bandwidth negative, banks have none, or the host has no
  // such memory.
  Memory(const sc_core::sc_module_name& name, const MemoryConfig& config, Context& context);

  TargetSocket socket{"socket"};

  // Called after every write that does not go through a host pointer (bus, debug transport, load()), with
  // what was written.
  using WriteObserver = std::function<void(std::uint64_t address, std::uint64_t size)>;
  void on_write(WriteObserver observer) { on_write_ = std::move(observer); }

  // Frees the port. The contents stay, as they do in a memory whose power stays on.
  void reset();

  // Copies into the memory from outside the simulation (loader), also when it is read-only. Throws
  // weft::Error when the range does not fit.
  void load(std::uint64_t address, const void* data, std::uint64_t size);
  // Copies out of the memory; throws like load().
  void save(std::uint64_t address, void* data, std::uint64_t size) const;

  const MemoryConfig& config() const { return config_; }

  // Statistics of transactions (direct accesses are not seen here): time the port transferred, and
  // time accesses waited for it. Counts and bytes: socket.traffic().
  sc_core::sc_time busy() const { return busy_; }  // with banks: of all of them together
  sc_core::sc_time waited() const { return waited_; }
  // Zeros with one bank.
  BankStatistics banks() const { return banks_ ? banks_->statistics() : BankStatistics(); }

 private:
  struct Free {
    void operator()(std::uint8_t* pointer) const { std::free(pointer); }
  };

  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  std::optional<DirectRegion> direct_region() const;
  void occupy_port(std::uint32_t size, sc_core::sc_time& delay);
  void occupy_banks(std::uint64_t address, std::uint32_t size, sc_core::sc_time& delay);
  sc_core::sc_time transfer_time(std::uint64_t size) const;
  bool holds(std::uint64_t address, std::uint64_t size) const;
  void require(std::uint64_t address, std::uint64_t size) const;

  const MemoryConfig config_;
  // Zeroed pages come from the operating system when they are first touched, so that a large, mostly
  // unused memory costs nothing.
  std::unique_ptr<std::uint8_t[], Free> bytes_;
  WriteObserver on_write_;
  std::optional<BankCalendar> banks_;
  sc_core::sc_time port_free_;  // absolute simulated time
  sc_core::sc_time busy_;
  sc_core::sc_time waited_;
  EnergyLedger::Account& read_energy_;
  EnergyLedger::Account& write_energy_;
};

}  // namespace weft::memory
