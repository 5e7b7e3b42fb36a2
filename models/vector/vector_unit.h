// SPDX-License-Identifier: Apache-2.0
// The vector unit of a tile: element-wise arithmetic, activations, look-up tables and reductions on
// operands in the tile's buffer.
//
// A command takes: reading its operands; ceil(elements / lanes) + 4 cycles, where all rows and runs count and
// 4 cycles fill the pipeline; writing the result. Rows that follow each other without a gap are read or
// written in one transaction, others, and the runs of vgather, in one each. Operands are read before
// anything is written.
//
// Refused when issued: an opcode that does not exist, a length of 0, 0 rows or runs or overlapping ones that
// together are larger than the buffer, a floating-point format (illegal instruction, value: the field that
// is wrong); operands not aligned to their elements (misaligned) or not within the buffer (access fault,
// value: the address of the operand or row). A stride may be negative. Found when the command runs: an index
// of vgather whose run is not within the buffer (access fault, value: the run's address).
#pragma once

#include <cstdint>
#include <vector>

#include "models/unit/command_unit.h"
#include "models/vector/elementwise.h"

namespace weft::vector {

struct VectorUnitConfig {
  unit::CommandUnitConfig unit;
  unsigned lanes = 16;  // elements a cycle, at least 1
  sc_core::sc_time cycle{1.0, sc_core::SC_NS};
  // Energy of an element in the data path, buffer accesses excluded (the buffer books them).
  Joule other_element;     // add, compare, copy
  Joule multiply_element;  // vmul, vmuls, vmac
  Joule table_element;     // vexp, vlog, vsigm, vtanh, vgelu, vgelug
};

class VectorUnit : public unit::CommandUnit {
 public:
  // Throws weft::Error when there are no lanes.
  VectorUnit(const sc_core::sc_module_name& name, const VectorUnitConfig& config, Context& context);

  // Statistics since construction: elements taken in, and result elements that were saturated.
  std::uint64_t elements() const { return elements_; }
  std::uint64_t saturated() const { return saturated_; }

 protected:
  std::optional<unit::Fault> check(const unit::Command& command) const override;
  std::optional<unit::Fault> execute(const unit::Command& command) override;
  unit::Footprint footprint(const unit::Command& command) const override;

 private:
  std::optional<unit::Fault> check_rows(const unit::Command& command, unsigned rows) const;
  std::optional<unit::Fault> check_gather(const unit::Command& command) const;
  std::optional<unit::Fault> check_columns(const unit::Command& command) const;
  std::optional<unit::Fault> read_operands(const unit::Command& command, sc_core::sc_time& delay);
  std::optional<unit::Fault> read_rows(const unit::Command& command, unsigned rows, sc_core::sc_time& delay);
  std::optional<unit::Fault> read_runs(const unit::Command& command, sc_core::sc_time& delay);
  std::optional<unit::Fault> write_result(const unit::Command& command, sc_core::sc_time& delay);
  sc_core::sc_time compute_time(std::uint64_t elements) const;
  EnergyLedger::Account& account(Cost cost);

  VectorUnitConfig config_;
  Elementwise elementwise_;
  EnergyLedger::Account& other_energy_;
  EnergyLedger::Account& multiply_energy_;
  EnergyLedger::Account& table_energy_;
  std::uint64_t elements_ = 0;
  std::uint64_t saturated_ = 0;
  // Kept between commands so that none has to allocate.
  std::vector<std::uint8_t> src0_;
  std::vector<std::uint8_t> src1_;
  std::vector<std::uint8_t> dst_;
};

}  // namespace weft::vector
