// SPDX-License-Identifier: Apache-2.0
// A floating-point PIM array as a unit of a tile: whole-array operations through the command window.
//
// Time (FloatPIM; lanes are the columns, all at once): a multiply-accumulate of one row takes one
// multiplication and one addition.
//   fpm.mvm            rows · (T_mul + T_add), and for packed lanes ⌈log2 groups⌉ · (T_transfer + T_add)
//   fpm.mtvm           columns · (T_mul + T_add)
//   fpm.opa, fpm.mac   rows · (T_mul + T_add)
//   fpm.add, fpm.mul   rows · T_add, rows · T_mul
//   fpm.load, fpm.read rows · row_access
// Operands come from and results go to the tile's buffer at its speed. Energy: operations of all lanes, and
// one set of searches a row step. See docs/models/fp_pim.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "models/common/worker_pool.h"
#include "models/fp_pim/cost.h"
#include "models/fp_pim/fp_array.h"
#include "models/unit/command_unit.h"

namespace weft::fp_pim {

constexpr unsigned max_lines = 1024;

struct FpPimUnitConfig {
  unit::CommandUnitConfig unit;
  unsigned rows = 128;     // 1 to max_lines
  unsigned columns = 128;  // 1 to max_lines
  Primitives primitives;
  sc_core::sc_time row_access{2.2, sc_core::SC_NS};  // writing or reading one row of numbers
  Joule bit_write = picojoule(23.8e-3);
  Joule bit_read = picojoule(0.29e-3);
};

class FpPimUnit : public unit::CommandUnit {
 public:
  // Throws weft::Error when rows or columns are outside their limits.
  FpPimUnit(const sc_core::sc_module_name& name, const FpPimUnitConfig& config, Context& context);

  const FpArray& array() const {
    task_.finish();
    return array_;
  }
  // Of operations in the present format of the cells.
  const FormatCost& cost() const;
  // Row steps so far: of every lane that takes part, one operation each.
  std::uint64_t multiplications() const { return multiplications_; }
  std::uint64_t additions() const { return additions_; }

 protected:
  std::optional<unit::Fault> check(const unit::Command& command) const override;
  std::optional<unit::Fault> execute(const unit::Command& command) override;
  unit::Footprint footprint(const unit::Command& command) const override;

 private:
  // Row steps of a command, and how many operations of a lane they are.
  struct Work {
    unsigned steps;
    unsigned lanes;
    bool multiplies;
    bool adds;
  };
  struct Prices {
    FormatCost cost;
    EnergyLedger::Account* multiplication;
    EnergyLedger::Account* addition;
    EnergyLedger::Account* search;
    EnergyLedger::Account* transfer;
    EnergyLedger::Account* multiplier_bit;  // null unless multiplications are predicated
  };

  Part part(const unit::Command& command) const;
  std::optional<unit::Fault> check_operands(const unit::Command& command) const;
  std::optional<unit::Fault> read_operands(const unit::Command& command, sc_core::sc_time& delay);
  std::optional<unit::Fault> read_numbers(std::uint32_t address, unit::Format format, std::size_t count,
                                          std::vector<float>& numbers, sc_core::sc_time& delay);
  std::optional<unit::Fault> write_result(const unit::Command& command, sc_core::sc_time& delay);
  // Operands as the cells' format has them, and room for the result; then the operation itself.
  void round_operands(const unit::Command& command);
  void compute(const unit::Command& command);
  Work work(const unit::Command& command) const;
  sc_core::sc_time charge(const unit::Command& command);
  void charge_additions(Prices& price, unsigned steps, unsigned lanes);
  sc_core::sc_time charge_reduction(const unit::Command& command);
  std::uint64_t multiplier_bits(const unit::Command& command) const;
  sc_core::sc_time charge_access(const unit::Command& command, bool writes);
  Prices& prices(unit::Format format);

  FpPimUnitConfig config_;
  FpArray array_;
  std::array<Prices, 3> prices_;  // fp32, fp16, bf16
  EnergyLedger::Account& write_energy_;
  EnergyLedger::Account& read_energy_;
  std::uint64_t multiplications_ = 0;
  std::uint64_t additions_ = 0;
  std::vector<float> src0_;
  std::vector<float> src1_;
  std::vector<float> result_;
  std::vector<std::uint8_t> bytes_;

  mutable Task task_;  // last: it may be working with all of the above
};

}  // namespace weft::fp_pim
