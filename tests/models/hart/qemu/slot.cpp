// SPDX-License-Identifier: Apache-2.0
#include "tests/models/hart/qemu/slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include "models/hart/disassemble.h"
#include "models/hart/pmp.h"
#include "tests/models/hart/assembler.h"

namespace weft::test {

namespace csr = hart::csr;

namespace {

// The CSRs a program starts with and ends with, in the order of the tables in the data page.
constexpr std::array<unsigned, 5> dumped_csrs = {csr::mstatus, csr::mscratch, csr::mepc, csr::mcause,
                                                 csr::mtval};
constexpr std::uint32_t mpp = 3u << 11;
constexpr std::uint32_t finisher = 0x00100000;
constexpr std::uint32_t mstatus_fs = 3u << 13;
constexpr unsigned fcsr = 0x003;
constexpr auto opcode_float = static_cast<Opcode>(0x53);
constexpr auto opcode_float_load = static_cast<Opcode>(0x07);
constexpr auto opcode_float_store = static_cast<Opcode>(0x27);

// Registers the frame uses while the program's are saved or not yet loaded; never the context.
constexpr std::uint32_t temporary = t0;
constexpr std::uint32_t second_temporary = t1;

std::int32_t at(std::uint32_t offset) { return static_cast<std::int32_t>(offset); }

// In the order of their tables in the data page.
std::vector<unsigned> optional_csrs(const Program& program) {
  std::vector<unsigned> numbers;
  if (program.user_mode) numbers.push_back(csr::mcounteren);
  if (!program.protection) return numbers;
  for (unsigned i = 0; i < program.pmpaddr.size(); ++i) numbers.push_back(csr::pmpaddr0 + i);
  for (unsigned i = 0; i < program.pmpcfg.size(); ++i) numbers.push_back(csr::pmpcfg0 + i);
  return numbers;
}

std::vector<std::uint32_t> optional_values(const Program& program, std::uint32_t base) {
  std::vector<std::uint32_t> values;
  if (program.user_mode) values.push_back(program.mcounteren);
  if (!program.protection) return values;
  for (const ProtectionAddress& address : program.pmpaddr) {
    values.push_back(address.value + (address.relative ? base >> 2 : 0u));
  }
  values.insert(values.end(), program.pmpcfg.begin(), program.pmpcfg.end());
  return values;
}

class Frame {
 public:
  explicit Frame(const Program& program) : program_(program), context_(program.context) {
    prologue();
    handler_ = position();
    handler();
    epilogue_ = position();
    // From whatever level the body leaves: the handler returns to machine mode.
    if (program_.user_mode) emit(hart::word::ecall);
    // The handler was written before the place of the epilogue was known.
    words_[overflow_] =
        branch(7, temporary, second_temporary, at(position()) - static_cast<std::int32_t>(4 * overflow_));
    epilogue();
    REQUIRE(position() <= slot::body);
  }

  const std::vector<std::uint32_t>& words() const { return words_; }
  std::uint32_t handler_offset() const { return handler_; }
  std::uint32_t epilogue_offset() const { return epilogue_; }

 private:
  std::uint32_t position() const { return static_cast<std::uint32_t>(4 * words_.size()); }
  void emit(std::uint32_t word) { words_.push_back(word); }

