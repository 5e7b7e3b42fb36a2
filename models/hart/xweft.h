// SPDX-License-Identifier: Apache-2.0
// Decoding of the Xweft extension and its vendor CSRs; the table is generated from xweft.yaml. No SystemC.
#pragma once

#include <cstdint>
#include <string>

#include "models/hart/xweft_table.h"
#include "models/unit/command.h"

namespace weft::xweft {

struct Fields {
  unsigned rd;
  unsigned rs1;
  unsigned rs2;
  unsigned rs3;
};

constexpr Fields fields(std::uint32_t bits) {
  return {(bits >> 7) & 31u, (bits >> 15) & 31u, (bits >> 20) & 31u, (bits >> 27) & 31u};
}

// The instruction that `bits` encode, or nullptr: unknown, or a register field in use that must be x0.
const Instruction* decode(std::uint32_t bits);

// By name; nullptr if there is none.
const Instruction* find(const std::string& name);

// The instruction word; fields an instruction does not use must be 0.
std::uint32_t encode(const Instruction& instruction, const Fields& registers);

// "mvm a0,a1,a2,a3" (rd first if it has a result), or "" if `bits` are no Xweft instruction.
std::string disassemble(std::uint32_t bits);

enum class CsrAccess { ok, no_such_csr, illegal_value };

// The vendor CSRs of one hart.
struct State {
  std::uint32_t wfmt = 0;
  std::uint32_t wlen = 0;
  std::uint32_t wdim = 0;
  std::uint32_t wcnt = 0;
  std::uint32_t wsstr = 0;
  std::uint32_t wdstr = 0;
  std::uint32_t wshift = 0;
  std::uint32_t wbits = 0;
  std::uint32_t wcomp = 0;
  std::uint32_t wunits = 0;  // read-only
  std::uint32_t wtile = 0;   // read-only
  std::uint32_t winv = 0;    // read-only
  std::uint32_t wfpm = 0;    // read-only

  CsrAccess read(unsigned number, std::uint32_t& value) const;
  CsrAccess write(unsigned number, std::uint32_t value);

 private:
  const std::uint32_t* find(unsigned number) const;
};

// The descriptor of an instruction before the per-unit offsets of mask instructions are added.
unit::Command make_command(const Instruction& instruction, const State& state, std::uint32_t rs1,
                           std::uint32_t rs2, std::uint32_t rs3);

}  // namespace weft::xweft
