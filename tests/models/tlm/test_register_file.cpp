// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <vector>

#include "models/tlm/register_file.h"

using weft::RegisterAccess;
using weft::RegisterFile;
using weft::RegisterInfo;
using weft::Status;

namespace {

constexpr RegisterInfo plain{"PLAIN", 0x0, 4, RegisterAccess::read_write, 0x11, 0xffffffff, 1, 4};
constexpr RegisterInfo masked{"MASKED", 0x4, 4, RegisterAccess::read_write, 0x80000000, 0x0000000f, 1, 4};
constexpr RegisterInfo fixed{"FIXED", 0x8, 4, RegisterAccess::read_only, 0x1234, 0, 1, 4};
constexpr RegisterInfo trigger{"TRIGGER", 0xc, 4, RegisterAccess::write_only, 0, 0xffffffff, 1, 4};
constexpr RegisterInfo table{"TABLE", 0x20, 4, RegisterAccess::read_write, 0x7, 0xffffffff, 3, 8};
constexpr RegisterInfo receive{"RECEIVE", 0x40, 1, RegisterAccess::read_only, 0x55, 0, 1, 1};
constexpr RegisterInfo send{"SEND", 0x40, 1, RegisterAccess::write_only, 0, 0xff, 1, 1};
constexpr RegisterInfo next{"NEXT", 0x41, 1, RegisterAccess::read_write, 0x66, 0xff, 1, 1};

struct Bench {
  RegisterFile file{{plain, masked, fixed, trigger, table, receive, send, next}};

  Status access(bool write, std::uint64_t address, void* data, std::uint32_t size, bool debug = false) {
    return file.access({write, address, static_cast<std::uint8_t*>(data), size, debug});
  }
  std::uint32_t read(std::uint64_t address, bool debug = false) {
    std::uint32_t value = 0;
    CHECK(access(false, address, &value, 4, debug) == Status::ok);
    return value;
  }
  void write(std::uint64_t address, std::uint32_t value, bool debug = false) {
    CHECK(access(true, address, &value, 4, debug) == Status::ok);
  }
};

}  // namespace

TEST_CASE("registers start with and return to their reset values") {
  Bench bench;
  CHECK(bench.read(0x0) == 0x11);
  CHECK(bench.read(0x30) == 0x7);
  bench.write(0x0, 5);
  bench.write(0x30, 6);
  bench.file.reset();
  CHECK(bench.read(0x0) == 0x11);
  CHECK(bench.read(0x30) == 0x7);
}

TEST_CASE("a write changes the bits of the write mask only and reports the others") {
  Bench bench;
  std::vector<std::uint32_t> unmodelled;
  bench.file.on_unmodelled([&](const RegisterInfo& info, unsigned, std::uint32_t bits) {
    CHECK(std::strcmp(info.name, "MASKED") == 0);
    unmodelled.push_back(bits);
  });
  std::uint32_t hooked = 0;
  bench.file.on_write(masked, [&](unsigned, std::uint32_t value) { hooked = value; });
  bench.write(0x4, 0xff);
  CHECK(bench.read(0x4) == 0x8000000f);
  CHECK(hooked == 0xf);
  CHECK(unmodelled == std::vector<std::uint32_t>{0xf0});
  bench.write(0x4, 0x3);
  CHECK(unmodelled.size() == 1);
}

TEST_CASE("the wrong direction is a command error") {
  Bench bench;
  std::uint32_t value = 0;
  CHECK(bench.access(true, 0x8, &value, 4) == Status::command_error);
  CHECK(bench.access(false, 0xc, &value, 4) == Status::command_error);
  CHECK(bench.read(0x8) == 0x1234);
}

TEST_CASE("a hole is an address error") {
  Bench bench;
  std::uint32_t value = 0;
  CHECK(bench.access(false, 0x10, &value, 4) == Status::address_error);
  CHECK(bench.access(true, 0x24, &value, 4) == Status::address_error);
  CHECK(bench.access(false, 0x1000, &value, 4) == Status::address_error);
}