  void prologue() {
    const std::uint32_t t = temporary;
    // The program before this one may have left MPRV set.
    emit(csrw(csr::mstatus, zero));
    emit(auipc(context_, slot::data_page));
    emit(addi(context_, context_, -4));
    emit(lw(t, at(slot::handler), context_));
    emit(csrw(csr::mtvec, t));
    emit(csrw(csr::mie, zero));
    for (std::size_t i = 0; i < dumped_csrs.size(); ++i) {
      emit(lw(t, at(slot::initial_csrs) + 4 * static_cast<std::int32_t>(i), context_));
      emit(csrw(dumped_csrs[i], t));
    }
    const std::vector<unsigned> optional = optional_csrs(program_);
    // The program before this one has left its entries behind.
    if (program_.protection) {
      for (unsigned i = 0; i < program_.pmpcfg.size(); ++i) emit(csrw(csr::pmpcfg0 + i, zero));
    }
    for (std::size_t i = 0; i < optional.size(); ++i) {
      emit(lw(t, at(slot::initial_optional_csrs) + 4 * static_cast<std::int32_t>(i), context_));
      emit(csrw(optional[i], t));
    }
    if (program_.single_float) load_float_state();
    emit(csrr(t, csr::minstret));
    emit(sw(t, at(slot::retired_before), context_));
    for (std::uint32_t i = 1; i < 32; ++i) {
      if (i != context_) emit(lw(i, at(slot::initial_x + 4 * i), context_));
    }
    emit(jal(zero, at(slot::body - position())));
  }

  // Writes the trap down and goes on behind the instruction; after too many traps, leaves the program.
  void handler() {
    const std::uint32_t log = temporary;
    const std::uint32_t value = second_temporary;
    emit(sw(log, at(slot::saved), context_));
    emit(sw(value, at(slot::saved) + 4, context_));
    emit(lw(log, at(slot::log_position), context_));
    for (const auto& [number, offset] :
         {std::pair{csr::mcause, 0}, {csr::mepc, 4}, {csr::mtval, 8}, {csr::mstatus, 12}}) {
      emit(csrr(value, number));
      emit(sw(value, offset, log));
    }
    emit(addi(log, log, slot::log_entry_bytes));
    emit(sw(log, at(slot::log_position), context_));
    // mtval may differ between the machines: nothing of it may stay behind.
    emit(csrw(csr::mtval, zero));
    emit(addi(value, context_, at(slot::log_end)));
    overflow_ = words_.size();
    emit(nop);
    if (program_.user_mode) promote(value);
    emit(csrr(value, csr::mcause));
    emit(addi(value, value, -static_cast<std::int32_t>(hart::cause::fetch_access)));
    emit(bne(value, zero, 12));
    emit(lw(log, at(slot::resume), context_));
    emit(jal(zero, 32));
    emit(csrr(log, csr::mepc));
    emit(lhu(value, 0, log));
    emit(op_imm(7, value, value, 3));
    emit(addi(log, log, 2));
    emit(addi(value, value, -3));
    emit(bne(value, zero, 8));
    emit(addi(log, log, 2));
    emit(csrw(csr::mepc, log));
    emit(lw(log, at(slot::saved), context_));
    emit(lw(value, at(slot::saved) + 4, context_));
    emit(hart::word::mret);
  }

  // A call from user mode returns to machine mode.
  void promote(std::uint32_t value) {
    emit(csrr(value, csr::mcause));
    emit(addi(value, value, -static_cast<std::int32_t>(hart::cause::user_ecall)));
    emit(bne(value, zero, 16));
    emit(lui(value, mpp + 0x800));
    emit(addi(value, value, -0x800));
    emit(csrrs(zero, csr::mstatus, value));
  }

  void epilogue() {
    for (std::uint32_t i = 1; i < 32; ++i) emit(sw(i, at(slot::final_x + 4 * i), context_));
    const std::uint32_t t = temporary;
    emit(csrr(t, csr::minstret));
    emit(sw(t, at(slot::retired_after), context_));
    if (!program_.user_mode) {
      // Behind mret, QEMU's MPP is user mode even if there is none.
      emit(lui(t, mpp + 0x800));
      emit(addi(t, t, -0x800));
      emit(csrrs(zero, csr::mstatus, t));
    }
    for (std::size_t i = 0; i < dumped_csrs.size(); ++i) {
      emit(csrr(t, dumped_csrs[i]));
      emit(sw(t, at(slot::final_csrs) + 4 * static_cast<std::int32_t>(i), context_));
    }
    const std::vector<unsigned> optional = optional_csrs(program_);
    for (std::size_t i = 0; i < optional.size(); ++i) {
      emit(csrr(t, optional[i]));
      emit(sw(t, at(slot::final_optional_csrs) + 4 * static_cast<std::int32_t>(i), context_));
    }
    if (program_.single_float) store_float_state();
    emit(jal(zero, at(slot::exit - position())));
  }

