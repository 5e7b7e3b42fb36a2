// SPDX-License-Identifier: Apache-2.0
// Host time of vector commands as training programs issue them: 128 elements at a time.
#include <benchmark/benchmark.h>

#include <vector>

#include "models/common/counter_rng.h"
#include "models/hart/xweft_table.h"
#include "models/vector/elementwise.h"

namespace {

using weft::unit::Command;
using weft::unit::Format;
using weft::xweft::VectorCommand;

Command make(VectorCommand what, Format source, Format destination, unsigned shift, unsigned count = 1) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(what);
  command.format0 = source;
  command.format1 = source;
  command.format_dst = destination;
  command.length = 128;
  command.count = count;
  command.shift = shift;
  return command;
}

void run(benchmark::State& state, const Command& command) {
  const weft::vector::Elementwise elementwise;
  std::vector<std::uint8_t> src0(weft::vector::source_elements(command) * 4);
  std::vector<std::uint8_t> src1(command.length * 4);
  std::vector<std::uint8_t> dst(command.length * 4);
  weft::CounterRng random(1, 0, 0);
  for (auto& byte : src0) byte = static_cast<std::uint8_t>(random.next_u32());
  for (auto& byte : src1) byte = static_cast<std::uint8_t>(random.next_u32());
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(elementwise.run(command, src0.data(), src1.data(), dst.data()));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(weft::vector::source_elements(command)));
}

constexpr Format int16 = Format::int16;
constexpr Format int32 = Format::int32;

BENCHMARK_CAPTURE(run, add_int32, make(VectorCommand::vadd, int32, int32, 0));
BENCHMARK_CAPTURE(run, add_int16, make(VectorCommand::vadd, int16, int16, 0));
BENCHMARK_CAPTURE(run, multiply_int16_to_int16, make(VectorCommand::vmul, int16, int16, 15));
BENCHMARK_CAPTURE(run, multiply_int32_to_int32, make(VectorCommand::vmul, int32, int32, 31));
BENCHMARK_CAPTURE(run, relu_int32_to_int16, make(VectorCommand::vrelu, int32, int16, 12));
BENCHMARK_CAPTURE(run, relu_mask_int32_to_int16, make(VectorCommand::vrmask, int32, int16, 12));
BENCHMARK_CAPTURE(run, sum_of_7_rows_int32, make(VectorCommand::vsumr, int32, int32, 0, 7));
BENCHMARK_CAPTURE(run, greatest_index_int32, make(VectorCommand::vargmax, int32, int32, 0));
BENCHMARK_CAPTURE(run, exp_int32, make(VectorCommand::vexp, int32, int32, 8));
BENCHMARK_CAPTURE(run, sigmoid_int32, make(VectorCommand::vsigm, int32, int16, 1));

}  // namespace

BENCHMARK_MAIN();
