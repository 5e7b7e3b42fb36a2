// SPDX-License-Identifier: Apache-2.0
// Random programs leave the same state behind on this core and on QEMU's `virt` machine: registers, CSRs,
// memory, every trap taken and the number of instructions retired.
//
// WEFT_SEED=n draws other programs, WEFT_PROGRAM=i runs one of them alone, WEFT_PROGRAMS=n changes how many
// there are.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "tests/models/hart/qemu/comparison.h"
#include "tests/models/hart/qemu/generator.h"
#include "tests/models/hart/qemu/machines.h"
#include "tests/support/skip.h"

using namespace weft::test;

namespace {

constexpr const char* no_qemu = "qemu-system-riscv32 is not installed (Debian package qemu-system-misc)";
constexpr std::uint64_t default_seed = 20261121;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += text + "\n";
  return result;
}

void compare_random_programs(const Features& features, std::uint32_t programs) {
  const std::uint64_t seed = number_from("WEFT_SEED", default_seed);
  const bool single = std::getenv("WEFT_PROGRAM") != nullptr;
  const auto first = static_cast<std::uint32_t>(number_from("WEFT_PROGRAM", 0));
  const auto count = static_cast<std::uint32_t>(single ? 1 : number_from("WEFT_PROGRAMS", programs));
  std::vector<Program> all;
  for (std::uint32_t i = first; i < first + count; ++i) {
    all.push_back(Generator(features, seed, i).program());
  }
  const Findings findings = compare_with_qemu(features, all);
  INFO("WEFT_SEED=" << seed << (single ? ", one program, counted from 0 here" : ""));
  INFO(joined(findings.texts));
  CHECK(findings.texts.empty());
  if (!single && findings.texts.empty()) {
    CHECK(findings.instructions > 100u * count);
    CHECK(findings.traps > 4u * count);
  }
}

}  // namespace

TEST_CASE("random programs for RV32IMAC end in the same state as on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  compare_random_programs({}, 2000);
}

TEST_CASE("random programs without compressed instructions end in the same state as on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.compressed = false;
  compare_random_programs(features, 500);
}

TEST_CASE("random programs on a core without M and A trap as they do on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.muldiv = false;
  features.atomics = false;
  compare_random_programs(features, 500);
}

TEST_CASE("random programs with bit manipulation end in the same state as on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.zba = true;
  features.zbb = true;
  features.zbs = true;
  compare_random_programs(features, 500);
}

TEST_CASE("random programs with only a part of bit manipulation trap as they do on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  using Part = bool Features::*;
  for (const Part part : {&Features::zba, &Features::zbb, &Features::zbs}) {
    Features features;
    features.*part = true;
    compare_random_programs(features, 200);
  }
}

TEST_CASE("random programs with single-precision floating point end in the same state as on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.single_float = true;
  compare_random_programs(features, 1000);
}

TEST_CASE("random programs with floating point and without compressed instructions do so, too") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.single_float = true;
  features.compressed = false;
  compare_random_programs(features, 500);
}

TEST_CASE("random programs with user mode end in the same state as on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.user_mode = true;
  compare_random_programs(features, 500);
  features.single_float = true;
  compare_random_programs(features, 200);
}

TEST_CASE("random programs with misaligned loads and stores end in the same state as on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.misaligned = true;
  features.single_float = true;
  compare_random_programs(features, 500);
}

TEST_CASE("random programs under memory protection trap as they do on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.user_mode = true;
  features.protection = true;
  compare_random_programs(features, 500);
  features.misaligned = true;
  compare_random_programs(features, 300);
}

TEST_CASE("random programs with locked memory protection trap as they do on QEMU") {
  if (!have_qemu()) WEFT_SKIP(no_qemu);
  Features features;
  features.user_mode = true;
  features.protection = true;
  features.locks = true;
  compare_random_programs(features, 30);
}