  void load_float_state() {
    for (std::uint32_t i = 0; i < 32; ++i) {
      emit(hart::encode_i(opcode_float_load, i, 2, context_, slot::initial_f + 4 * i));
    }
    emit(lw(temporary, at(slot::initial_fcsr), context_));
    emit(csrw(fcsr, temporary));
  }

  // The body may have switched the registers off.
  void store_float_state() {
    emit(lui(temporary, mstatus_fs));
    emit(csrrs(zero, csr::mstatus, temporary));
    for (std::uint32_t i = 0; i < 32; ++i) {
      emit(hart::encode_s(opcode_float_store, 2, context_, i, slot::final_f + 4 * i));
    }
    emit(csrr(temporary, fcsr));
    emit(sw(temporary, at(slot::final_fcsr), context_));
  }

  const Program& program_;
  std::uint32_t context_;
  std::vector<std::uint32_t> words_;
  std::size_t overflow_ = 0;
  std::uint32_t handler_ = 0;
  std::uint32_t epilogue_ = 0;
};

class Page {
 public:
  explicit Page(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  void set(std::uint32_t offset, std::uint32_t value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
  }

 private:
  std::vector<std::uint8_t>& bytes_;
};

std::uint32_t word_at(const std::vector<std::uint8_t>& bytes, std::uint32_t offset) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string name_of(std::uint32_t offset) {
  const std::uint32_t index = offset / 4;
  if (offset >= slot::scratch) return fmt::format("scratch memory +0x{:03x}", offset - slot::scratch);
  if (offset >= slot::final_optional_csrs) {
    return fmt::format("optional CSR {}", (offset - slot::final_optional_csrs) / 4);
  }
  if (offset >= slot::log_end) return fmt::format("data page +0x{:03x}", offset);
  if (offset >= slot::log) {
    constexpr std::array<const char*, 4> fields = {"mcause", "mepc", "mtval", "mstatus"};
    return fmt::format("{} of trap {}", fields[index % 4], (offset - slot::log) / slot::log_entry_bytes);
  }
  if (offset >= slot::final_f) return fmt::format("f{}", index - slot::final_f / 4);
  if (offset >= slot::final_x) return fmt::format("x{}", index - slot::final_x / 4);
  const std::uint32_t number = index - slot::final_csrs / 4;
  if (offset >= slot::final_csrs && number < dumped_csrs.size()) return csr::name(dumped_csrs[number]);
  if (offset == slot::final_fcsr) return "fcsr";
  if (offset == slot::log_position) return "number of traps";
  return fmt::format("data page +0x{:03x}", offset);
}

std::uint32_t retired(const std::vector<std::uint8_t>& page) {
  return word_at(page, slot::retired_after) - word_at(page, slot::retired_before);
}

// A single-precision instruction with a rounding mode: with the registers on, only that can make it illegal.
bool is_rounded(std::uint32_t instruction) {
  constexpr std::uint32_t single = 0;
  const auto major = static_cast<std::uint32_t>(hart::opcode(instruction));
  const std::uint32_t funct7 = hart::field_funct7(instruction);
  if ((funct7 & 3u) != single) return false;
  if (major >= 0x43 && major <= 0x4F) return (major & 3u) == 3u;  // fmadd to fnmadd
  if (major != static_cast<std::uint32_t>(opcode_float)) return false;
  const std::uint32_t rs2 = hart::field_rs2(instruction);
  const bool arithmetic = funct7 <= 0x0C;  // fadd, fsub, fmul, fdiv
  const bool square_root = funct7 == 0x2C && rs2 == 0;
  const bool conversion = (funct7 == 0x60 || funct7 == 0x68) && rs2 < 2;
  return arithmetic || square_root || conversion;
}

// QEMU counts a trapped instruction if it knows of the trap when it translates; not if a memory access, a CSR
// access, the level of mret or wfi, or a rounding mode turns out to be wrong.
bool counted_by_qemu(std::uint32_t cause, std::uint32_t value, std::uint32_t mstatus) {
  if (cause == hart::cause::fetch_misaligned || cause == hart::cause::breakpoint) return true;
  if (cause == hart::cause::machine_ecall || cause == hart::cause::user_ecall) return true;
  if (cause != hart::cause::illegal_instruction) return false;
  const bool is_csr = hart::opcode(value) == Opcode::system && (hart::field_funct3(value) & 3u) != 0;
  const bool wrong_mode = (mstatus & mstatus_fs) != 0 && is_rounded(value);
  const bool wrong_level = value == hart::word::mret || value == hart::word::wfi;
  return !is_csr && !wrong_mode && !wrong_level;
}

std::uint32_t counted_traps(const std::vector<std::uint8_t>& page) {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < trap_count(page); ++i) {
    const std::uint32_t entry = slot::log + i * slot::log_entry_bytes;
    const bool counted =
        counted_by_qemu(word_at(page, entry), word_at(page, entry + 8), word_at(page, entry + 12));
    count += counted ? 1 : 0;
  }
  return count;
}

bool free_to_differ(const std::vector<std::uint8_t>& page, std::uint32_t offset) {
  if (offset == slot::retired_before || offset == slot::retired_after) return true;
  const bool is_mtval = offset >= slot::log && offset < slot::log_end && offset % slot::log_entry_bytes == 8;
  if (!is_mtval) return false;
  // The privileged architecture allows 0 (QEMU) and the address (here) for a breakpoint. For a misaligned
  // jump, QEMU 7.2 shows where its translation block starts.
  const std::uint32_t cause = word_at(page, offset - 8);
  return cause == hart::cause::breakpoint || cause == hart::cause::fetch_misaligned;
}

}  // namespace

std::array<ProtectionAddress, frame_entries> frame_pmpaddr() {
  constexpr std::uint32_t scratch = slot::data_page + slot::scratch;
  constexpr std::uint32_t power_off_bytes = 32;
  return {{{0, true},
           {scratch >> 2, true},
           {finisher >> 2, false},
           {(slot::bytes >> 2) + (power_off_bytes >> 3) - 1, true}}};
}

std::uint32_t trap_count(const std::vector<std::uint8_t>& data_page) {
  const std::uint32_t end = word_at(data_page, slot::log_position) & (slot::data_page - 1);
  return (end - slot::log) / slot::log_entry_bytes;
}

void Program::emit(std::uint32_t instruction) {
  emit16(instruction & 0xFFFFu);
  emit16(instruction >> 16);
}

void Program::emit16(std::uint32_t parcel) { units.back().push_back(static_cast<std::uint16_t>(parcel)); }

std::uint32_t Program::body_bytes() const {
  std::size_t parcels = 0;
  for (const auto& unit : units) parcels += unit.size();
  return static_cast<std::uint32_t>(2 * parcels);
}

Program Program::truncated(std::size_t unit) const {
  Program result = *this;
  std::uint32_t offset = slot::body;
  const std::uint32_t epilogue = Frame(*this).epilogue_offset();
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::vector<std::uint16_t>& parcels = result.units[i];
    if (i >= unit) {
      std::fill(parcels.begin(), parcels.end(), static_cast<std::uint16_t>(c_nop));
      if (parcels.size() >= 2) {
        const std::uint32_t leave = jal(zero, at(epilogue - offset));
        parcels[0] = static_cast<std::uint16_t>(leave);
        parcels[1] = static_cast<std::uint16_t>(leave >> 16);
      }
    }
    offset += static_cast<std::uint32_t>(2 * parcels.size());
  }
  return result;
}

