// SPDX-License-Identifier: Apache-2.0
// Speed of the instruction-set simulator in million guest instructions a second, on loops of the kinds
// firmware is made of, interpreted and translated. `items_per_second` is instructions a second of CPU time.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "models/hart/core.h"
#include "models/hart/encoding.h"

namespace {

using weft::hart::AccessStatus;
using weft::hart::CsrStatus;
using weft::hart::CustomResult;
using weft::hart::encode_b;
using weft::hart::encode_i;
using weft::hart::encode_j;
using weft::hart::encode_r;
using weft::hart::encode_s;
using weft::hart::Opcode;

constexpr std::uint32_t base = 0x80000000;
constexpr std::uint32_t s0 = 8;
constexpr std::uint32_t s1 = 9;
constexpr std::uint32_t a0 = 10;
constexpr std::uint32_t a1 = 11;
constexpr std::uint32_t a2 = 12;
constexpr std::uint32_t a3 = 13;

constexpr std::uint32_t addi(std::uint32_t rd, std::uint32_t rs1, std::int32_t value) {
  return encode_i(Opcode::op_imm, rd, 0, rs1, static_cast<std::uint32_t>(value));
}
constexpr std::uint32_t operate(std::uint32_t funct3, std::uint32_t rd, std::uint32_t rs1,
                                std::uint32_t rs2) {
  return encode_r(Opcode::op, rd, funct3, rs1, rs2, 0);
}
constexpr std::uint32_t lw(std::uint32_t rd, std::uint32_t offset, std::uint32_t rs1) {
  return encode_i(Opcode::load, rd, 2, rs1, offset);
}
constexpr std::uint32_t sw(std::uint32_t rs2, std::uint32_t offset, std::uint32_t rs1) {
  return encode_s(Opcode::store, 2, rs1, rs2, offset);
}
constexpr std::uint32_t bne(std::uint32_t rs1, std::uint32_t rs2, std::int32_t offset) {
  return encode_b(1, rs1, rs2, static_cast<std::uint32_t>(offset));
}
constexpr std::uint32_t jal(std::uint32_t rd, std::int32_t offset) {
  return encode_j(rd, static_cast<std::uint32_t>(offset));
}

enum class Engine { uncached, interpreter, jit };

// RAM that is directly accessible and a device word behind the slow path.
class Board : public weft::hart::Environment {
 public:
  Board(const std::vector<std::uint32_t>& program, Engine engine)
      : ram_(1u << 20), core_(config(engine), *this) {
    std::memcpy(ram_.data(), program.data(), 4 * program.size());
    core_.set_x(s0, base + 0x8000);
    core_.set_x(s1, 0x10000000);
  }

  AccessStatus load(std::uint32_t, unsigned, std::uint32_t& value) override {
    value = 1;
    return AccessStatus::ok;
  }
  AccessStatus store(std::uint32_t, unsigned, std::uint32_t) override { return AccessStatus::ok; }
  AccessStatus fetch(std::uint32_t, std::uint16_t&) override { return AccessStatus::fault; }
  weft::hart::DirectMemory direct(std::uint32_t address) override {
    if (address < base) return {nullptr, 0, base - 1, false, false};
    return {ram_.data(), base, base + static_cast<std::uint32_t>(ram_.size()) - 1u, true, true};
  }
  std::uint64_t time() override { return 0; }
  CustomResult custom(std::uint32_t, weft::hart::Core&) override { return CustomResult::retire(); }
  CsrStatus csr_read(unsigned, std::uint32_t&) override { return CsrStatus::no_such_csr; }
  CsrStatus csr_write(unsigned, std::uint32_t) override { return CsrStatus::no_such_csr; }

  // Runs for the benchmark's time in slices of `quantum` cycles.
  void measure(benchmark::State& state, std::uint64_t quantum) {
    const std::uint64_t first = core_.instructions();
    for (auto _ : state) core_.run(core_.cycles() + quantum);
    state.SetItemsProcessed(static_cast<std::int64_t>(core_.instructions() - first));
  }

 private:
  static weft::hart::CoreConfig config(Engine engine) {
    weft::hart::CoreConfig result;
    result.reset_pc = base;
    result.enable_cache = engine != Engine::uncached;
    result.enable_jit = engine == Engine::jit;
    return result;
  }

