// SPDX-License-Identifier: Apache-2.0
// Where guest registers live while translated code runs.
#pragma once

#include <xbyak/xbyak.h>

#include <array>

#include "models/hart/decode.h"

namespace weft::hart::jit {

// rbp points this many bytes behind the guest's x0, so that all registers have one-byte distances.
constexpr int register_bias = 64;

struct Pinned {
  unsigned guest;
  int host;
};

// The stack pointer and the eight registers that compressed instructions can name: what compilers use
// most. The first three have the shorter encodings.
constexpr std::array<Pinned, 9> pinned_registers = {{{15, Xbyak::Operand::RBX},
                                                     {14, Xbyak::Operand::RSI},
                                                     {10, Xbyak::Operand::RDI},
                                                     {2, Xbyak::Operand::R8},
                                                     {8, Xbyak::Operand::R9},
                                                     {9, Xbyak::Operand::R10},
                                                     {11, Xbyak::Operand::R11},
                                                     {12, Xbyak::Operand::R12},
                                                     {13, Xbyak::Operand::R13}}};

// Number of the host register, or -1.
constexpr int pinned_host(unsigned guest) {
  for (const Pinned& pin : pinned_registers) {
    if (pin.guest == guest) return pin.host;
  }
  return -1;
}
inline bool is_pinned(unsigned guest) { return pinned_host(guest) >= 0; }
inline Xbyak::Reg32 host_register(unsigned guest) { return Xbyak::Reg32(pinned_host(guest)); }

inline Xbyak::Address register_slot(unsigned guest) {
  const int distance = static_cast<int>(4 * guest) - register_bias;
  return Xbyak::util::dword[Xbyak::util::rbp + distance];
}

// Where a result is made: the register itself or eax, to be written back.
inline Xbyak::Reg32 destination(unsigned guest) {
  return is_pinned(guest) ? host_register(guest) : Xbyak::util::eax;
}

}  // namespace weft::hart::jit