std::vector<std::uint8_t> slot_image(const Program& program, std::uint32_t base) {
  std::vector<std::uint8_t> bytes(slot::bytes);
  Page code(bytes);
  const Frame frame(program);
  for (std::size_t i = 0; i < frame.words().size(); ++i) {
    code.set(static_cast<std::uint32_t>(4 * i), frame.words()[i]);
  }
  std::uint32_t offset = slot::body;
  REQUIRE(program.body_bytes() <= slot::body_bytes);
  for (const auto& unit : program.units) {
    if (!unit.empty()) std::memcpy(bytes.data() + offset, unit.data(), 2 * unit.size());
    offset += static_cast<std::uint32_t>(2 * unit.size());
  }
  code.set(offset, jal(zero, at(frame.epilogue_offset() - offset)));

  const std::uint32_t data = slot::data_page;
  const std::uint32_t data_address = base + data;
  for (std::uint32_t i = 0; i < 32; ++i) {
    code.set(data + slot::initial_x + 4 * i, program.x[i]);
    code.set(data + slot::initial_f + 4 * i, program.f[i]);
  }
  code.set(data + slot::initial_x + 4 * sp, data_address + slot::sp_offset);
  code.set(data + slot::initial_x + 4 * s0, data_address + slot::s0_offset);
  code.set(data + slot::log_position, data_address + slot::log);
  code.set(data + slot::fuel, 40);
  code.set(data + slot::handler, base + frame.handler_offset());
  code.set(data + slot::initial_csrs, program.mstatus | mpp | (program.single_float ? mstatus_fs : 0));
  code.set(data + slot::initial_fcsr, program.fcsr);
  code.set(data + slot::initial_csrs + 4, program.mscratch);
  const std::vector<std::uint32_t> optional = optional_values(program, base);
  for (std::size_t i = 0; i < optional.size(); ++i) {
    code.set(data + slot::initial_optional_csrs + static_cast<std::uint32_t>(4 * i), optional[i]);
  }
  for (std::uint32_t i = 0; i < slot::scratch_bytes; i += 4) {
    code.set(data + slot::scratch + i, (i + program.mscratch) * 2654435761u);
  }
  return bytes;
}

