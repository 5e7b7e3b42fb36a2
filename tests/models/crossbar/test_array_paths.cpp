// SPDX-License-Identifier: Apache-2.0
// When integer arithmetic is used, when it must not be, and the way back and forth.
#include <catch2/catch.hpp>

#include "tests/models/crossbar/array_fixture.h"

namespace weft::test {
namespace {

using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;
using crossbar::ReadSide;
using crossbar::Span;
using crossbar::StatusCode;

ArrayConfig array_of(int rows, int cols, Arithmetic arithmetic = Arithmetic::automatic) {
  ArrayConfig config;
  config.rows = rows;
  config.cols = cols;
  config.arithmetic = arithmetic;
  return config;
}

// Both models updated alike.
void update(Array& array, SlowArray& slow, const Operands& x, int in_bits, const Operands& d) {
  REQUIRE(array.opa(x, in_bits, d).ok());
  slow.opa(x, d);
}

}  // namespace

TEST_CASE("training with one update per carry resolution never leaves exact arithmetic") {
  Random random(21);
  Array array(array_of(128, 128));
  REQUIRE(program(array, 0, 0, random.weights(128, 128, 24)).ok());
  for (int example = 0; example < 300; ++example) {
    mvm(array, random.operands(128, 10), 10, 128);
    mtvm(array, random.operands(128, 15), 15, 128);
    REQUIRE(array.opa(random.operands(128, 10), 10, random.operands(128, 10)).ok());
    array.crs();
  }
  CHECK(array.path_statistics().exact_operations == 900);
  CHECK(array.path_statistics().sliced_operations == 0);
  CHECK(array.path_statistics().reconstructions == 0);
}

TEST_CASE("an array that computes nothing counts operations all the same, and holds zeros") {
  Random random(22);
  Array with(array_of(32, 16));
  Array without(array_of(32, 16, Arithmetic::none));
  for (Array* array : {&with, &without}) {
    REQUIRE(program(*array, 0, 0, random.weights(32, 16, 24)).ok());
    mvm(*array, random.operands(32, 10), 10, 16);
    mtvm(*array, random.operands(16, 15), 15, 32);
    REQUIRE(array->opa(random.operands(32, 10), 10, random.operands(16, 10)).ok());
    array->crs();
  }
  CHECK(without.statistics().mvms == with.statistics().mvms);
  CHECK(without.statistics().mtvms == with.statistics().mtvms);
  CHECK(without.statistics().read_steps == with.statistics().read_steps);
  CHECK(without.statistics().conversions == with.statistics().conversions);
  CHECK(without.statistics().opas == with.statistics().opas);
  CHECK(without.statistics().opa_steps == with.statistics().opa_steps);
  CHECK(without.statistics().carry_resolutions == with.statistics().carry_resolutions);
  CHECK(without.statistics().cells_programmed == with.statistics().cells_programmed);
  CHECK(without.path_statistics().exact_operations + without.path_statistics().sliced_operations == 0);
  CHECK(mvm(without, Operands(32, 1), 1, 16) == Results(16, 0));
  CHECK(without.weight(3, 3) == 0);
  CHECK(without.cell(0, 3, 3) == 0);
  std::int32_t read = 1;
  REQUIRE(without.read(3, 3, 1, 1, &read, 1).ok());
  CHECK(read == 0);
  // What does not fit is refused as ever.
  Results outputs(17);
  CHECK(without.mvm(Operands(32, 1), 1, outputs).code == StatusCode::shape);
  CHECK(without.mvm(Operands(32, 1), 16, Span<std::int64_t>(outputs.data(), 16)).code == StatusCode::width);
}

TEST_CASE("ten row bits are provable after a carry resolution, eleven are not") {
  Array array(array_of(16, 16));
  CHECK(array.opa_provably_exact(10));
  CHECK_FALSE(array.opa_provably_exact(11));
  CHECK(array.read_provably_exact(ReadSide::columns, 15));
  CHECK(array.read_provably_exact(ReadSide::rows, 15));
}

TEST_CASE("updates that fill a cell to its very end are exact, one unit more is not") {
  for (const int sign : {1, -1}) {
    CAPTURE(sign);
    Array array(array_of(16, 16));
    SlowArray slow(array.config());
    // All digits 1, or all digits -2: the ends of the canonical range.
    const Block w(16, std::vector<std::int32_t>(16, sign > 0 ? 0x15555555 : -0x2aaaaaaa));
    REQUIRE(program(array, 0, 0, w).ok());
    slow.program(0, 0, w);
    update(array, slow, Operands(16, 1023), 10, Operands(16, static_cast<std::int16_t>(sign * 32767)));
    CHECK(array.path_statistics().exact_operations == 1);
    require_same_cells(array, slow);
    CHECK(array.cell(6, 0, 0) == (sign > 0 ? 31 : -32));
    require_same_counts(array, slow);

    update(array, slow, Operands(16, 1), 1, Operands(16, static_cast<std::int16_t>(sign * 4096)));
    CHECK(array.path_statistics().sliced_operations == 1);
    CHECK(slow.saturated_cells[6] == 16 * 16);
    require_same_cells(array, slow);
    require_same_weights(array, slow);
    require_same_counts(array, slow);
  }
}

TEST_CASE("updates pile up exactly until a cell could saturate, then the cells are reconstructed") {
  Random random(22);
  for (const int density : {1, 12}) {
    Array array(array_of(24, 40));
    SlowArray slow(array.config());
    const Block w = random.weights(24, 40, 26);
    REQUIRE(program(array, 0, 0, w).ok());
    slow.program(0, 0, w);
    for (int i = 0; i < 4; ++i)
      update(array, slow, random.operands(24, 2), 2, random.operands(40, 8, density));
    CHECK(array.path_statistics().exact_operations == 4);
    require_same_weights(array, slow);
    for (int i = 0; i < 3; ++i) update(array, slow, random.operands(24, 10), 10, random.operands(40, 15));
    CHECK(array.path_statistics().sliced_operations == 3);
    CHECK(array.path_statistics().reconstructions == 1);
    require_same_weights(array, slow);
    require_same_cells(array, slow);

    array.crs();
    slow.crs();
    update(array, slow, random.operands(24, 3), 3, random.operands(40, 15, density));
    CHECK(array.path_statistics().exact_operations == 5);
    require_same_weights(array, slow);
    require_same_cells(array, slow);
    require_same_counts(array, slow);
  }
}

TEST_CASE("a product while carries are unresolved reads the carries") {
  Random random(23);
  Array array(array_of(24, 24));
  SlowArray slow(array.config());
  const Block w = random.weights(24, 24, 30);
  REQUIRE(program(array, 0, 0, w).ok());
  slow.program(0, 0, w);
  update(array, slow, random.operands(24, 8), 8, random.operands(24, 12));
  // Ten bits do not cover 24 rows of full cells, so this product rounds.
  const Operands x = random.operands(24, 9);
  CHECK(mvm(array, x, 9, 24) == slow.multiply(x, 9, 24, false));
  CHECK(array.statistics().conversions_rounded > 0);
  CHECK(array.path_statistics().sliced_operations == 1);
  // The product changed nothing: the next update is provable if its operands are small enough.
  update(array, slow, random.operands(24, 1), 1, random.operands(24, 2));
  CHECK(array.path_statistics().exact_operations == 2);
  require_same_cells(array, slow);
}

TEST_CASE("programming part of the weights keeps the carries of the others") {
  Random random(24);
  Array array(array_of(12, 12));
  SlowArray slow(array.config());
  update(array, slow, random.operands(8, 9), 9, random.operands(10, 12));
  const Block part = random.weights(3, 3, 32);
  REQUIRE(program(array, 2, 2, part).ok());
  slow.program(2, 2, part);
  CHECK_FALSE(array.carries_resolved());
  require_same_cells(array, slow);
  const Block too_narrow = random.weights(8, 9, 32);
  REQUIRE(program(array, 0, 0, too_narrow).ok());
  slow.program(0, 0, too_narrow);
  CHECK_FALSE(array.carries_resolved());
  require_same_cells(array, slow);
  // Covers the 8 x 10 weights that were updated, not the whole array.
  const Block covering = random.weights(8, 10, 32);
  REQUIRE(program(array, 0, 0, covering).ok());
  slow.program(0, 0, covering);
  CHECK(array.carries_resolved());
  require_same_cells(array, slow);
  CHECK(array.read_provably_exact(ReadSide::columns, 15));
}

TEST_CASE("carries count in the proof that a granular ADC does not clip") {
  ArrayConfig config = array_of(4, 1);
  config.adc_range = crossbar::AdcRange::granular;
  config.adc_bits = 6;
  Array array(config);
  SlowArray slow(config);
  update(array, slow, Operands(4, 1023), 10, Operands{32767});
  // Four cells of 30 units are beyond the codes of six bits.
  const Operands x(4, 1);
  CHECK(mvm(array, x, 1, 1) == slow.multiply(x, 1, 1, false));
  CHECK(array.statistics().conversions_clipped > 0);
  array.crs();
  slow.crs();
  CHECK(mvm(array, x, 1, 1) == Results{4 * 1023 * 32767});
  CHECK(array.path_statistics().exact_operations == 2);
}

TEST_CASE("programming updated rows one by one resolves their carries and stays exact") {
  Random random(27);
  Array array(array_of(12, 12));
  SlowArray slow(array.config());
  update(array, slow, random.operands(6, 9), 9, random.operands(10, 12));
  update(array, slow, random.operands(4, 1), 1, random.operands(10, 1));
  for (int row = 0; row < 6; ++row) {
    CHECK_FALSE(array.carries_resolved());
    const Block line = random.weights(1, 10, 32);
    REQUIRE(program(array, row, 0, line).ok());
    slow.program(row, 0, line);
    require_same_cells(array, slow);
    require_same_weights(array, slow);
  }
  CHECK(array.carries_resolved());
  CHECK(array.path_statistics().sliced_operations == 0);
  // Back to the converters' full scale for canonical digits, at which nothing is lost.
  const Operands x = random.operands(12, 15);
  CHECK(mvm(array, x, 15, 12) == slow.multiply(x, 15, 12, false));
  CHECK(array.path_statistics().sliced_operations == 0);
  CHECK(array.opa_provably_exact(10));
  // What an earlier round of updates covered does not matter any more.
  update(array, slow, Operands{1}, 1, Operands{1, 1, 1});
  REQUIRE(program(array, 0, 0, {{7, 8, 9}}).ok());
  CHECK(array.carries_resolved());
}

TEST_CASE("updates near the end of the weight range are not computed exactly") {
  for (const int sign : {1, -1}) {
    CAPTURE(sign);
    Array array(array_of(1, 2));
    SlowArray slow(array.config());
    const Block w{{sign * 2147483600, 0}};
    REQUIRE(program(array, 0, 0, w).ok());
    slow.program(0, 0, w);
    const Operands d{static_cast<std::int16_t>(sign * 6), 0};
    update(array, slow, Operands{7}, 3, d);
    CHECK(array.path_statistics().exact_operations == 1);
    array.crs();
    slow.crs();
    update(array, slow, Operands{7}, 3, d);
    CHECK(array.path_statistics().sliced_operations == 1);
    CHECK(array.weight(0, 0) == sign * (2147483600LL + 84));
    array.crs();
    slow.crs();
    require_same_weights(array, slow);
    CHECK(array.weight(0, 0) == (sign > 0 ? 2147483647LL : -2147483648LL));
    require_same_counts(array, slow);
  }
}

TEST_CASE("loose bounds of the weights are renewed before exact arithmetic is given up") {
  Array array(array_of(2, 2));
  // Bounds grow by |x| |d| an update, although the weights swing: 200 updates would exceed 2^31.
  for (int i = 0; i < 200; ++i) {
    REQUIRE(array.opa(Operands{1023, 1}, 10, Operands{static_cast<std::int16_t>(i % 2 == 0 ? 32767 : -32767)})
                .ok());
    array.crs();
  }
  CHECK(array.path_statistics().exact_operations == 200);
  CHECK(array.weight(0, 0) == 0);
}

TEST_CASE("exact arithmetic refuses what is not provable and changes nothing") {
  Random random(25);
  Array array(array_of(16, 16, Arithmetic::exact));
  SlowArray slow(array.config());
  const Block w = random.weights(16, 16, 24);
  REQUIRE(program(array, 0, 0, w).ok());
  slow.program(0, 0, w);
  update(array, slow, random.operands(16, 10), 10, Operands(16, 32767));
  const auto refused = array.opa(Operands(16, 1023), 10, Operands(16, 32767));
  CHECK(refused.code == StatusCode::not_provable);
  CHECK(array.statistics().opas == 1);
  Results y(16);
  CHECK(array.mvm(Operands(16, 1), 1, y).code == StatusCode::not_provable);
  CHECK(array.statistics().mvms == 0);
  const std::int32_t one = 1;
  CHECK(array.program(3, 3, 1, 1, &one, 1).code == StatusCode::not_provable);
  require_same_cells(array, slow);
  array.crs();
  slow.crs();
  const Operands x = random.operands(16, 15);
  CHECK(mvm(array, x, 15, 16) == slow.multiply(x, 15, 16, false));
  require_same_cells(array, slow);
}

TEST_CASE("counts do not depend on the arithmetic") {
  Array exact(array_of(32, 32));
  Array sliced(array_of(32, 32, Arithmetic::sliced));
  for (Array* array : {&exact, &sliced}) {
    Random random(26);
    REQUIRE(program(*array, 0, 0, random.weights(32, 32, 24)).ok());
    for (int i = 0; i < 10; ++i) {
      mvm(*array, random.operands(30, 9), 9, 20);
      mtvm(*array, random.operands(20, 7), 7, 30);
      REQUIRE(array->opa(random.operands(30, 9), 9, random.operands(20, 11)).ok());
      array->crs();
    }
  }
  REQUIRE(exact.path_statistics().sliced_operations == 0);
  REQUIRE(sliced.path_statistics().exact_operations == 0);
  const auto& a = exact.statistics();
  const auto& b = sliced.statistics();
  CHECK(a.mvms == b.mvms);
  CHECK(a.mtvms == b.mtvms);
  CHECK(a.read_steps == 10 * (9 + 7));
  CHECK(a.read_steps == b.read_steps);
  CHECK(a.conversions == 10 * 16 * (9 * 20 + 7 * 30));
  CHECK(a.conversions == b.conversions);
  CHECK(a.opa_steps == b.opa_steps);
  CHECK(a.opa_deposits == b.opa_deposits);
  CHECK(a.opa_deposits > 0);
  CHECK(a.carry_resolutions == b.carry_resolutions);
  CHECK(a.cells_programmed == b.cells_programmed);
}

}  // namespace weft::test
