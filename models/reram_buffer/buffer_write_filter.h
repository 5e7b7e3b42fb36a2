// SPDX-License-Identifier: Apache-2.0
// Stands between a tile's bus and the ReRAM part of its buffer. Reads pass; a write is cut at the borders of
// ranges (registers.yaml), and of what lies in a range of a class with a policy the rows are read, compared
// and written in part (models/write_filter/buffer_filter.h). What is held back keeps its stored value.
//
// Time and energy of a filtered write: the read of the rows that it touches, `lanes` values a cycle, and the
// write of what is left. Policy none costs nothing: there is no filter then.
//
// Debug accesses pass unchanged, without time, and count as no write. Direct access is refused, so that no
// write gets past the filter.
#pragma once

#include <array>
#include <cstdint>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/endurance/worn_cells.h"
#include "models/reram_buffer/write_port.h"
#include "models/tlm/initiator_socket.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"
#include "models/write_filter/buffer_filter.h"

namespace weft::reram_buffer {

struct BufferWriteFilterConfig {
  // Of activations, errors and gradients.
  std::array<write_filter::FilterConfig, class_count - 1> rules;
  std::uint32_t size = 0;  // bytes of the memory behind it
  std::uint32_t row_bytes = 64;
  sc_core::sc_time cycle = sc_core::sc_time(1, sc_core::SC_NS);
  unsigned lanes = 16;
  Joule compare;  // a value
};

class BufferWriteFilter : public sc_core::sc_module {
 public:
  TargetSocket in;
  InitiatorSocket out;
  TargetSocket registers;

  // Throws weft::Error on rules that are not allowed for buffers.
  BufferWriteFilter(const sc_core::sc_module_name& name, const BufferWriteFilterConfig& config,
                    Context& context);

  // No ranges, and the rules of the configuration with nothing remembered. Statistics go on.
  void reset();

  // Of a class other than `other`.
  const write_filter::BufferFilter& filter(WriteClass of) const { return filters_[index_of(of)]; }
  // Of values of a class that were not written.
  std::uint64_t bytes_held_back(WriteClass of) const { return bytes_held_back_[index_of(of)]; }

 private:
  struct Range {
    std::uint64_t start = 0;
    std::uint64_t end = 0;  // behind the last byte
    WriteClass of = WriteClass::other;
    std::uint32_t value_bytes = 1;
    int magnitude_bits = 0;
  };
  // Bytes that are written within one range.
  struct Piece {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
    const std::uint8_t* data = nullptr;
  };

  static std::size_t index_of(WriteClass of) { return static_cast<std::size_t>(of) - 1; }
  void describe_registers();
  void set_policy(unsigned index, std::uint32_t value);
  void set_threshold(unsigned index, std::uint32_t value);
  void set_ranges();
  // The range around an offset; what lies in none is one of class other that ends where the next begins.
  Range range_at(std::uint64_t offset) const;

  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  Status write(const Transfer& transfer, sc_core::sc_time& delay);
  Status write_piece(const Range& range, const Piece& piece, sc_core::sc_time& delay);
  Status write_whole(const Range& range, const Piece& piece, sc_core::sc_time& delay);
  Status write_filtered(const Range& range, const Piece& piece, sc_core::sc_time& delay);
  // Of the row that begins at `row` in wanted_ and stored_, which both begin at `first`.
  void decide_row(const Range& range, const Piece& piece, std::uint64_t first, std::uint64_t row,
                  std::uint64_t row_end);
  // What is in wanted_, as marks_ says.
  Status write_marked(WriteClass of, std::uint64_t offset, sc_core::sc_time& delay);

  BufferWriteFilterConfig config_;
  Context& context_;
  RegisterFile registers_;
  std::vector<Range> ranges_;
  std::vector<write_filter::BufferFilter> filters_;
  write_filter::RowOffer offer_;
  std::vector<std::uint8_t> stored_;
  std::vector<std::uint8_t> wanted_;
  std::vector<std::uint8_t> marks_;
  std::array<std::uint64_t, class_count - 1> bytes_held_back_{};
  EnergyLedger::Account& compare_energy_;
};

}  // namespace weft::reram_buffer
