// SPDX-License-Identifier: Apache-2.0
// Registers of a crossbar unit for operands and results (XbarIn and XbarOut of PUMA, Ankit et al., ASPLOS
// 2019, section 3.2) and the shift-and-add behind its converters, priced access by access. For technologies
// whose price of a product step does not include them; what an access is follows PUMA's public simulator.
#pragma once

#include <cstdint>
#include <string>

#include "models/common/context.h"

namespace weft::crossbar {

struct RegisterEnergy {
  Joule input_write;    // an element of a row operand or of a transposed product's operand
  Joule input_read;     // one step: the driven bits of all its elements
  Joule output_access;  // an element, read or written
  Joule shift_add;      // one conversion added to its line, or one line added to the result
};

class OperandRegisters {
 public:
  OperandRegisters(const std::string& component, const RegisterEnergy& energy, Context& context);

  // In every step each line adds up its slices and then adds the sum to its result, which is read and
  // written.
  void product(bool transposed, unsigned inputs, unsigned outputs, unsigned steps, unsigned slices);
  // The column operand lies in the output register: written, then read by the column drivers.
  void outer_product(unsigned rows, unsigned columns, unsigned steps);

 private:
  // Accounts of one kind of operation; the name tells the pass of training (docs/compare.md).
  struct Accounts {
    Accounts(const std::string& component, const std::string& operation, const RegisterEnergy& energy,
             Context& context);
    EnergyLedger::Account& input_write;
    EnergyLedger::Account& input_read;
    EnergyLedger::Account& output_access;
    EnergyLedger::Account& shift_add;
  };

  Accounts mvm_;
  Accounts mtvm_;
  Accounts opa_;
};

}  // namespace weft::crossbar
