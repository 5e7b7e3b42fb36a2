// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/emitter.h"

namespace weft::compiler {

using xweft::Mnemonic;

namespace {

constexpr std::uint32_t completion_enable = 0x80000000u;

}  // namespace

void Emitter::csr(unsigned number, std::uint32_t value) {
  const auto found = known_.find(number);
  if (found != known_.end() && found->second == value) return;
  if (value == 0) {
    as_.csrw(number, Reg::zero);
  } else {
    as_.li(Reg::t6, value);
    as_.csrw(number, Reg::t6);
  }
  known_[number] = value;
}

void Emitter::csr_from(unsigned number, Reg source) {
  as_.csrw(number, source);
  known_.erase(number);
}

void Emitter::address(Reg rd, const Area& area) {
  if (area.pitch == 0) {
    as_.li(rd, area.address);
    return;
  }
  as_.li(Reg::t6, area.pitch);
  as_.mul(Reg::t6, Reg::t6, Reg::s0);
  as_.li(rd, area.address);
  as_.add(rd, rd, Reg::t6);
}

void Emitter::form(const VectorForm& form, int length) {
  const auto bits = [](unit::Format format) { return static_cast<std::uint32_t>(format); };
  csr(xweft::csr_wfmt, bits(form.source0) | bits(form.source1) << 4 | bits(form.result) << 8);
  csr(xweft::csr_wshift, static_cast<std::uint32_t>(form.shift));
  csr(xweft::csr_wbits, static_cast<std::uint32_t>(form.magnitude_bits));
  csr(xweft::csr_wlen, static_cast<std::uint32_t>(length));
  no_completion();
}

void Emitter::vector(Mnemonic mnemonic, const Area& source0, const Area& source1, const Area& result) {
  address(Reg::a0, source0);
  address(Reg::a1, source1);
  address(Reg::a2, result);
  as_.xweft(mnemonic, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
}

void Emitter::vector(Mnemonic mnemonic, const Area& source, const Area& result) {
  address(Reg::a0, source);
  address(Reg::a2, result);
  as_.xweft(mnemonic, Reg::zero, Reg::a0, Reg::zero, Reg::a2);
}

void Emitter::vector_scalar(Mnemonic mnemonic, const Area& source, Reg scalar, const Area& result) {
  address(Reg::a0, source);
  address(Reg::a2, result);
  as_.xweft(mnemonic, Reg::zero, Reg::a0, scalar, Reg::a2);
}

void Emitter::sum_rows(const Area& source, const Area& result, int length, int count, int stride) {
  form({}, length);
  csr(xweft::csr_wcnt, static_cast<std::uint32_t>(count));
  csr(xweft::csr_wsstr, static_cast<std::uint32_t>(stride));
  vector(Mnemonic::vsumr, source, result);
}

void Emitter::crossbar(Mnemonic mnemonic, std::uint32_t mask) {
  no_completion();
  as_.li(Reg::a3, mask);
  const xweft::Instruction& instruction = xweft::instructions.at(static_cast<std::size_t>(mnemonic));
  const auto used = [](xweft::Role role, Reg reg) { return role == xweft::Role::unused ? Reg::zero : reg; };
  as_.xweft(mnemonic, Reg::zero, used(instruction.rs1, Reg::a0), used(instruction.rs2, Reg::a1), Reg::a3);
}

void Emitter::send(const Area& source, const Area& destination, std::uint32_t bytes, unsigned counter) {
  csr(xweft::csr_wcomp, completion_enable | counter << 16 | 1u);
  address(Reg::a0, source);
  address(Reg::a1, destination);
  as_.li(Reg::a2, bytes);
  as_.xweft(Mnemonic::send, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
}

// The table of destinations stands behind the instruction: it is the same in every run of the code.
void Emitter::multicast(const Area& source, const std::vector<Destination>& destinations, std::uint32_t bytes,
                        int slots) {
  no_completion();
  csr(xweft::csr_wcnt, static_cast<std::uint32_t>(destinations.size()));
  const Label table = as_.make_label();
  const Label behind = as_.make_label();
  address(Reg::a0, source);
  as_.la(Reg::a1, table);
  if (slots > 1) {
    as_.li(Reg::t6, 8 * static_cast<std::uint32_t>(destinations.size()));
    as_.mul(Reg::t6, Reg::t6, Reg::s0);
    as_.add(Reg::a1, Reg::a1, Reg::t6);
  }
  as_.li(Reg::a2, bytes);
  as_.xweft(Mnemonic::mcast, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
  as_.j(behind);
  as_.bind(table);
  as_.note("destination, counter");
  for (int slot = 0; slot < slots; ++slot) {
    for (const Destination& each : destinations) {
      as_.raw(each.area.address + each.area.pitch * static_cast<std::uint32_t>(slot));
      as_.raw(completion_enable | each.counter << 16 | 1u);
    }
  }
  as_.bind(behind);
}

void Emitter::dma(std::uint32_t source, std::uint32_t destination, std::uint32_t bytes) {
  no_completion();
  as_.li(Reg::a0, source);
  as_.li(Reg::a1, destination);
  as_.li(Reg::a2, bytes);
  as_.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
}

void Emitter::wait_units(std::uint32_t units) {
  as_.li(Reg::a0, units);
  as_.xweft(Mnemonic::waitm, Reg::zero, Reg::a0, Reg::zero, Reg::zero);
}

void Emitter::wait_upper_units(std::uint32_t units) {
  as_.li(Reg::a0, units);
  as_.xweft(Mnemonic::waitmh, Reg::zero, Reg::a0, Reg::zero, Reg::zero);
}

void Emitter::wait_counter(unsigned counter, std::uint32_t expected, std::uint32_t amount) {
  as_.li(Reg::t0, expected);
  as_.lw(Reg::a1, 0, Reg::t0);
  as_.addi(Reg::a1, Reg::a1, static_cast<std::int32_t>(amount));
  as_.sw(Reg::a1, 0, Reg::t0);
  as_.li(Reg::a0, counter);
  as_.xweft(Mnemonic::cwait, Reg::zero, Reg::a0, Reg::a1, Reg::zero);
}

void Emitter::raise_counter(int tile, unsigned counter) {
  as_.li(Reg::a0, static_cast<std::uint32_t>(tile) << 16 | counter);
  as_.li(Reg::a1, 1);
  as_.xweft(Mnemonic::cadd, Reg::zero, Reg::a0, Reg::a1, Reg::zero);
}

}  // namespace weft::compiler
