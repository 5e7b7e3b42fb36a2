// SPDX-License-Identifier: Apache-2.0
#include "models/hart/pmp.h"

#include <catch2/catch.hpp>

#include "tests/models/hart/pmp_model.h"

using namespace weft::test;
using weft::CounterRng;
using weft::hart::AccessKind;
using weft::hart::CsrStatus;
using weft::hart::Pmp;
using weft::hart::Privilege;
namespace csr = weft::hart::csr;

namespace {

constexpr std::uint32_t tor = 1 << 3;
constexpr std::uint32_t na4 = 2 << 3;
constexpr std::uint32_t napot = 3 << 3;
constexpr std::uint32_t lock = 1 << 7;
constexpr AccessKind kinds[] = {AccessKind::load, AccessKind::store, AccessKind::fetch};
constexpr Privilege levels[] = {Privilege::user, Privilege::machine};

std::uint32_t read(const Pmp& pmp, unsigned number) {
  std::uint32_t value = 0xDEAD;
  REQUIRE(pmp.read(number, value) == CsrStatus::ok);
  return value;
}

void write(Pmp& pmp, unsigned number, std::uint32_t value) {
  REQUIRE(pmp.write(number, value) == CsrStatus::ok);
}

// Addresses before configurations, so that locks do not get in the way.
void program(Pmp& pmp, const PmpRegisters& registers) {
  for (unsigned i = 0; i < 16; ++i) write(pmp, csr::pmpaddr0 + i, registers.address[i]);
  for (unsigned i = 0; i < 4; ++i) write(pmp, csr::pmpcfg0 + i, registers.config_word(i));
}

bool same_permissions(const Pmp::Permissions& permissions, const PmpRegisters& model, std::uint32_t byte,
                      Privilege level) {
  return permissions.readable == model.allows(byte, 1, AccessKind::load, level) &&
         permissions.writable == model.allows(byte, 1, AccessKind::store, level) &&
         permissions.executable == model.allows(byte, 1, AccessKind::fetch, level);
}

}  // namespace

TEST_CASE("no entries, no registers and no protection") {
  Pmp pmp(0);
  std::uint32_t value = 0;
  for (unsigned number = 0x3A0; number < 0x3F0; ++number) {
    CHECK(pmp.read(number, value) == CsrStatus::no_such_csr);
    CHECK(pmp.write(number, 1) == CsrStatus::no_such_csr);
  }
  CHECK(pmp.allows(0, 4, AccessKind::fetch, Privilege::user));
  CHECK(pmp.region(5, Privilege::user).start == 0);
  CHECK(pmp.region(5, Privilege::user).end == ~0u);
}

TEST_CASE("registers of entries that are not implemented read 0") {
  Pmp pmp(5);
  for (unsigned i = 0; i < 4; ++i) write(pmp, csr::pmpcfg0 + i, 0x1F1F1F1F);
  for (unsigned i = 0; i < 16; ++i) write(pmp, csr::pmpaddr0 + i, ~0u);
  CHECK(read(pmp, csr::pmpcfg0) == 0x1F1F1F1F);
  CHECK(read(pmp, csr::pmpcfg0 + 1) == 0x1F);
  CHECK(read(pmp, csr::pmpcfg0 + 2) == 0);
  CHECK(read(pmp, csr::pmpaddr0 + 4) == ~0u);
  CHECK(read(pmp, csr::pmpaddr0 + 5) == 0);
  CHECK(read(pmp, csr::pmpaddr15) == 0);
  std::uint32_t value = 0;
  CHECK(pmp.read(0x3A4, value) == CsrStatus::no_such_csr);
  CHECK(pmp.read(0x3C0, value) == CsrStatus::no_such_csr);
}

TEST_CASE("a configuration keeps its fields and drops W without R") {
  Pmp pmp(16);
  write(pmp, csr::pmpcfg0, 0x7F667206);
  CHECK(read(pmp, csr::pmpcfg0) == 0x1F041004);
}

TEST_CASE("users are locked out until an entry lets them in, machine mode is not") {
  Pmp pmp(1);
  CHECK_FALSE(pmp.allows(0x1000, 4, AccessKind::load, Privilege::user));
  CHECK(pmp.allows(0x1000, 4, AccessKind::load, Privilege::machine));
  write(pmp, csr::pmpaddr0, ~0u);
  write(pmp, csr::pmpcfg0, napot | 1);
  CHECK(pmp.allows(0, 4, AccessKind::load, Privilege::user));
  CHECK(pmp.allows(0xFFFFFFFC, 4, AccessKind::load, Privilege::user));
  CHECK_FALSE(pmp.allows(0, 4, AccessKind::store, Privilege::user));
  pmp.reset();
  CHECK(read(pmp, csr::pmpcfg0) == 0);
  CHECK_FALSE(pmp.allows(0, 4, AccessKind::load, Privilege::user));
}

TEST_CASE("a locked entry binds machine mode and cannot be changed until reset") {
  Pmp pmp(4);
  write(pmp, csr::pmpaddr0, 0x400);
  write(pmp, csr::pmpaddr0 + 1, 0x800);
  write(pmp, csr::pmpcfg0, (lock | na4 | 1) << 8 | (na4 | 7));
  CHECK_FALSE(pmp.allows(0x2000, 4, AccessKind::store, Privilege::machine));
  CHECK(pmp.allows(0x2000, 4, AccessKind::load, Privilege::machine));
  write(pmp, csr::pmpcfg0, 0);
  write(pmp, csr::pmpaddr0 + 1, 0);
  CHECK(read(pmp, csr::pmpcfg0) == (lock | na4 | 1) << 8);  // its neighbours in the register are free
  CHECK(read(pmp, csr::pmpaddr0 + 1) == 0x800);
  write(pmp, csr::pmpaddr0, 5);
  CHECK(read(pmp, csr::pmpaddr0) == 5);
  pmp.reset();
  CHECK(read(pmp, csr::pmpcfg0) == 0);
}

