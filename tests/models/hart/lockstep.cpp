// SPDX-License-Identifier: Apache-2.0
// Random programs on this core and on QEMU's RISC-V core (libunicorn): same registers, pc and memory.
// libunicorn 2.0 has no bit manipulation, and minimum and maximum of an older manual: see qemu.h for those.
#include <catch2/catch.hpp>

#include "tests/support/skip.h"

#ifndef WEFT_HAVE_UNICORN

TEST_CASE("random programs end in the same state as on QEMU's core") {
  WEFT_SKIP("libunicorn is not installed (Debian package libunicorn-dev)");
}

#else

#include <unicorn/unicorn.h>

#include <array>
#include <cstring>

#include "models/common/counter_rng.h"
#include "models/hart/disassemble.h"
#include "models/hart/float_encoding.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr std::uint64_t seed = 4711;
constexpr std::uint32_t data_bytes = 0x1000;
constexpr std::uint32_t sequences = 6000;
constexpr std::uint32_t sequence_bytes = 256;
constexpr std::uint32_t oracle_code_bytes = 0x200000;
static_assert(sequences * sequence_bytes <= oracle_code_bytes, "every sequence at an address of its own");

// x2 (for the stack-relative compressed forms) and x8 hold addresses of the data and are never written.
constexpr std::uint32_t pointer = s0;

class Oracle {
 public:
  Oracle() {
    REQUIRE(uc_open(UC_ARCH_RISCV, UC_MODE_RISCV32, &engine_) == UC_ERR_OK);
    REQUIRE(uc_mem_map(engine_, ram_base, oracle_code_bytes, UC_PROT_ALL) == UC_ERR_OK);
    REQUIRE(uc_mem_map(engine_, oracle_data, data_bytes, UC_PROT_ALL) == UC_ERR_OK);
  }
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;
  ~Oracle() { uc_close(engine_); }

  static constexpr std::uint32_t oracle_data = 0x20000000;

  void write(std::uint32_t address, const void* bytes, std::size_t count) {
    REQUIRE(uc_mem_write(engine_, address, bytes, count) == UC_ERR_OK);
  }
  void read(std::uint32_t address, void* bytes, std::size_t count) {
    REQUIRE(uc_mem_read(engine_, address, bytes, count) == UC_ERR_OK);
  }
  void set_x(unsigned i, std::uint32_t value) {
    uc_reg_write(engine_, UC_RISCV_REG_X0 + static_cast<int>(i), &value);
  }
  std::uint32_t x(unsigned i) {
    std::uint32_t value = 0;
    uc_reg_read(engine_, UC_RISCV_REG_X0 + static_cast<int>(i), &value);
    return value;
  }
  void set_f(unsigned i, std::uint32_t value) {
    const std::uint64_t boxed = 0xFFFFFFFF00000000u | value;
    uc_reg_write(engine_, UC_RISCV_REG_F0 + static_cast<int>(i), &boxed);
  }
  std::uint32_t f(unsigned i) {
    std::uint64_t boxed = 0;
    uc_reg_read(engine_, UC_RISCV_REG_F0 + static_cast<int>(i), &boxed);
    return static_cast<std::uint32_t>(boxed);
  }
  uc_err run(std::uint32_t from, std::uint32_t until) { return uc_emu_start(engine_, from, until, 0, 200); }

 private:
  uc_engine* engine_ = nullptr;
};

// Random instructions; jumps only go forwards and to instructions, so every sequence ends: at a vendor
// instruction, which only this core executes.
class Generator {
 public:
  explicit Generator(std::uint32_t sequence) : rng_(seed, sequence, 0) {}

  std::vector<std::uint16_t> sequence() {
    units_.emplace_back();
    emit(lui(5, 0x6000));  // mstatus.FS: dirty
    emit(csrrs(zero, hart::csr::mstatus, 5));
    emit(csrrwi(zero, hart::csr::fcsr, rng_.below(32)));  // some flags
    emit(csrrwi(zero, hart::csr::frm, rng_.below(5)));
    std::size_t parcels = units_.back().parcels.size();
    while (parcels < 100) {
      units_.emplace_back();
      instruction();
      parcels += units_.back().parcels.size();
    }
    for (int i = 0; i < 8; ++i) units_.push_back({{static_cast<std::uint16_t>(c_nop)}, {}});
    emit(csrr(31, hart::csr::fcsr));
    return link();
  }

