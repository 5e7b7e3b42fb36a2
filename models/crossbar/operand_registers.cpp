// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/operand_registers.h"

namespace weft::crossbar {

OperandRegisters::Accounts::Accounts(const std::string& component, const std::string& operation,
                                     const RegisterEnergy& energy, Context& context)
    : input_write(context.energy.open(component, operation + "_input_write", energy.input_write)),
      input_read(context.energy.open(component, operation + "_input_read", energy.input_read)),
      output_access(context.energy.open(component, operation + "_output_access", energy.output_access)),
      shift_add(context.energy.open(component, operation + "_shift_add", energy.shift_add)) {}

OperandRegisters::OperandRegisters(const std::string& component, const RegisterEnergy& energy,
                                   Context& context)
    : mvm_(component, "mvm", energy, context),
      mtvm_(component, "mtvm", energy, context),
      opa_(component, "opa", energy, context) {}

void OperandRegisters::product(bool transposed, unsigned inputs, unsigned outputs, unsigned steps,
                               unsigned slices) {
  Accounts& accounts = transposed ? mtvm_ : mvm_;
  const std::uint64_t line_steps = std::uint64_t{steps} * outputs;
  accounts.input_write.charge(inputs);
  accounts.input_read.charge(steps);
  accounts.shift_add.charge(line_steps * (slices + 1));
  constexpr unsigned read_and_write = 2;
  accounts.output_access.charge(line_steps * read_and_write + outputs);
}

void OperandRegisters::outer_product(unsigned rows, unsigned columns, unsigned steps) {
  opa_.input_write.charge(rows);
  opa_.input_read.charge(steps);
  constexpr unsigned write_and_read = 2;
  opa_.output_access.charge(std::uint64_t{columns} * write_and_read);
}

}  // namespace weft::crossbar