TEST_CASE("a locked TOR entry locks the address before it, but not that entry's configuration") {
  Pmp pmp(16);
  write(pmp, csr::pmpaddr0 + 3, 0x100);
  write(pmp, csr::pmpaddr0 + 4, 0x200);
  write(pmp, csr::pmpcfg0 + 1, lock | tor);
  write(pmp, csr::pmpaddr0 + 3, 1);
  CHECK(read(pmp, csr::pmpaddr0 + 3) == 0x100);
  write(pmp, csr::pmpcfg0, (na4 | 1) << 24);
  CHECK(read(pmp, csr::pmpcfg0) == (na4 | 1) << 24);
  SECTION("other modes do not") {
    write(pmp, csr::pmpaddr0 + 8, 0x100);
    write(pmp, csr::pmpcfg0 + 2, (lock | napot) << 8);
    write(pmp, csr::pmpaddr0 + 8, 7);
    CHECK(read(pmp, csr::pmpaddr0 + 8) == 7);
  }
  SECTION("an entry that is off can be locked as well") {
    write(pmp, csr::pmpcfg0 + 3, lock);
    write(pmp, csr::pmpcfg0 + 3, 0x1F);
    CHECK(read(pmp, csr::pmpcfg0 + 3) == lock);
  }
}

TEST_CASE("the lowest entry that matches any byte decides, and must match all") {
  Pmp pmp(16);
  write(pmp, csr::pmpaddr0, 0x1000 >> 2);
  write(pmp, csr::pmpaddr0 + 1, (0x1000 >> 2) | 1);  // 0x1000 to 0x100F
  write(pmp, csr::pmpcfg0, (napot | 1) << 8 | (na4 | 3));
  CHECK(pmp.allows(0x1000, 4, AccessKind::store, Privilege::user));
  CHECK_FALSE(pmp.allows(0x1004, 4, AccessKind::store, Privilege::user));
  CHECK(pmp.allows(0x1004, 4, AccessKind::load, Privilege::user));
  CHECK_FALSE(pmp.allows(0x1002, 4, AccessKind::load, Privilege::user));
  CHECK_FALSE(pmp.allows(0x1002, 4, AccessKind::load, Privilege::machine));
}

TEST_CASE("random accesses under random protection are decided byte by byte") {
  CounterRng rng(2024, 7, 0);
  constexpr std::uint32_t span = 0x200;
  unsigned refused = 0;
  unsigned granted = 0;
  for (int config = 0; config < 4000; ++config) {
    const std::uint32_t base = rng.below(3) == 0 ? 0 : rng.below(2) == 0 ? 0xFFFFFE00 : 0x80000000;
    const PmpRegisters model = random_protection(rng, 1 + rng.below(16), base, span);
    Pmp pmp(model.entries);
    program(pmp, model);
    for (int i = 0; i < 50; ++i) {
      const unsigned size = 1u << rng.below(3);
      const std::uint32_t address = std::min(base + rng.below(span), ~0u - size + 1u);
      const AccessKind kind = kinds[rng.below(3)];
      const Privilege level = levels[rng.below(2)];
      const bool expected = model.allows(address, size, kind, level);
      (expected ? granted : refused) += 1;
      if (pmp.allows(address, size, kind, level) != expected) {
        CAPTURE(config, address, size, static_cast<int>(kind), static_cast<unsigned>(level), expected);
        FAIL("decided differently");
      }
    }
  }
  CHECK(granted > 50'000);
  CHECK(refused > 50'000);
}

TEST_CASE("a region is the largest around an address whose bytes have the same permissions") {
  CounterRng rng(2024, 8, 0);
  constexpr std::uint32_t span = 0x100;
  for (int config = 0; config < 1500; ++config) {
    const std::uint32_t base = rng.below(3) == 0 ? 0 : rng.below(2) == 0 ? 0xFFFFFF00 : 0x80000000;
    const PmpRegisters model = random_protection(rng, rng.below(6), base, span);
    Pmp pmp(model.entries);
    if (model.entries > 0) program(pmp, model);
    for (int i = 0; i < 5; ++i) {
      const std::uint32_t address = base + rng.below(span);
      const Privilege level = levels[rng.below(2)];
      const Pmp::Region region = pmp.region(address, level);
      CAPTURE(config, address, region.start, region.end);
      REQUIRE(region.start <= address);
      REQUIRE(region.end >= address);
      std::uint32_t wrong = 0;
      for (std::uint32_t byte = base; byte - base < span; ++byte) {
        if (byte < region.start || byte > region.end) continue;
        if (!same_permissions(region.permissions, model, byte, level)) ++wrong;
      }
      REQUIRE(wrong == 0);
      if (region.start > 0) {
        REQUIRE_FALSE(same_permissions(region.permissions, model, region.start - 1, level));
      }
      if (region.end < ~0u) {
        REQUIRE_FALSE(same_permissions(region.permissions, model, region.end + 1, level));
      }
    }
  }
}
