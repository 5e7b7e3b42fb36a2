// SPDX-License-Identifier: Apache-2.0
// Speed of the hart inside SystemC: host time of one register read over TLM, and what the shell adds to the
// instruction-set simulator. `items_per_second` is reads or instructions a second of CPU time.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "models/bus/bus.h"
#include "models/clint/clint.h"
#include "models/hart/encoding.h"
#include "models/hart/hart.h"
#include "models/memory/memory.h"
#include "models/syscon/syscon.h"

namespace {

using namespace weft;
using hart::encode_b;
using hart::encode_i;
using hart::encode_j;
using hart::encode_u;
using hart::Opcode;

constexpr std::uint64_t ram_base = 0x80000000;
constexpr std::uint64_t ram_size = 1u << 20;
constexpr std::uint64_t clint_base = 0x02000000;
constexpr std::uint64_t syscon_base = 0x00110000;
constexpr std::uint32_t a0 = 10;
constexpr std::uint32_t s1 = 9;
constexpr unsigned reads_a_round = 8;

// Reads one word over and over.
std::vector<std::uint32_t> read_loop(std::uint64_t address) {
  const auto low = static_cast<std::uint32_t>(address) & 0xfffu;
  // The load's offset is signed.
  const std::uint32_t high = static_cast<std::uint32_t>(address) + 0x800u;
  std::vector<std::uint32_t> program{encode_u(Opcode::lui, s1, high)};
  for (unsigned i = 0; i < reads_a_round; ++i) program.push_back(encode_i(Opcode::load, a0, 2, s1, low));
  program.push_back(encode_j(0, static_cast<std::uint32_t>(-4 * static_cast<int>(reads_a_round))));
  return program;
}

std::vector<std::uint32_t> add_loop() {
  std::vector<std::uint32_t> program(7, encode_i(Opcode::op_imm, a0, 0, a0, 1));
  program.push_back(encode_j(0, static_cast<std::uint32_t>(-28)));
  return program;
}

// Host subsystem in small: RAM with direct access, and two blocks of registers behind the bus.
class Board : public sc_core::sc_module {
 public:
  explicit Board(const std::vector<std::uint32_t>& program)
      : sc_module(sc_core::sc_module_name("board")),
        bus_("bus", bus_config(), context_),
        ram_("ram", ram_config(), context_),
        clint_("clint", {}, context_),
        syscon_("syscon", {}, context_),
        hart_("hart", hart_config(), context_) {
    hart_.fetch_socket.bind(bus_.inputs[0]);
    hart_.data_socket.bind(bus_.inputs[1]);
    bus_.to("ram").bind(ram_.socket);
    bus_.to("clint").bind(clint_.socket);
    bus_.to("syscon").bind(syscon_.socket);
    clint_.software[0].bind(software_);
    clint_.timer[0].bind(timer_);
    hart_.software_interrupt.bind(software_);
    hart_.timer_interrupt.bind(timer_);
    hart_.external_interrupt.bind(external_);
    ram_.load(0, program.data(), 4 * program.size());
  }

  std::uint64_t instructions() const { return hart_.core().instructions(); }

 private:
  static bus::BusConfig bus_config() {
    bus::BusConfig config;
    config.initiators = 2;
    config.latency = sc_core::sc_time(1, sc_core::SC_NS);
    config.regions = {
        {"ram", ram_base, ram_size}, {"clint", clint_base, 0x10000}, {"syscon", syscon_base, 0x1000}};
    return config;
  }
  static memory::MemoryConfig ram_config() {
    memory::MemoryConfig config;
    config.size = ram_size;
    return config;
  }
  static hart::HartConfig hart_config() {
    hart::HartConfig config;
    config.core.reset_pc = ram_base;
    config.starts_running = true;
    return config;
  }

  Context context_;
  bus::Bus bus_;
  memory::Memory ram_;
  clint::Clint clint_;
  syscon::Syscon syscon_;
  hart::Hart hart_;
  sc_core::sc_signal<bool> software_;
  sc_core::sc_signal<bool> timer_;
  sc_core::sc_signal<bool> external_;
};

void fresh_kernel() {
  // The old kernel stays: deleting one that has run is not safe.
  sc_core::sc_curr_simcontext = new sc_core::sc_simcontext();
  sc_core::sc_default_global_context = sc_core::sc_curr_simcontext;
}

std::uint64_t run(benchmark::State& state, const std::vector<std::uint32_t>& program) {
  fresh_kernel();
  Board board(program);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  const std::uint64_t first = board.instructions();
  for (auto _ : state) sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_US));
  return board.instructions() - first;
}

void count_reads(benchmark::State& state, std::uint64_t instructions) {
  const std::uint64_t reads = instructions * reads_a_round / (reads_a_round + 1);
  state.SetItemsProcessed(static_cast<std::int64_t>(reads));
  state.counters["host_time_a_read"] = benchmark::Counter(
      static_cast<double>(reads), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void read_constant_register(benchmark::State& state) {
  count_reads(state, run(state, read_loop(syscon_base)));
}
void read_timer(benchmark::State& state) { count_reads(state, run(state, read_loop(clint_base + 0xbff8))); }
void integer_loop(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(run(state, add_loop())));
}

BENCHMARK(read_constant_register);
BENCHMARK(read_timer);
BENCHMARK(integer_loop);

}  // namespace

// libsystemc demands it; never called.
int sc_main(int, char*[]) { return 0; }

BENCHMARK_MAIN();
