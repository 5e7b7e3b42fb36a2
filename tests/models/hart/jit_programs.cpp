// SPDX-License-Identifier: Apache-2.0
// Whole programs on the just-in-time back end: the same end as instruction by instruction without a cache.
#include <catch2/catch.hpp>

#include "models/common/counter_rng.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/hart/machine.h"

using namespace weft::test;
namespace hart = weft::hart;

namespace {

constexpr std::uint64_t seed = 271828;
constexpr std::uint32_t gp = 3;
constexpr std::uint32_t t3 = 28;

enum class Engine { uncached, interpreter, jit, late_jit, lockstep };
constexpr Engine fast_engines[] = {Engine::interpreter, Engine::jit, Engine::late_jit, Engine::lockstep};

hart::CoreConfig engine(Engine kind) {
  hart::CoreConfig config;
  config.enable_cache = kind != Engine::uncached;
  config.enable_jit = config.enable_cache && kind != Engine::interpreter;
  config.jit_threshold = kind == Engine::late_jit ? 5 : 1;
  config.lockstep = kind == Engine::lockstep;
  return config;
}

void require_same(const Machine& expected, const Machine& machine) {
  REQUIRE(machine.core.cycles() == expected.core.cycles());
  REQUIRE(machine.core.instructions() == expected.core.instructions());
  REQUIRE(machine.core.pc() == expected.core.pc());
  for (unsigned i = 0; i < 32; ++i) {
    CAPTURE(i);
    REQUIRE(machine.core.x(i) == expected.core.x(i));
  }
  REQUIRE(machine.ram == expected.ram);
}

// Segments of a few random instructions that end in a jump to any other: loops, calls and computed jumps
// that never end. x8 and x5 point to data, x3 holds return addresses, x28 is for computed jumps.
class Program {
 public:
  explicit Program(std::uint32_t round) : rng_(seed, round, 0) {
    std::vector<std::size_t> starts;
    for (unsigned segment = 0; segment < segments; ++segment) {
      starts.push_back(words_.size());
      const std::uint32_t length = rng_.below(7);
      for (std::uint32_t i = 0; i < length; ++i) words_.push_back(straight());
      const std::size_t end = words_.size();
      words_.insert(words_.end(), {nop, nop});
      jumps_.push_back({end, rng_.below(segments), rng_.below(8)});
    }
    // Behind the last segment: back to the first.
    words_.push_back(jal(zero, -4 * static_cast<std::int32_t>(words_.size())));
    for (const Jump& jump : jumps_) write_jump(jump, starts[jump.segment]);
  }

  const std::vector<std::uint32_t>& words() const { return words_; }

 private:
  static constexpr unsigned segments = 14;
  struct Jump {
    std::size_t at;
    std::size_t segment;
    std::uint32_t kind;
  };

  std::uint32_t any() {
    constexpr std::array<std::uint32_t, 10> registers = {0, 1, 2, 6, 9, 10, 11, 12, 17, 31};
    return registers[rng_.below(registers.size())];
  }

  std::uint32_t straight() {
    const std::uint32_t funct3 = rng_.below(8);
    const auto offset = 4 * static_cast<std::int32_t>(rng_.below(8));
    const std::uint32_t pointer = rng_.below(2) == 0 ? t0 : s0;
    switch (rng_.below(12)) {
      case 0:
        return op(funct3, 1, any(), any(), any());
      case 1:
      case 2:
        return lw(any(), offset, pointer);
      case 3:
        return store(rng_.below(3), any(), offset, pointer);
      case 4:
        return csrr(any(), rng_.below(2) == 0 ? hart::csr::mcycle : hart::csr::minstret);
      case 5:
        return rng_.below(4) == 0 ? sw(any(), 0, s1) : lw(any(), 0, s1);
      case 6:
        return amo(0, any(), any(), pointer);
      case 7:
      case 8:
        return op_imm(funct3, any(), any(),
                      static_cast<std::int32_t>(rng_.below(funct3 % 4 == 1 ? 32 : 2048)));
      default:
        return op(funct3, 0, any(), any(), any());
    }
  }