  std::uint32_t random_value() {
    constexpr std::array<std::uint32_t, 8> corners = {0,          1,  0xFFFFFFFF, 0x80000000,
                                                      0x7FFFFFFF, 31, 32,         0x8000};
    return rng_.below(3) == 0 ? corners[rng_.below(8)] : rng_.next_u32();
  }

  std::uint32_t random_float() {
    const std::uint32_t value = rng_.next_u32();
    const std::uint32_t moderate = (110 + rng_.below(36)) << 23;
    return rng_.below(4) == 0 ? value : (value & 0x807FFFFFu) | moderate;
  }

 private:
  std::uint32_t any() { return rng_.below(32); }
  std::uint32_t immediate() { return rng_.below(4096); }
  // Anything but the two pointers; x0 included.
  std::uint32_t target() {
    const std::uint32_t r = rng_.below(32);
    return r == pointer || r == sp ? 5u : r;
  }
  // x9 to x15.
  std::uint32_t compressed_target() { return 1 + rng_.below(7); }

  static void append(std::vector<std::uint16_t>& parcels, std::uint32_t word) {
    parcels.push_back(static_cast<std::uint16_t>(word));
    parcels.push_back(static_cast<std::uint16_t>(word >> 16));
  }
  void emit(std::uint32_t word) { append(units_.back().parcels, word); }
  void emit16(std::uint32_t parcel) { units_.back().parcels.push_back(static_cast<std::uint16_t>(parcel)); }

  void instruction() {
    switch (rng_.below(14)) {
      case 0:
        emit(hart::encode_u(rng_.below(2) == 0 ? Opcode::lui : Opcode::auipc, target(), rng_.next_u32()));
        break;
      case 1:
      case 2:
        operate_immediate();
        break;
      case 3:
        operate();
        break;
      case 4:
        emit(op(rng_.below(8), 1, target(), any(), any()));
        break;
      case 5:
        load_or_store();
        break;
      case 6:
        branch_forward();
        break;
      case 7:
        atomic();
        break;
      case 8:
        compressed_memory();
        break;
      case 9:
      case 10:
        float_operation();
        break;
      case 11:
        float_memory();
        break;
      default:
        compressed();
        break;
    }
  }

  void operate_immediate() {
    const std::uint32_t funct3 = rng_.below(8);
    std::uint32_t value = immediate();
    if (funct3 == 1) value &= 31u;
    if (funct3 == 5) value &= 0x41Fu;
    emit(hart::encode_i(Opcode::op_imm, target(), funct3, any(), value));
  }

  void operate() {
    const std::uint32_t funct3 = rng_.below(8);
    const bool alternative = (funct3 == 0 || funct3 == 5) && rng_.below(2) == 0;
    emit(op(funct3, alternative ? 0x20 : 0, target(), any(), any()));
  }

  void load_or_store() {
    constexpr std::array<std::uint32_t, 5> loads = {0, 1, 2, 4, 5};
    const bool is_store = rng_.below(2) == 0;
    const std::uint32_t funct3 = is_store ? rng_.below(3) : loads[rng_.below(5)];
    const auto offset = static_cast<std::int32_t>((immediate() >> (funct3 & 3u)) << (funct3 & 3u)) - 2048;
    emit(is_store ? store(funct3, any(), offset, pointer) : load(funct3, target(), offset, pointer));
  }

  // The offset is known when everything behind is.
  void branch_forward() {
    constexpr std::array<std::uint32_t, 6> kinds = {0, 1, 4, 5, 6, 7};
    const std::uint32_t kind = rng_.below(5);
    const std::uint32_t rd = target();
    const std::uint32_t rs1 = any();
    const std::uint32_t rs2 = any();
    const std::uint32_t funct3 = kinds[rng_.below(6)];
    units_.back().jump = [=](std::int32_t distance) -> std::vector<std::uint32_t> {
      if (kind == 0) return {jal(rd, distance)};
      if (kind == 1) return {auipc(t0, 0), jalr(rd, distance, t0)};
      return {branch(funct3, rs1, rs2, distance)};
    };
    for (const std::uint32_t word : units_.back().jump(0)) emit(word);
  }