  std::vector<std::uint8_t> ram_;
  weft::hart::Core core_;
};

const std::vector<std::uint32_t> alu_loop = {
    addi(a0, a0, 3),        operate(4, a1, a1, a0), operate(0, a2, a2, a1), operate(7, a3, a2, a0),
    operate(6, a1, a1, a3), addi(a2, a2, -1),       operate(0, a3, a3, a2), jal(0, -28)};

// Reads, adds and writes back consecutive words, as vector code does.
const std::vector<std::uint32_t> memory_loop = {lw(a0, 0, s0),   lw(a1, 4, s0),   operate(0, a0, a0, a1),
                                                sw(a0, 8, s0),   addi(a2, a2, 1), sw(a2, 12, s0),
                                                bne(a2, 0, -24), jal(0, -28)};

// Branches that go either way, blocks of two or three instructions.
const std::vector<std::uint32_t> branch_loop = {addi(a0, a0, 1), encode_i(Opcode::op_imm, a1, 7, a0, 3),
                                                bne(a1, 0, 8),   addi(a2, a2, 1),
                                                bne(a1, a2, 8),  addi(a3, a3, 1),
                                                jal(0, -24)};

const std::vector<std::uint32_t> device_loop = {lw(a0, 0, s1), bne(a0, 0, -4)};

// The same with some work in each round.
const std::vector<std::uint32_t> device_work_loop = {
    addi(a1, a1, 1), operate(4, a2, a2, a1), addi(a3, a3, 3), operate(0, a2, a2, a3),
    addi(a1, a1, 7), lw(a0, 0, s1),          addi(a2, a2, 1), bne(a0, 0, -28)};

// A function called from two places; it saves a register on the stack.
constexpr std::uint32_t ra = 1;
constexpr std::uint32_t ret = encode_i(Opcode::jalr, 0, 0, ra, 0);
const std::vector<std::uint32_t> call_loop = {
    jal(ra, 16),     addi(a1, a0, 1),        jal(ra, 8),    jal(0, -12), sw(a1, 0, s0),
    addi(a0, a0, 3), operate(4, a1, a1, a0), lw(a1, 0, s0), ret};

constexpr std::uint64_t quantum_default = 10000;

void alu(benchmark::State& state, Engine engine) { Board(alu_loop, engine).measure(state, quantum_default); }
void memory(benchmark::State& state, Engine engine) {
  Board(memory_loop, engine).measure(state, quantum_default);
}
void branches(benchmark::State& state, Engine engine) {
  Board(branch_loop, engine).measure(state, quantum_default);
}
void calls(benchmark::State& state, Engine engine) {
  Board(call_loop, engine).measure(state, quantum_default);
}
void device_polling(benchmark::State& state, Engine engine) {
  Board(device_loop, engine).measure(state, quantum_default);
}
void device_among_others(benchmark::State& state, Engine engine) {
  Board(device_work_loop, engine).measure(state, quantum_default);
}
void memory_by_quantum(benchmark::State& state, Engine engine) {
  Board(memory_loop, engine).measure(state, static_cast<std::uint64_t>(state.range(0)));
}

#define WEFT_BENCHMARK_BOTH(name)                       \
  BENCHMARK_CAPTURE(name, interp, Engine::interpreter); \
  BENCHMARK_CAPTURE(name, jit, Engine::jit)

WEFT_BENCHMARK_BOTH(alu);
WEFT_BENCHMARK_BOTH(memory);
WEFT_BENCHMARK_BOTH(branches);
WEFT_BENCHMARK_BOTH(calls);
WEFT_BENCHMARK_BOTH(device_polling);
WEFT_BENCHMARK_BOTH(device_among_others);
BENCHMARK_CAPTURE(memory_by_quantum, interp, Engine::interpreter)->Arg(100)->Arg(1000)->Arg(100000);
BENCHMARK_CAPTURE(memory_by_quantum, jit, Engine::jit)->Arg(100)->Arg(1000)->Arg(100000);
BENCHMARK_CAPTURE(memory, uncached, Engine::uncached);

}  // namespace

BENCHMARK_MAIN();
