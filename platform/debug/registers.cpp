// SPDX-License-Identifier: Apache-2.0
#include "platform/debug/registers.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/hart/xweft.h"

namespace weft::debug {

namespace {

constexpr unsigned pc_number = 32;
constexpr unsigned first_float_number = 33;
constexpr unsigned first_csr_number = 65;
constexpr unsigned csr_count = 0x1000;

const char* const general_names[] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "fp", "s1", "a0",
                                     "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                     "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

std::string element(const std::string& name, unsigned number, const char* type, const char* group) {
  return fmt::format(R"(<reg name="{}" bitsize="32" regnum="{}" type="{}" group="{}"/>)", name, number, type,
                     group) +
         "\n";
}

std::string general_feature() {
  std::string text = "<feature name=\"org.gnu.gdb.riscv.cpu\">\n";
  constexpr unsigned ra = 1;
  constexpr unsigned tp = 4;
  for (unsigned number = 0; number < pc_number; ++number) {
    const char* type = number == ra ? "code_ptr" : number > ra && number <= tp ? "data_ptr" : "int";
    text += element(general_names[number], number, type, "general");
  }
  return text + element("pc", pc_number, "code_ptr", "general") + "</feature>\n";
}

// The hardware performance counters that read 0 would fill pages.
bool is_worth_listing(const std::string& name) { return !name.empty() && name.rfind("mhpm", 0) != 0; }

using Harts = std::vector<hart::Hart*>;

bool any_has(const Harts& harts, unsigned csr) {
  return std::any_of(harts.begin(), harts.end(), [csr](hart::Hart* hart) {
    std::uint32_t value = 0;
    return hart->peek_csr(csr, value) == hart::CsrStatus::ok;
  });
}

std::string standard_feature(const Harts& harts) {
  std::string text = "<feature name=\"org.gnu.gdb.riscv.csr\">\n";
  for (unsigned number = 0; number < csr_count; ++number) {
    const std::string name = hart::csr::name(number);
    if (hart::csr::is_float(number) || !is_worth_listing(name) || !any_has(harts, number)) continue;
    text += element(name, first_csr_number + number, "int", "csr");
  }
  return text + "</feature>\n";
}

std::string vendor_feature(const Harts& harts) {
  std::string text;
  for (const xweft::Csr& csr : xweft::csrs) {
    if (any_has(harts, csr.number)) text += element(csr.name, first_csr_number + csr.number, "int", "csr");
  }
  return text.empty() ? "" : "<feature name=\"org.weft.xweft\">\n" + text + "</feature>\n";
}

const char* const float_names[] = {"ft0", "ft1", "ft2",  "ft3",  "ft4", "ft5", "ft6",  "ft7",
                                   "fs0", "fs1", "fa0",  "fa1",  "fa2", "fa3", "fa4",  "fa5",
                                   "fa6", "fa7", "fs2",  "fs3",  "fs4", "fs5", "fs6",  "fs7",
                                   "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"};

bool has_float(hart::Hart& hart) {
  constexpr std::uint32_t misa_f = 1u << 5;
  std::uint32_t misa = 0;
  return hart.peek_csr(hart::csr::misa, misa) == hart::CsrStatus::ok && (misa & misa_f) != 0;
}

// fflags, frm and fcsr belong to it: they are listed whether or not mstatus.FS lets them be read now.
std::string float_feature(const Harts& harts) {
  if (std::none_of(harts.begin(), harts.end(), [](hart::Hart* hart) { return has_float(*hart); })) return "";
  std::string text = "<feature name=\"org.gnu.gdb.riscv.fpu\">\n";
  unsigned number = first_float_number;
  for (const char* name : float_names) text += element(name, number++, "ieee_single", "float");
  for (unsigned csr = hart::csr::fflags; csr <= hart::csr::fcsr; ++csr) {
    text += element(hart::csr::name(csr), first_csr_number + csr, "int", "float");
  }
  return text + "</feature>\n";
}

bool is_float(unsigned number) { return number >= first_float_number && number < first_csr_number; }

bool is_csr(unsigned number) { return number >= first_csr_number && number < first_csr_number + csr_count; }

}  // namespace

std::string describe_registers(const Harts& harts) {
  return "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n"
         "<architecture>riscv:rv32</architecture>\n" +
         general_feature() + float_feature(harts) + standard_feature(harts) + vendor_feature(harts) +
         "</target>\n";
}

bool is_register(unsigned number) { return number < first_csr_number + csr_count; }

std::optional<std::uint32_t> read_register(hart::Hart& hart, unsigned number) {
  if (number < pc_number) return hart.core().x(number);
  if (number == pc_number) return hart.core().pc();
  if (is_float(number))
    return has_float(hart) ? std::optional(hart.core().f(number - first_float_number)) : std::nullopt;
  if (!is_csr(number)) return std::nullopt;
  std::uint32_t value = 0;
  if (hart.peek_csr(number - first_csr_number, value) != hart::CsrStatus::ok) return std::nullopt;
  return value;
}

bool write_register(hart::Hart& hart, unsigned number, std::uint32_t value) {
  if (number < pc_number) {
    hart.core().set_x(number, value);
    return true;
  }
  if (number == pc_number) return hart.set_pc(value);
  if (is_float(number) && has_float(hart)) {
    hart.core().set_f(number - first_float_number, value);
    return true;
  }
  return is_csr(number) && hart.poke_csr(number - first_csr_number, value) == hart::CsrStatus::ok;
}

}  // namespace weft::debug