  std::vector<std::uint16_t> link() {
    std::vector<std::uint16_t> result;
    for (std::size_t i = 0; i < units_.size(); ++i) {
      if (units_[i].jump) {
        const std::size_t target = std::min(units_.size() - 1, i + 1 + rng_.below(8));
        std::size_t parcels = 0;
        for (std::size_t j = i; j < target; ++j) parcels += units_[j].parcels.size();
        const std::vector<std::uint32_t> words = units_[i].jump(static_cast<std::int32_t>(2 * parcels));
        units_[i].parcels.clear();
        for (const std::uint32_t word : words) append(units_[i].parcels, word);
      }
      result.insert(result.end(), units_[i].parcels.begin(), units_[i].parcels.end());
    }
    append(result, custom_0);
    return result;
  }

  void atomic() {
    constexpr std::array<std::uint32_t, 9> kinds = {0, 1, 4, 8, 12, 16, 20, 24, 28};
    if (rng_.below(4) != 0) {
      emit(amo(kinds[rng_.below(9)], target(), any(), pointer) | (rng_.below(4) << 25));
      return;
    }
    emit(lr_w(target(), pointer));
    emit(sc_w(target(), any(), pointer));
  }

  void float_operation() {
    constexpr std::array<Opcode, 4> fused = {Opcode::madd, Opcode::msub, Opcode::nmsub, Opcode::nmadd};
    constexpr std::array<std::uint32_t, 6> modes = {0, 1, 2, 3, 4, hart::dynamic_rounding};
    const std::uint32_t mode = modes[rng_.below(6)];
    switch (rng_.below(9)) {
      case 0:
      case 1:
        emit(multiply_add(fused[rng_.below(4)], mode, any(), any(), any(), any()));
        break;
      case 2:
      case 3:
        emit(op_fp(rng_.below(4) << 2, mode, any(), any(), any()));
        break;
      case 4:
        emit(op_fp(hart::funct7_fsqrt, mode, any(), any(), 0));
        break;
      case 5:
        emit(op_fp(hart::funct7_fcvt_from_integer, mode, any(), any(), rng_.below(2)));
        break;
      case 6:
        emit(op_fp(hart::funct7_fcvt_to_integer, mode, target(), any(), rng_.below(2)));
        break;
      case 7:
        emit(op_fp(hart::funct7_fcompare, rng_.below(3), target(), any(), any()));
        break;
      default:
        move_float();
        break;
    }
  }

  void move_float() {
    switch (rng_.below(4)) {
      case 0:
        emit(op_fp(hart::funct7_fmv_to_integer_fclass, rng_.below(2), target(), any(), 0));
        break;
      case 1:
        emit(fmv_w_x(any(), any()));
        break;
      default:
        emit(op_fp(hart::funct7_fsgnj, rng_.below(3), any(), any(), any()));
        break;
    }
  }

  void float_memory() {
    const std::uint32_t word = rng_.below(64);
    const std::int32_t offset = static_cast<std::int32_t>(immediate() & ~3u) - 2048;
    switch (rng_.below(6)) {
      case 0:
        emit(flw(any(), offset, pointer));
        break;
      case 1:
        emit(fsw(any(), offset, pointer));
        break;
      case 2:  // c.flwsp
        emit16(0x6002u | any() << 7 | (word & 7u) << 4 | (word >> 3 & 1u) << 12 | (word >> 4) << 2);
        break;
      case 3:  // c.fswsp
        emit16(0xE002u | any() << 2 | (word & 15u) << 9 | (word >> 4) << 7);
        break;
      case 4:  // c.flw from x8
        emit16(0x6000u | rng_.below(8) << 2 | rng_.below(8) << 10 | rng_.below(4) << 5);
        break;
      default:  // c.fsw to x8
        emit16(0xE000u | rng_.below(8) << 2 | rng_.below(8) << 10 | rng_.below(4) << 5);
        break;
    }
  }

