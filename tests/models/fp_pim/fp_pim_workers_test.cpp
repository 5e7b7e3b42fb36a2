// SPDX-License-Identifier: Apache-2.0
// Floating-point units that compute on worker threads give the results, times and counts of one that does
// not.
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>

#include "models/common/worker_pool.h"
#include "models/fp_pim/fp_pim_unit.h"
#include "models/hart/xweft_table.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/models/unit/unit_bench.h"

using namespace weft;
using namespace weft::fp_pim;
using unit::Command;
using unit::Format;
using weft::test::Master;
using Op = xweft::FpPimCommand;

namespace {

constexpr std::uint32_t buffer_bytes = 0x8000;
constexpr unsigned rows = 16;
constexpr unsigned columns = 12;

FpPimUnitConfig small_unit() {
  FpPimUnitConfig config;
  config.unit.index = unit::first_fp_pim_index;
  config.unit.window = {0, buffer_bytes};
  config.unit.queue_depth = 64;
  config.rows = rows;
  config.columns = columns;
  return config;
}

struct Seen {
  std::vector<std::uint8_t> buffer;
  std::map<std::string, std::uint64_t> counts;
  sc_core::sc_time busy;
  std::uint64_t operations = 0;
  std::uint64_t tasks = 0;  // not compared
};

// Loads, then steps of training in each format, and reads out.
std::vector<Command> commands(Format format) {
  std::vector<Command> list;
  std::uint32_t result = 0x2000;
  for (const Op what : {Op::fpm_load, Op::fpm_mvm, Op::fpm_mtvm, Op::fpm_opa, Op::fpm_mac, Op::fpm_mvm,
                        Op::fpm_add, Op::fpm_mul, Op::fpm_mtvm, Op::fpm_read}) {
    Command command;
    command.opcode = static_cast<std::uint8_t>(what);
    command.format0 = command.format1 = Format::fp32;
    command.format_dst = what == Op::fpm_load ? format : Format::fp32;
    command.src0 = 0;
    command.src1 = 0x800;
    command.dst = result;
    result += 0x400;
    list.push_back(command);
  }
  return list;
}

Seen run_with(unsigned threads, Format format) {
  test::fresh_kernel();
  std::optional<WorkerPool> pool;
  if (threads > 0) pool.emplace(threads);
  test::UnitBench<FpPimUnit> bench("fp", small_unit(), test::plain_buffer(buffer_bytes), [&](Master& master) {
    for (const Command& each : commands(format)) CHECK(master.issue(each) == Status::ok);
  });
  bench.context.workers = pool ? &*pool : nullptr;
  std::vector<float> numbers;
  for (int i = 0; i < 0x400; ++i) numbers.push_back(0.001f * static_cast<float>(i * 37 % 1009 - 500));
  bench.put(0, numbers);
  sc_core::sc_start();
  Seen seen;
  seen.buffer = bench.get<std::uint8_t>(0x2000, buffer_bytes - 0x2000);
  for (const auto& account : bench.context.energy.accounts())
    seen.counts[account.operation()] += account.count();
  seen.busy = bench.unit.busy_time();
  seen.operations = bench.unit.operations();
  seen.tasks = pool ? pool->tasks() : 0;
  return seen;
}

}  // namespace

TEST_CASE(
    "results, times and counts of a floating-point unit do not depend on the number of worker threads") {
  const Format format = GENERATE(Format::fp32, Format::fp16, Format::bf16);
  const Seen expected = run_with(0, format);
  REQUIRE(expected.operations == commands(format).size());
  REQUIRE(expected.buffer != std::vector<std::uint8_t>(expected.buffer.size(), 0));
  for (const unsigned threads : {1u, 3u}) {
    CAPTURE(threads);
    const Seen found = run_with(threads, format);
    CHECK(found.tasks == commands(format).size() - 1);
    CHECK(found.buffer == expected.buffer);
    CHECK(found.counts == expected.counts);
    CHECK(found.busy == expected.busy);
    CHECK(found.operations == expected.operations);
  }
}