  void write_jump(const Jump& jump, std::size_t target) {
    const auto distance = 4 * (static_cast<std::int32_t>(target) - static_cast<std::int32_t>(jump.at));
    constexpr std::array<std::uint32_t, 6> kinds = {0, 1, 4, 5, 6, 7};
    std::uint32_t* const words = words_.data() + jump.at;
    switch (jump.kind) {
      case 0:
        words[0] = jal(gp, distance);
        break;
      case 1:
        words[0] = jalr(zero, 0, gp);
        break;
      case 2:
        words[0] = auipc(t3, 0);
        words[1] = jalr(rng_.below(2) == 0 ? zero : gp, distance, t3);
        break;
      default:
        words[0] = branch(kinds[rng_.below(6)], any(), any(), distance);
        break;
    }
  }

  weft::CounterRng rng_;
  std::vector<std::uint32_t> words_;
  std::vector<Jump> jumps_;
};

void run_sliced(Machine& machine, std::uint32_t round, std::uint32_t slicing, std::uint64_t limit) {
  weft::CounterRng rng(seed, round, 1 + slicing);
  const std::uint32_t longest = slicing == 0 ? 100000 : slicing == 1 ? 300 : 9;
  while (machine.core.cycles() < limit) {
    machine.core.run(std::min(limit, machine.core.cycles() + 1 + rng.below(longest)));
  }
}

void prepare(Machine& machine, std::uint32_t round) {
  machine.program(Program(round).words());
  weft::CounterRng rng(seed, round, 100);
  for (unsigned i = 1; i < 32; ++i) machine.core.set_x(i, rng.next_u32());
  machine.core.set_x(t0, data_base);
  machine.core.set_x(s0, data_base + 16);
  machine.core.set_x(s1, device);
  machine.core.set_x(gp, ram_base);
  machine.on_device = [&machine] { machine.core.add_cycles(3); };
}

}  // namespace