  void compressed_memory() {
    const std::uint32_t word = rng_.below(64);
    switch (rng_.below(4)) {
      case 0:  // c.lwsp
        emit16(0x4002u | (compressed_target() + 8) << 7 | (word & 7u) << 4 | (word >> 3 & 1u) << 12 |
               (word >> 4) << 2);
        break;
      case 1:  // c.swsp
        emit16(0xC002u | any() << 2 | (word & 15u) << 9 | (word >> 4) << 7);
        break;
      case 2:  // c.lw from x8
        emit16(0x4000u | compressed_target() << 2 | rng_.below(8) << 10 | rng_.below(2) << 5 |
               rng_.below(2) << 6);
        break;
      default:  // c.sw to x8
        emit16(0xC000u | rng_.below(8) << 2 | rng_.below(8) << 10 | rng_.below(2) << 5 | rng_.below(2) << 6);
        break;
    }
  }

  void compressed() {
    const std::uint32_t rd = compressed_target() + 8;
    const std::uint32_t low = compressed_target();
    switch (rng_.below(9)) {
      case 0:
        emit16(0x0001u | rd << 7 | rng_.below(32) << 2 | rng_.below(2) << 12);  // c.addi
        break;
      case 1:
        emit16(0x4001u | rd << 7 | rng_.below(32) << 2 | rng_.below(2) << 12);  // c.li
        break;
      case 2:
        emit16(0x6001u | rd << 7 | (1 + rng_.below(31)) << 2 | rng_.below(2) << 12);  // c.lui
        break;
      case 3:
        emit16(0x8001u | low << 7 | rng_.below(2) << 10 | (1 + rng_.below(31)) << 2);  // c.srli, c.srai
        break;
      case 4:
        emit16(0x8801u | low << 7 | rng_.below(32) << 2 | rng_.below(2) << 12);  // c.andi
        break;
      case 5:
        emit16(0x8C01u | low << 7 | rng_.below(4) << 5 | rng_.below(8) << 2);  // c.sub, c.xor, c.or, c.and
        break;
      case 6:
        emit16(0x0002u | rd << 7 | (1 + rng_.below(31)) << 2);  // c.slli
        break;
      case 7:
        emit16(0x8002u | rng_.below(2) << 12 | rd << 7 | (1 + rng_.below(31)) << 2);  // c.mv, c.add
        break;
      default:
        emit16(0x0000u | low << 2 | (1 + rng_.below(255)) << 5);  // c.addi4spn
        break;
    }
  }

  // What branches may aim at: an instruction, or a pair that belongs together.
  struct Unit {
    std::vector<std::uint16_t> parcels;
    std::function<std::vector<std::uint32_t>(std::int32_t)> jump;
  };

  weft::CounterRng rng_;
  std::vector<Unit> units_;
};

// This core's machine: code at the address of the sequence, data at the oracle's address.
class Twin : public Machine {
 public:
  using Machine::Machine;
  hart::DirectMemory direct(std::uint32_t address) override {
    if (!direct_memory) return {};
    if (address - Oracle::oracle_data < data_bytes) {
      return {data.data(), Oracle::oracle_data, Oracle::oracle_data + data_bytes - 1, true, true};
    }
    if (address - origin >= sequence_bytes) return {};
    return {ram.data(), origin, origin + sequence_bytes - 1, true, true};
  }
  hart::AccessStatus load(std::uint32_t address, unsigned size, std::uint32_t& value) override {
    if (address - Oracle::oracle_data >= data_bytes) return hart::AccessStatus::fault;
    std::memcpy(&value, data.data() + (address - Oracle::oracle_data), size);
    return hart::AccessStatus::ok;
  }
  hart::AccessStatus store(std::uint32_t address, unsigned size, std::uint32_t value) override {
    if (address - Oracle::oracle_data >= data_bytes) return hart::AccessStatus::fault;
    std::memcpy(data.data() + (address - Oracle::oracle_data), &value, size);
    return hart::AccessStatus::ok;
  }
  hart::AccessStatus fetch(std::uint32_t address, std::uint16_t& parcel) override {
    if (address - origin >= sequence_bytes) return hart::AccessStatus::fault;
    std::memcpy(&parcel, ram.data() + (address - origin), sizeof parcel);
    return hart::AccessStatus::ok;
  }

