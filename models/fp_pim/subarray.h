// SPDX-License-Identifier: Apache-2.0
// The bits of one digital in-memory subarray and what its circuits can do with them: no time and no energy,
// but a count of every primitive. Lanes are columns, the bits of a word lie in rows of its lane, least
// significant first; every primitive works on all lanes at once.
//
// Primitives: SOT-MRAM writes with logic, in which the stored bit is combined with the driven one, and search
// (Wang et al., arXiv 2003.01551, figure 1); stateful NOR, initialisation and search of FloatPIM (Imani et
// al., ISCA 2019). The select register holds the outcome of a search or a row that was read: lanes that are
// not selected are not driven and keep what they hold.
#pragma once

#include <cstdint>
#include <vector>

namespace weft::fp_pim {

enum class WriteLogic : std::uint8_t { set, and_, or_, xor_ };

// Primitives carried out since the last reset.
struct PrimitiveCounts {
  std::uint64_t reads = 0;     // rows read
  std::uint64_t writes = 0;    // rows written, with whatever logic; rows that one read drives count once
  std::uint64_t nors = 0;      // stateful NORs
  std::uint64_t inits = 0;     // initialisations of NOR outputs, any number of rows at once
  std::uint64_t searches = 0;  // queries of all lanes

  std::uint64_t cycles() const { return writes + nors + inits; }
};

class Subarray {
 public:
  using Row = unsigned;
  // One bit a lane, 64 lanes a word.
  using Bits = std::vector<std::uint64_t>;

  // All cells hold 0, all lanes are selected. Throws Error unless there is a row and a lane.
  Subarray(unsigned rows, unsigned lanes);

  unsigned rows() const { return rows_; }
  unsigned lanes() const { return lanes_; }

  // ---- primitives ----

  struct Write {
    WriteLogic logic = WriteLogic::set;
    Row row = 0;
  };
  // One step of SOT logic: reads `source` and drives it into the rows of `writes`, `count` of them.
  void read_write(Row source, const Write* writes, unsigned count);
  // A row of equal bits, which needs no read.
  void write_constant(WriteLogic logic, Row row, bool bit);
  // Cells of `rows` to 1, which stateful NOR needs of its output.
  void initialise(const Row* rows, unsigned count);
  // The output can only fall: out = out AND NOR(inputs).
  void nor(Row out, const Row* inputs, unsigned count);
  // Selects the lanes whose bits from `first` on, `width` of them, are `value`. With `within`, only lanes
  // that are selected already.
  enum class Within { all, selected };
  void search(Row first, unsigned width, std::uint64_t value, Within within = Within::all);
  // Selects the lanes whose bit in `row` is 1.
  void select_row(Row row);

  // ---- the select register: part of the controller, costs nothing ----

  void select_all();
  void invert_selection();
  bool any_selected() const;
  const Bits& selection() const { return selected_; }
  void set_selection(const Bits& bits) { selected_ = bits; }

  // ---- load and look: by the row buffer, not counted ----

  // `value`'s low `width` bits into the rows from `first` on of a lane.
  void put(unsigned lane, Row first, unsigned width, std::uint64_t value);
  std::uint64_t get(unsigned lane, Row first, unsigned width) const;

  const PrimitiveCounts& counts() const { return counts_; }
  void reset_counts() { counts_ = {}; }

 private:
  std::uint64_t* at(Row row) { return &cells_[std::size_t{row} * words_]; }
  const std::uint64_t* at(Row row) const { return &cells_[std::size_t{row} * words_]; }

  unsigned rows_;
  unsigned lanes_;
  std::size_t words_;
  std::vector<std::uint64_t> cells_;
  Bits selected_;
  Bits every_lane_;
  Bits driven_;
  PrimitiveCounts counts_;
};

}  // namespace weft::fp_pim