TEST_CASE("cycles, instructions and state depend neither on the engine nor on slices") {
  std::uint64_t executed = 0;
  for (std::uint32_t round = 0; round < 150; ++round) {
    for (const std::uint64_t limit : {700u, 6001u}) {
      Machine reference(engine(Engine::uncached));
      prepare(reference, round);
      reference.core.run(limit);
      executed += reference.core.instructions();
      for (const Engine kind : fast_engines) {
        for (const std::uint32_t slicing : {0u, 1u, 2u}) {
          CAPTURE(seed, round, limit, static_cast<int>(kind), slicing);
          Machine machine(engine(kind));
          prepare(machine, round);
          run_sliced(machine, round, slicing, limit);
          require_same(reference, machine);
        }
      }
    }
  }
  CHECK(executed > 100'000);
}

TEST_CASE("one load and one store that wander over many direct regions find all of them") {
  // 16 banks of 256 bytes; every fourth is read-only for direct access, every eighth has none.
  class Banks : public Machine {
   public:
    using Machine::Machine;
    hart::DirectMemory direct(std::uint32_t address) override {
      if (address < data_base) return {ram.data(), ram_base, data_base - 1, true, true};
      if (address >= data_base + 0x1000) return {};
      const std::uint32_t start = address & ~0xFFu;
      if ((start & 0x700u) == 0x700) return {nullptr, start, start + 0xFF, false, false};
      return {ram.data() + (start - ram_base), start, start + 0xFF, true, (start & 0x300u) != 0x300};
    }
  };
  // Adds up and writes back one word of each bank in turn, then the next word of each.
  const std::vector<std::uint32_t> program = {
      addi(a3, a3, 1),  addi(a4, a4, 3),     xor_(a5, a5, a4),    lw(a0, 0, s0),
      add(a1, a1, a0),  add(a0, a0, a3),     sw(a0, 0, s0),       addi(s0, s0, 256),
      bne(s0, s1, -32), addi(s0, s0, -2044), addi(s0, s0, -2048), op_imm(7, t1, a3, 0x7FF),
      add(s1, s0, a2),  jal(zero, -52)};
  const auto prepare_banks = [&](Banks& machine) {
    machine.program(program);
    machine.core.set_x(s0, data_base);
    machine.core.set_x(a2, 0x1000);
    machine.core.set_x(s1, data_base + 0x1000);
    machine.core.run(20000);
  };
  Banks reference(engine(Engine::uncached));
  prepare_banks(reference);
  CHECK(reference.traps.empty());
  CHECK(reference.word(data_base + 0xFFC) != 0);
  for (const Engine kind : fast_engines) {
    Banks machine(engine(kind));
    prepare_banks(machine);
    CAPTURE(static_cast<int>(kind));
    require_same(reference, machine);
  }
}

TEST_CASE("memory around address 0 is reached through x0") {
  class Ends : public Machine {
   public:
    using Machine::Machine;
    hart::DirectMemory direct(std::uint32_t address) override {
      if (address < 0x800) return {ram.data() + 0x8000, 0, 0x7FF, true, true};
      if (address >= 0xFFFFF800) return {ram.data() + 0x8800, 0xFFFFF800, 0xFFFFFFFF, true, true};
      return Machine::direct(address);
    }
  };
  const std::vector<std::uint32_t> program = {addi(a0, a0, 1),    lw(a1, 0x40, zero), add(a1, a1, a0),
                                              sw(a1, 0x40, zero), lw(a2, -4, zero),   add(a2, a2, a1),
                                              sb(a2, -1, zero),   sh(zero, -2, zero), sw(a2, -2048, zero),
                                              lh(a3, -2, zero),   jal(zero, -40)};
  Ends reference(engine(Engine::uncached));
  reference.program(program);
  reference.core.run(1000);
  CHECK(reference.traps.empty());
  CHECK(reference.word(ram_base + 0x8800) != 0);
  for (const Engine kind : fast_engines) {
    CAPTURE(static_cast<int>(kind));
    Ends machine(engine(kind));
    machine.program(program);
    machine.core.run(1000);
    require_same(reference, machine);
  }
}

TEST_CASE("a loop that polls a device and later reads memory instead counts exactly all the way") {
  // Polls as often as s1 says, then goes over the same code with a pointer to memory.
  const std::vector<std::uint32_t> program = {nop,
                                              nop,
                                              nop,
                                              nop,
                                              addi(a1, a1, 1),
                                              addi(a2, a2, 2),
                                              addi(a3, a3, 3),
                                              addi(a4, a4, 4),
                                              lw(a0, 0, s0),
                                              add(a5, a5, a0),
                                              addi(s1, s1, -1),
                                              bne(s1, zero, -44),
                                              add(s0, t0, zero),
                                              add(s1, t1, zero),
                                              jal(zero, -56)};
  constexpr std::uint32_t polls = 1000;
  constexpr std::uint32_t reads = 300'000;
  for (const Engine kind : {Engine::interpreter, Engine::jit}) {
    Machine machine(engine(kind));
    machine.program(program);
    machine.device_value = 7;
    machine.set_word(data_base, 5);
    machine.core.set_x(s0, device);
    machine.core.set_x(s1, polls);
    machine.core.set_x(t0, data_base);
    machine.core.set_x(t1, reads);
    CAPTURE(static_cast<int>(kind));
    // Each round: 11 operations of 1 cycle and a load of 2, less the branch, which takes 3; the last falls
    // through. Then two moves and a jump.
    constexpr std::uint64_t first = std::uint64_t{polls} * 15 - 2 + 4;
    machine.core.run(first);
    CHECK(machine.core.cycles() == first);
    CHECK(machine.core.pc() == ram_base);
    CHECK(machine.accesses.size() == polls);
    CHECK(machine.core.instructions() == polls * 12 + 3);
    constexpr std::uint64_t second = first + std::uint64_t{reads} * 15 - 2 + 4;
    machine.core.run(second);
    CHECK(machine.core.cycles() == second);
    CHECK(machine.core.pc() == ram_base);
    CHECK(machine.accesses.size() == polls);
    CHECK(machine.core.x(a5) == 7 * polls + 5 * reads);
  }
}

TEST_CASE("user mode does not follow computed jumps of machine mode into code it must not execute") {
  for (const Engine kind : fast_engines) {
    hart::CoreConfig config = engine(kind);
    config.user_mode = true;
    config.pmp_entries = 4;
    Machine machine(config);
    constexpr std::uint32_t function = ram_base + 0x800;
    constexpr std::uint32_t handler = ram_base + 0x400;
    constexpr std::uint32_t mret = 0x30200073;
    machine.program({jalr(ra, 0, s1), addi(a0, a0, -1), bne(a0, zero, -8), mret});
    machine.program({addi(a1, a1, 1), jalr(zero, 0, ra)}, function);
    machine.program({jal(zero, 0)}, handler);
    machine.core.set_x(s1, function);
    machine.core.set_x(a0, 20);
    // User mode may execute the first 1024 bytes (naturally aligned power of two, read and execute).
    machine.set_csr(hart::csr::pmpaddr0, (ram_base >> 2) | 0x7F);
    machine.set_csr(hart::csr::pmpcfg0, 0x1D);
    machine.set_csr(hart::csr::mtvec, handler);
    machine.set_csr(hart::csr::mepc, ram_base);
    machine.set_csr(hart::csr::mstatus, 0);  // mret leads to user mode
    machine.core.run(1000);
    CAPTURE(static_cast<int>(kind));
    CHECK(machine.core.x(a1) == 20);
    REQUIRE(machine.traps.size() == 1);
    CHECK(machine.traps[0].cause == hart::cause::fetch_access);
    CHECK(machine.traps[0].pc == function);
  }
}

TEST_CASE("instructions of a million cycles and budgets beyond 32 bits are counted exactly") {
  for (const Engine kind : {Engine::interpreter, Engine::jit, Engine::lockstep}) {
    hart::CoreConfig config = engine(kind);
    config.costs.alu = 1'000'000;
    config.costs.jump = 999'999;
    Machine machine(config);
    std::vector<std::uint32_t> program(31, addi(a0, a0, 1));
    program.push_back(jal(zero, -31 * 4));
    machine.program(program);
    constexpr std::uint64_t rounds = 10'000;
    constexpr std::uint64_t cycles = rounds * 31'999'999;
    machine.core.run(cycles);
    CAPTURE(static_cast<int>(kind));
    CHECK(machine.core.cycles() == cycles);
    CHECK(machine.core.instructions() == 32 * rounds);
    CHECK(machine.core.x(a0) == 31 * rounds);
    CHECK(machine.core.pc() == ram_base);
  }
}

TEST_CASE("more translated code than there is room for still runs") {
  // The same 32 stores from every second byte of the program on: every start is a block of its own. Bytes
  // alternate between two direct regions, so that each store gets code for both.
  class Halves : public Machine {
   public:
    using Machine::Machine;
    hart::DirectMemory direct(std::uint32_t address) override {
      const std::uint32_t start = address & ~0x3FFFu;
      if (address < ram_base || address >= ram_base + ram_bytes) return {};
      return {ram.data() + (start - ram_base), start, start + 0x3FFF, true, true};
    }
  };
  Halves machine(engine(Engine::jit));
  std::vector<std::uint32_t> program(0x1F00, store(0, 6, 0, 7));
  machine.program(program);
  constexpr std::uint32_t blocks = 0x1E00;
  for (std::uint32_t i = 0; i < 2 * blocks; ++i) {
    const std::uint32_t where = ram_base + 0x8000 + (i & 1u) * 0x4000;
    machine.core.set_x(6, i & 0xFFu);
    machine.core.set_x(7, where);
    machine.core.set_pc(ram_base + 4 * (i / 2));
    machine.core.run(machine.core.cycles() + 32);
    REQUIRE(machine.core.pc() == ram_base + 4 * (i / 2) + 128);
    REQUIRE((machine.word(where) & 0xFFu) == (i & 0xFFu));
  }
  CHECK(machine.core.instructions() == 2 * blocks * 32);
  CHECK(machine.traps.empty());
}