TEST_CASE("an address beyond 32 bits reaches no register") {
  Bench bench;
  std::uint64_t value = 0;
  const std::uint64_t four_gib = std::uint64_t{1} << 32;
  for (const std::uint64_t address : {four_gib, four_gib + 4, 5 * four_gib, ~std::uint64_t{3}}) {
    CHECK(bench.access(false, address, &value, 4) == Status::address_error);
    CHECK(bench.access(true, address, &value, 4) == Status::address_error);
  }
  // Nor does an access run over the end of 32 bits into the first register.
  CHECK(bench.access(true, four_gib - 4, &value, 8) == Status::address_error);
  CHECK(bench.read(0x0) == 0x11);
}

TEST_CASE("an access to a part of a register is a burst error") {
  Bench bench;
  std::uint32_t value = 0;
  CHECK(bench.access(false, 0x0, &value, 1) == Status::burst_error);
  CHECK(bench.access(false, 0x0, &value, 2) == Status::burst_error);
  CHECK(bench.access(false, 0x2, &value, 2) == Status::burst_error);
  CHECK(bench.access(true, 0x0, &value, 2) == Status::burst_error);
  CHECK(bench.read(0x0) == 0x11);
}

TEST_CASE("a long access covers neighbouring registers in order") {
  Bench bench;
  std::uint64_t both = 0x0000000500000004u;
  CHECK(bench.access(true, 0x0, &both, 8) == Status::ok);
  CHECK(bench.read(0x0) == 4);
  CHECK(bench.read(0x4) == 0x80000005);
  CHECK(bench.access(false, 0x0, &both, 8) == Status::ok);
  CHECK(both == 0x8000000500000004u);
  // The second half of the third register's pair is a hole.
  CHECK(bench.access(false, 0x20, &both, 8) == Status::address_error);
}

TEST_CASE("the elements of an array are registers of their own") {
  Bench bench;
  unsigned written = 99;
  bench.file.on_write(table, [&](unsigned index, std::uint32_t) { written = index; });
  bench.write(0x28, 0xab);
  CHECK(written == 1);
  CHECK(bench.file.get(table, 0) == 0x7);
  CHECK(bench.file.get(table, 1) == 0xab);
  bench.file.set(table, 0xcd, 2);
  CHECK(bench.read(0x30) == 0xcd);
}

TEST_CASE("reading and writing one offset may reach different registers") {
  Bench bench;
  std::uint8_t value = 0x99;
  CHECK(bench.access(true, 0x40, &value, 1) == Status::ok);
  CHECK(bench.access(false, 0x40, &value, 1) == Status::ok);
  CHECK(value == 0x55);
  CHECK(bench.file.get(send) == 0x99);
  std::uint16_t both = 0;
  CHECK(bench.access(false, 0x40, &both, 2) == Status::ok);
  CHECK(both == 0x6655);
}

TEST_CASE("hooks serve bus accesses, the peek hook serves debug accesses") {
  Bench bench;
  int reads = 0;
  int writes = 0;
  int complaints = 0;
  bench.file.on_read(plain, [&](unsigned) { return static_cast<std::uint32_t>(++reads); });
  bench.file.on_peek(plain, [](unsigned) { return 0x77u; });
  bench.file.on_write(masked, [&](unsigned, std::uint32_t) { ++writes; });
  bench.file.on_unmodelled([&](const RegisterInfo&, unsigned, std::uint32_t) { ++complaints; });
  CHECK(bench.read(0x0, true) == 0x77);
  CHECK(bench.read(0x0, true) == 0x77);
  CHECK(reads == 0);
  CHECK(bench.read(0x0) == 1);
  bench.write(0x4, 0xff, true);
  CHECK(writes == 0);
  CHECK(complaints == 0);
  CHECK(bench.read(0x4) == 0x8000000f);
}

TEST_CASE("a register with a peek hook only reads the same either way") {
  Bench bench;
  bench.file.on_peek(fixed, [](unsigned) { return 0x42u; });
  CHECK(bench.read(0x8) == 0x42);
  CHECK(bench.read(0x8, true) == 0x42);
}
