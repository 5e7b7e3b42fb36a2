// SPDX-License-Identifier: Apache-2.0
// The registers of a hart as a GDB client numbers them, and the target description that says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/hart/hart.h"

namespace weft::debug {

// x0 to x31 and pc: what a `g` packet holds. Float register n has number 33 + n, CSR n has 65 + n, as in GDB.
constexpr unsigned general_registers = 33;

// Features org.gnu.gdb.riscv.cpu, .fpu (with the F extension) and .csr, and org.weft.xweft for the vendor
// CSRs. A client knows one description for all threads: it holds every register that one of the harts has.
std::string describe_registers(const std::vector<hart::Hart*>& harts);

// Whether any hart may have such a register.
bool is_register(unsigned number);
// Nothing if this hart does not have it.
std::optional<std::uint32_t> read_register(hart::Hart& hart, unsigned number);
// False if the register does not exist, is read-only, or cannot be written now (Hart::set_pc).
bool write_register(hart::Hart& hart, unsigned number, std::uint32_t value);

}  // namespace weft::debug
