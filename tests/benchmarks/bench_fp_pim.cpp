// SPDX-License-Identifier: Apache-2.0
// Floating-point PIM: multiply-accumulates a second of the host's path, which long runs use, and of the array
// that is stepped bit by bit.
#include <benchmark/benchmark.h>

#include <vector>

#include "models/common/counter_rng.h"
#include "models/fp_pim/float_microcode.h"
#include "models/fp_pim/fp_array.h"
#include "models/fp_pim/number.h"

namespace {

using weft::CounterRng;
using weft::fp_pim::FpArray;
using weft::fp_pim::Part;
using weft::unit::Format;

constexpr unsigned rows = 256;
constexpr unsigned columns = 256;

std::vector<float> numbers(Format format, std::size_t count) {
  CounterRng random(1, 0, 0);
  std::vector<float> result(count);
  for (float& number : result) {
    const float value = static_cast<float>(random.next_u32() >> 8) * 0x1p-24f - 0.5f;
    number = weft::fp_pim::round_to(format, value);
  }
  return result;
}

template <typename Operation>
void run_array(benchmark::State& state, Operation operation) {
  const auto format = static_cast<Format>(state.range(0));
  const Part part{rows, columns};
  FpArray array(rows, columns);
  array.load(format, part, numbers(format, std::size_t{rows} * columns).data());
  const std::vector<float> x = numbers(format, rows);
  std::vector<float> d = numbers(format, columns);
  for (float& each : d) each = weft::fp_pim::round_to(format, each * 0x1p-6f);
  for (auto _ : state) {
    operation(array, part, x, d);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * rows * columns);
}

void mvm(benchmark::State& state) {
  std::vector<float> y(columns);
  run_array(state, [&](FpArray& array, const Part& part, const auto& x, const auto&) {
    array.mvm(part, x.data(), y.data());
  });
}

void mtvm(benchmark::State& state) {
  std::vector<float> y(rows);
  run_array(state, [&](FpArray& array, const Part& part, const auto&, const auto& d) {
    array.mtvm(part, d.data(), y.data());
  });
}

void opa(benchmark::State& state) {
  run_array(state, [](FpArray& array, const Part& part, const auto& x, const auto& d) {
    array.opa(part, x.data(), d.data());
  });
}

// fp32, fp16, bf16
void all_formats(benchmark::internal::Benchmark* benchmark) {
  for (const Format format : {Format::fp32, Format::fp16, Format::bf16})
    benchmark->Arg(static_cast<int>(format));
}

BENCHMARK(mvm)->Apply(all_formats);
BENCHMARK(mtvm)->Apply(all_formats);
BENCHMARK(opa)->Apply(all_formats);

void stepped_mac(benchmark::State& state) {
  constexpr unsigned lanes = 1024;
  const auto format = static_cast<Format>(state.range(0));
  const auto& family = state.range(1) != 0 ? weft::fp_pim::nor_family() : weft::fp_pim::sot_family();
  weft::fp_pim::FloatMicrocode microcode(weft::fp_pim::float_format(format), family, lanes);
  std::vector<std::uint32_t> a(lanes), b(lanes), sum(lanes);
  const std::vector<float> values = numbers(format, std::size_t{3} * lanes);
  for (unsigned i = 0; i < lanes; ++i) {
    a[i] = weft::fp_pim::to_bits(format, values[i]);
    b[i] = weft::fp_pim::to_bits(format, values[lanes + i]);
    sum[i] = weft::fp_pim::to_bits(format, values[2 * lanes + i]);
  }
  std::vector<std::uint32_t> result(lanes);
  for (auto _ : state) microcode.multiply_add(sum.data(), a.data(), b.data(), result.data(), lanes);
  state.SetItemsProcessed(state.iterations() * lanes);
  const auto per_mac = [&](std::uint64_t count) {
    return static_cast<double>(count) / static_cast<double>(state.iterations());
  };
  state.counters["steps"] = per_mac(microcode.counts().cycles());
  state.counters["searches"] = per_mac(microcode.counts().searches);
}
BENCHMARK(stepped_mac)
    ->ArgsProduct({{static_cast<int>(Format::fp32), static_cast<int>(Format::fp16),
                    static_cast<int>(Format::bf16)},
                   {0, 1}})
    ->ArgNames({"format", "nor"});

}  // namespace
