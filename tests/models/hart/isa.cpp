// SPDX-License-Identifier: Apache-2.0
#include "models/hart/isa.h"

#include <catch2/catch.hpp>

using namespace weft::hart;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("an ISA string says what a hart has") {
  const Isa isa = parse_isa("rv32imafc_zicsr_zifencei_zba_zbb_zbs_zicntr_xweft");
  CHECK(isa.muldiv);
  CHECK(isa.atomics);
  CHECK(isa.single_float);
  CHECK(isa.compressed);
  CHECK(isa.zba);
  CHECK(isa.zbb);
  CHECK(isa.zbs);
  CHECK(isa.xweft);
  CHECK_FALSE(isa.user_mode);
  const Isa least = parse_isa("rv32i");
  CHECK_FALSE(least.muldiv);
  CHECK_FALSE(least.atomics);
  CHECK_FALSE(least.single_float);
  CHECK_FALSE(least.compressed);
  CHECK_FALSE(least.zba);
  CHECK_FALSE(least.xweft);
}

TEST_CASE("case and order of extensions do not matter and text comes back in canonical order") {
  CHECK(to_string(parse_isa("RV32ICAM_XWEFT_Zbb_zicsr")) == "rv32imac_zicntr_zicsr_zifencei_zbb_xweft");
  CHECK(to_string(parse_isa("rv32iu_m")) == "rv32imu_zicntr_zicsr_zifencei");
  for (const char* text : {"rv32i", "rv32imafcu_zba_zbs", "rv32ic_xweft"}) {
    const std::string written = to_string(parse_isa(text));
    CHECK(to_string(parse_isa(written)) == written);
  }
}

TEST_CASE("the letter b is all three parts of bit manipulation") {
  CHECK(to_string(parse_isa("rv32ib")) == to_string(parse_isa("rv32i_zba_zbb_zbs")));
  CHECK(to_string(parse_isa("rv32ib_zba")) == to_string(parse_isa("rv32ib")));
}

TEST_CASE("what a hart cannot have is refused with a list of what it can") {
  CHECK_THROWS_WITH(
      parse_isa("rv32imq"),
      "ISA 'rv32imq' names 'q', which there is not; allowed is rv32i, then letters of m, a, f, c, b, u, "
      "then any of _zicsr, _zifencei, _zicntr, _zba, _zbb, _zbs, _xweft");
  CHECK_THROWS_WITH(parse_isa("rv32imafd"), Contains("no double precision"));
  CHECK_THROWS_WITH(parse_isa("rv32g"), Contains("names 'g', which includes double precision"));
  CHECK_THROWS_WITH(parse_isa("rv32i_zbc"), StartsWith("ISA 'rv32i_zbc' names 'zbc', which there is not"));
  CHECK_THROWS_WITH(parse_isa("rv32imm"), Contains("names 'm' twice"));
  CHECK_THROWS_WITH(parse_isa("rv32i_zba_zba"), Contains("names 'zba' twice"));
  CHECK_THROWS_WITH(parse_isa("rv32e"), Contains("has a base other than 'i'"));
  CHECK_THROWS_WITH(parse_isa("rv32"), Contains("has a base other than 'i'"));
  CHECK_THROWS_WITH(parse_isa("rv64imac"), Contains("does not begin with 'rv32'"));
  CHECK_THROWS_WITH(parse_isa(""), Contains("does not begin with 'rv32'"));
  CHECK_THROWS_WITH(parse_isa("rv32i_"), Contains("names '', which there is not"));
  CHECK_THROWS_WITH(parse_isa("rv32i__zba"), Contains("names '', which there is not"));
  CHECK_THROWS_WITH(parse_isa("rv32im_i"), Contains("names 'i' twice"));
}

TEST_CASE("an ISA sets the extensions of a core's configuration and clears those it does not name") {
  CoreConfig config;
  config.zbb = true;
  apply(parse_isa("rv32imf_zba_xweft"), config);
  CHECK(config.muldiv);
  CHECK_FALSE(config.atomics);
  CHECK(config.single_float);
  CHECK_FALSE(config.compressed);
  CHECK(config.zba);
  CHECK_FALSE(config.zbb);
  CHECK_FALSE(config.zbs);
  CHECK(config.vendor_extension);
}