std::string difference(const std::vector<std::uint8_t>& here, const std::vector<std::uint8_t>& qemu) {
  for (std::uint32_t offset = 0; offset < here.size(); offset += 4) {
    const std::uint32_t a = word_at(here, offset);
    const std::uint32_t b = word_at(qemu, offset);
    if (a == b || free_to_differ(here, offset)) continue;
    return fmt::format("{}: here 0x{:08x}, QEMU 0x{:08x}", name_of(offset), a, b);
  }
  const std::uint32_t expected = retired(qemu) - counted_traps(qemu);
  if (retired(here) == expected) return "";
  return fmt::format("instructions retired: here {}, QEMU {}", retired(here), expected);
}

std::string listing(const Program& program, std::uint32_t base) {
  std::string text;
  std::uint32_t pc = base + slot::body;
  for (std::size_t i = 0; i < program.units.size(); ++i) {
    const std::vector<std::uint16_t>& parcels = program.units[i];
    for (std::size_t p = 0; p < parcels.size();) {
      const bool full = (parcels[p] & 3u) == 3u && p + 1 < parcels.size();
      const std::uint32_t word = parcels[p] | (full ? static_cast<std::uint32_t>(parcels[p + 1]) << 16 : 0u);
      text += fmt::format("{:4}  {:08x}: {:>8x}  {}\n", i, pc, word, hart::disassemble(word, pc));
      p += full ? 2 : 1;
      pc += full ? 4 : 2;
    }
  }
  return text;
}

}  // namespace weft::test