  std::uint32_t origin = 0;
  std::vector<std::uint8_t> data = std::vector<std::uint8_t>(data_bytes);
};

std::string listing(const std::vector<std::uint16_t>& parcels, std::uint32_t pc) {
  std::string text;
  for (std::size_t i = 0; i + 1 < parcels.size();) {
    const std::uint32_t word = parcels[i] | static_cast<std::uint32_t>(parcels[i + 1]) << 16;
    const auto address = pc + static_cast<std::uint32_t>(2 * i);
    text += std::to_string(2 * i) + ": " + hart::disassemble(word, address) + "\n";
    i += hart::instruction_length(parcels[i]) / 2;
  }
  return text;
}

// Data pointers of a sequence: x8 in the middle, x2 where the unsigned offsets stay inside.
constexpr std::uint32_t pointer_value = Oracle::oracle_data + 0x800;
constexpr std::uint32_t stack_value = Oracle::oracle_data + 0x400;

}  // namespace

TEST_CASE("random programs end in the same state as on QEMU's core") {
  Oracle oracle;
  std::uint64_t executed = 0;
  for (std::uint32_t sequence = 0; sequence < sequences; ++sequence) {
    Generator generator(sequence);
    const std::vector<std::uint16_t> parcels = generator.sequence();
    const std::uint32_t origin = ram_base + sequence * sequence_bytes;
    const auto end = origin + static_cast<std::uint32_t>(2 * parcels.size() - 4);

    hart::CoreConfig config;
    config.enable_cache = sequence % 3 != 1;
    config.single_float = true;
    Twin twin(config, sequence % 3 != 2);
    twin.origin = origin;
    std::memcpy(twin.ram.data(), parcels.data(), 2 * parcels.size());
    for (std::uint32_t i = 0; i < data_bytes; i += 4) {
      const std::uint32_t value = i * 2654435761u + sequence;
      std::memcpy(twin.data.data() + i, &value, sizeof value);
    }
    oracle.write(origin, parcels.data(), 2 * parcels.size());
    oracle.write(Oracle::oracle_data, twin.data.data(), data_bytes);
    for (unsigned i = 1; i < 32; ++i) {
      const std::uint32_t value = i == sp        ? stack_value
                                  : i == pointer ? pointer_value
                                                 : generator.random_value();
      twin.core.set_x(i, value);
      oracle.set_x(i, value);
    }
    for (unsigned i = 0; i < 32; ++i) {
      const std::uint32_t value = generator.random_float();
      twin.core.set_f(i, value);
      oracle.set_f(i, value);
    }
    twin.core.set_pc(origin);
    twin.on_custom = [&twin](std::uint32_t) {
      twin.core.request_yield();
      return hart::CustomResult::retire();
    };
    const hart::StopReason reason = twin.core.run(1'000'000);
    const uc_err status = oracle.run(origin, end);

    INFO("seed " << seed << " sequence " << sequence << "\n" << listing(parcels, origin));
    REQUIRE(twin.traps.empty());
    REQUIRE(reason == hart::StopReason::yield);
    REQUIRE(twin.core.pc() == end + 4);
    REQUIRE(status == UC_ERR_OK);
    for (unsigned i = 0; i < 32; ++i) {
      CAPTURE(i);
      REQUIRE(twin.core.x(i) == oracle.x(i));
      REQUIRE(twin.core.f(i) == oracle.f(i));
    }
    std::vector<std::uint8_t> data(data_bytes);
    oracle.read(Oracle::oracle_data, data.data(), data.size());
    REQUIRE(twin.data == data);
    executed += twin.core.instructions();
  }
  CHECK(executed > 100000);
}

#endif
