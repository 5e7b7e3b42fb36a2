// SPDX-License-Identifier: Apache-2.0
// The ReRAM part of a tile's buffer behind one target socket: memory subarrays as PipeLayer keeps what it
// computes in them (Song et al., HPCA 2017, section 4). Bytes and cells are in stored_rows.h.
//
// Time of an access that arrives at local time t: start = max(t, port free), done = start + T, port free =
// done. Rows of one bank are read and written one after the other, banks at the same time; T is that of the
// busiest bank:
//   read   rows · row_read
//   write  sum over the rows that are written of row_write · (most SET pulses + most RESET pulses); with
//          pulses_model array, row_write a row
// Every `period` rows that a subarray writes, levelling moves rows in it: they are read and rewritten one
// after the other, in time and energy, by the write that made it time. Rows without a byte to be written are
// left alone. There is no direct access: no write may pass the cells by.
//
// Errors: outside the memory is an address error, a marked write of odd length a burst error, reading marks a
// command error.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <systemc>
#include <utility>
#include <vector>

#include "models/common/context.h"
#include "models/endurance/write_lines.h"
#include "models/reram_buffer/stored_rows.h"
#include "models/reram_buffer/write_port.h"
#include "models/tlm/target_socket.h"

namespace weft::reram_buffer {

struct ReramMemoryConfig {
  StoredRowsConfig rows;
  sc_core::sc_time row_read;
  sc_core::sc_time row_write;  // of one pulse, its verify read included
  Joule row_read_energy;
  Joule pulse_energy;        // of a cell
  Joule half_select_energy;  // a pulse, of a cell that is not written: same row, or same bit line
  Joule row_setup_energy;
  endurance::LineEnergy line_energy;
};

struct ClassWrites {
  std::uint64_t cells = 0;
  std::uint64_t pulses = 0;
  std::uint64_t rows = 0;
};

class ReramMemory : public sc_core::sc_module {
 public:
  // Throws weft::Error on a configuration that is not allowed.
  ReramMemory(const sc_core::sc_module_name& name, const ReramMemoryConfig& config, Context& context);

  TargetSocket socket{"socket"};

  // Called after every write, debug writes included, with what was written.
  using WriteObserver = std::function<void(std::uint64_t offset, std::uint64_t size)>;
  void on_write(WriteObserver observer) { on_write_ = std::move(observer); }

  const ReramMemoryConfig& config() const { return config_; }
  const StoredRows& rows() const { return rows_; }
  const ClassWrites& writes(WriteClass of) const { return writes_[static_cast<std::size_t>(of)]; }
  // Rewritten because levelling has moved them; of no class.
  const ClassWrites& moved() const { return moved_; }
  std::uint64_t rows_read() const { return rows_read_; }
  // Time the port was taken by reads and by writes, levelling included, and time that accesses waited for it.
  sc_core::sc_time read_time() const { return read_time_; }
  sc_core::sc_time write_time() const { return write_time_; }
  sc_core::sc_time waited() const { return waited_; }

 private:
  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  Status read(const Transfer& transfer, sc_core::sc_time& delay);
  Status write(const Transfer& transfer, sc_core::sc_time& delay);
  Status write_marked(const Transfer& transfer, sc_core::sc_time& delay);
  void write_rows(WriteClass of, std::uint64_t offset, std::uint32_t size, const std::uint8_t* data,
                  const endurance::Mark* marks, sc_core::sc_time& delay);
  sc_core::sc_time write_row(WriteClass of, std::uint64_t offset, std::uint32_t size,
                             const std::uint8_t* data, const endurance::Mark* marks);
  void charge(const endurance::RowWrite& done, std::uint64_t rows);
  sc_core::sc_time write_time_of(const endurance::RowWrite& done, std::uint64_t rows) const;
  sc_core::sc_time level_wear(std::uint64_t offset);
  bool holds(std::uint64_t offset, std::uint64_t size) const;
  void occupy_port(const sc_core::sc_time& time, sc_core::sc_time& delay);

  ReramMemoryConfig config_;
  StoredRows rows_;
  WriteObserver on_write_;
  std::array<ClassWrites, class_count> writes_;
  ClassWrites moved_;
  std::uint64_t rows_read_ = 0;
  bool contents_moved_ = false;  // by this access, beyond what it writes
  sc_core::sc_time port_free_;   // absolute simulated time
  sc_core::sc_time read_time_;
  sc_core::sc_time write_time_;
  sc_core::sc_time waited_;
  std::vector<sc_core::sc_time> bank_time_;
  std::vector<endurance::Mark> whole_;
  EnergyLedger::Account& read_energy_;
  EnergyLedger::Account& pulse_energy_;
  EnergyLedger::Account& half_select_energy_;
  EnergyLedger::Account& setup_energy_;
  endurance::LineAccounts line_energy_;
};

}  // namespace weft::reram_buffer
