// SPDX-License-Identifier: Apache-2.0
// Long random sequences of operations against the slow model: results, every cell, every count.
#include <catch2/catch.hpp>
#include <string>

#include "models/crossbar/array_presets.h"
#include "tests/models/crossbar/array_fixture.h"

namespace weft::test {
namespace {

using crossbar::AdcRange;
using crossbar::Arithmetic;
using crossbar::Array;
using crossbar::ArrayConfig;
using crossbar::Encoding;

// What is drawn; the share of carry resolutions decides how often updates pile up.
struct Mix {
  int operations = 120;
  int row_bits = 10;
  int col_bits = 15;
  int weight_bits = 32;
  int density = 2;
  int crs_share = 4;
};

struct Scenario {
  std::string name;
  ArrayConfig config;
  Mix mix;
};

ArrayConfig small_array(int rows, int cols) {
  ArrayConfig config;
  config.rows = rows;
  config.cols = cols;
  return config;
}

std::vector<Scenario> scenarios() {
  std::vector<Scenario> list;
  list.push_back({"default slicing", small_array(20, 13), {}});
  list.push_back({"default slicing, small operands", small_array(9, 33), {200, 4, 6, 20, 2, 12}});
  list.push_back({"default slicing, sparse columns", small_array(17, 40), {120, 10, 15, 24, 9, 3}});

  ArrayConfig narrow_adc = small_array(24, 24);
  narrow_adc.adc_bits = 6;
  list.push_back({"ADC too narrow, full range", narrow_adc, {}});
  narrow_adc.adc_range = AdcRange::granular;
  list.push_back({"ADC too narrow, granular", narrow_adc, {}});
  narrow_adc.adc_bits = 2;
  list.push_back({"two-bit ADC, granular", narrow_adc, {}});

  ArrayConfig wide_adc = small_array(16, 16);
  wide_adc.adc_bits = 16;
  list.push_back({"ADC lossless with carries", wide_adc, {160, 3, 4, 28, 2, 10}});
  wide_adc.adc_range = AdcRange::granular;
  list.push_back({"ADC lossless with carries, granular", wide_adc, {160, 3, 4, 28, 2, 10}});

  ArrayConfig panther = small_array(12, 18);
  panther.slices = 8;
  panther.digit_bits = 4;
  panther.cell_bits = {5, 5, 5, 6, 6, 4, 4, 4};
  panther.adc_bits = 12;
  list.push_back({"eight slices of four bits, 44466555", panther, {120, 6, 9, 32, 2, 4}});

  ArrayConfig published = crossbar::panther_array();
  published.rows = 12;
  published.cols = 18;
  list.push_back({"PANTHER's array and converters", published, {120, 15, 15, 32, 2, 4}});
  ArrayConfig sixteen_bit = crossbar::panther_array_16_bit();
  sixteen_bit.rows = 19;
  sixteen_bit.cols = 9;
  list.push_back({"PANTHER's cells with two-bit digits", sixteen_bit, {120, 4, 4, 16, 2, 6}});

  ArrayConfig calibrated = small_array(21, 14);
  calibrated.slices = 4;
  calibrated.slice_adc_bits = {4, 5, 6, 7};
  calibrated.adc_range = AdcRange::calibrated;
  calibrated.full_scale = {14, 15, 16, 63};
  list.push_back({"calibrated converters of four widths", calibrated, {200, 3, 4, 8, 7, 6}});

  ArrayConfig no_carry_room = small_array(11, 7);
  no_carry_room.cell_bits.assign(16, 2);
  list.push_back({"cells without carry room", no_carry_room, {}});

  ArrayConfig short_weights = small_array(15, 10);
  short_weights.slices = 4;
  short_weights.dac_bits = 3;
  short_weights.adc_bits = 14;
  list.push_back({"eight-bit weights, three-bit DAC", short_weights, {150, 5, 6, 10, 2, 4}});

  ArrayConfig one_slice = small_array(6, 5);
  one_slice.slices = 1;
  one_slice.digit_bits = 6;
  one_slice.cell_bits = {8};
  list.push_back({"one slice", one_slice, {100, 4, 4, 7, 2, 3}});

  ArrayConfig binary = small_array(8, 9);
  binary.slices = 12;
  binary.digit_bits = 1;
  binary.cell_bits.assign(12, 4);
  binary.dac_bits = 8;
  binary.adc_bits = 13;
  list.push_back({"one-bit digits, eight-bit DAC", binary, {120, 6, 5, 12, 2, 4}});

  ArrayConfig wide_sums = small_array(10, 10);
  wide_sums.slices = 4;
  wide_sums.digit_bits = 8;
  wide_sums.cell_bits.assign(4, 8);
  wide_sums.dac_bits = 8;
  wide_sums.adc_bits = 21;
  list.push_back(
      {"eight-bit digits, eight-bit DAC: currents beyond 16 bits", wide_sums, {120, 4, 4, 32, 1, 4}});

  ArrayConfig granular_chunks = small_array(14, 12);
  granular_chunks.dac_bits = 3;
  granular_chunks.adc_bits = 5;
  granular_chunks.adc_range = AdcRange::granular;
  list.push_back({"three-bit DAC, granular", granular_chunks, {150, 3, 6, 20, 4, 8}});
  return list;
}

// Every encoding with converters that lose nothing, that round, that clip, and with cells that saturate.
std::vector<Scenario> encoded_scenarios() {
  const std::vector<std::pair<std::string, Encoding>> encodings = {
      {"offset", Encoding::offset},
      {"unit column", Encoding::unit_column},
      {"differential", Encoding::differential},
      {"two's complement", Encoding::twos_complement}};
  std::vector<Scenario> list;
  for (const auto& [name, encoding] : encodings) {
    ArrayConfig lossless = small_array(20, 13);
    lossless.encoding = encoding;
    lossless.adc_bits = 16;
    list.push_back({name + ", lossless", lossless, {160, 3, 4, 28, 2, 6}});
    list.push_back({name + ", lossless, wide operands", lossless, {}});
    ArrayConfig rounding = lossless;
    rounding.adc_bits = 7;
    list.push_back({name + ", rounding", rounding, {160, 3, 4, 28, 2, 6}});
    ArrayConfig clipping = rounding;
    clipping.adc_bits = 5;
    clipping.adc_range = AdcRange::granular;
    list.push_back({name + ", clipping", clipping, {}});
    ArrayConfig little_room = small_array(33, 40);
    little_room.encoding = encoding;
    little_room.slices = 6;
    little_room.digit_bits = 3;
    little_room.cell_bits.assign(6, 4);
    little_room.dac_bits = 2;
    little_room.adc_bits = 9;
    list.push_back({name + ", little room for carries", little_room, {120, 5, 6, 18, 2, 4}});
  }
  return list;
}

class Player {
 public:
  Player(const Scenario& scenario, Arithmetic arithmetic, const crossbar::Kernels& kernels)
      : mix_(scenario.mix),
        config_(with(scenario.config, arithmetic)),
        random_(7),
        array_(config_, kernels),
        slow_(config_) {}

  void play() {
    for (int i = 0; i < mix_.operations; ++i) {
      CAPTURE(i);
      step();
      REQUIRE(array_.carries_resolved() == !slow_.has_carries());
      require_same_weights(array_, slow_);
      if (random_.one_in(10)) require_same_cells(array_, slow_);
    }
    require_same_cells(array_, slow_);
    require_same_counts(array_, slow_);
  }
  const Array& array() const { return array_; }

 private:
  static ArrayConfig with(ArrayConfig config, Arithmetic arithmetic) {
    config.arithmetic = arithmetic;
    return config;
  }
  int some_rows() { return random_.one_in(3) ? random_.between(1, config_.rows) : config_.rows; }
  int some_cols() { return random_.one_in(3) ? random_.between(1, config_.cols) : config_.cols; }

  void step() {
    const int kind = random_.below(13 + mix_.crs_share);
    if (kind < 3) return multiply(false);
    if (kind < 6) return multiply(true);
    if (kind < 10) return update();
    if (kind < 12) return program_block();
    if (kind == 12) return read_block();
    array_.crs();
    slow_.crs();
  }

  void multiply(bool transposed) {
    const int in_bits = random_.between(1, 15);
    const Operands x = random_.operands(transposed ? some_cols() : some_rows(), in_bits, mix_.density);
    const int outputs = transposed ? some_rows() : some_cols();
    const Results y = transposed ? mtvm(array_, x, in_bits, outputs) : mvm(array_, x, in_bits, outputs);
    REQUIRE(y == slow_.multiply(x, in_bits, outputs, transposed));
  }

  void update() {
    const int in_bits = random_.between(1, mix_.row_bits);
    const Operands x = random_.operands(some_rows(), in_bits, mix_.density);
    const Operands d = random_.operands(some_cols(), random_.between(1, mix_.col_bits), mix_.density);
    REQUIRE(array_.opa(x, in_bits, d).ok());
    slow_.opa(x, d);
  }

  void program_block() {
    // All, some rows over the whole width, or any block.
    const int extent = random_.below(3);
    const int row = extent == 0 ? 0 : random_.below(config_.rows);
    const int col = extent < 2 ? 0 : random_.below(config_.cols);
    const Block block =
        random_.weights(random_.between(extent == 0 ? config_.rows : 1, config_.rows - row),
                        random_.between(extent < 2 ? config_.cols : 1, config_.cols - col), mix_.weight_bits);
    REQUIRE(program(array_, row, col, block).ok());
    slow_.program(row, col, block);
  }

  void read_block() {
    const int rows = some_rows();
    const int cols = some_cols();
    const int stride = cols + 3;
    std::vector<std::int32_t> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(stride), -1);
    REQUIRE(array_.read(0, 0, rows, cols, values.data(), stride).ok());
    int different = 0;
    for (int r = 0; r < rows; ++r) {
      const std::int32_t* row = values.data() + static_cast<std::ptrdiff_t>(r) * stride;
      for (int k = 0; k < cols; ++k) {
        different += static_cast<int>(row[k] != slow_.clamp_weight(slow_.weight(r, k)));
      }
      different += static_cast<int>(row[cols] != -1);
    }
    REQUIRE(different == 0);
  }

  Mix mix_;
  ArrayConfig config_;
  Random random_;
  Array array_;
  SlowArray slow_;
};

}  // namespace

TEST_CASE("automatic arithmetic equals the slow model over random operations") {
  for (const Scenario& scenario : scenarios()) {
    for (const crossbar::Kernels* kernels : crossbar::available_kernels()) {
      DYNAMIC_SECTION(scenario.name << ", " << kernels->name) {
        Player player(scenario, Arithmetic::automatic, *kernels);
        player.play();
        // Otherwise the sequence would prove less than it claims.
        CHECK(player.array().path_statistics().exact_operations > 0);
        CHECK(player.array().path_statistics().sliced_operations > 0);
        CHECK(player.array().path_statistics().reconstructions > 0);
      }
    }
  }
}

TEST_CASE("sliced arithmetic equals the slow model over random operations") {
  for (const Scenario& scenario : scenarios()) {
    for (const crossbar::Kernels* kernels : crossbar::available_kernels()) {
      DYNAMIC_SECTION(scenario.name << ", " << kernels->name) {
        Player player(scenario, Arithmetic::sliced, *kernels);
        player.play();
        CHECK(player.array().path_statistics().exact_operations == 0);
      }
    }
  }
}

TEST_CASE("every encoding equals the slow model over random operations, whatever the arithmetic") {
  for (const Scenario& scenario : encoded_scenarios()) {
    for (const crossbar::Kernels* kernels : crossbar::available_kernels()) {
      for (const Arithmetic arithmetic : {Arithmetic::automatic, Arithmetic::sliced}) {
        DYNAMIC_SECTION(scenario.name << ", " << kernels->name << static_cast<int>(arithmetic)) {
          Player player(scenario, arithmetic, *kernels);
          player.play();
          const crossbar::ArrayStatistics& counted = player.array().statistics();
          const bool clips = scenario.name.find("clipping") != std::string::npos;
          const bool rounds = scenario.name.find("rounding") != std::string::npos;
          const bool lossless = scenario.name.find("lossless") != std::string::npos;
          const auto lost = [&] {
            std::uint64_t cells = 0;
            for (const crossbar::Saturation& slice : counted.saturated) cells += slice.cells;
            return cells;
          };
          // Otherwise the sequence would prove less than its name claims.
          if (clips) CHECK(counted.conversions_clipped > 0);
          if (rounds) CHECK(counted.conversions_rounded > 0);
          if (lossless) CHECK(counted.conversions_clipped + counted.conversions_rounded == 0);
          if (scenario.name.find("little room") != std::string::npos) CHECK(lost() > 0);
          if (lossless && arithmetic == Arithmetic::automatic)
            CHECK(player.array().path_statistics().exact_operations > 0);
        }
      }
    }
  }
}

TEST_CASE("the scenarios meet every kind of loss") {
  std::uint64_t clipped = 0;
  std::uint64_t rounded = 0;
  std::uint64_t saturated = 0;
  std::uint64_t truncated = 0;
  std::uint64_t clamped = 0;
  for (const Scenario& scenario : scenarios()) {
    Player player(scenario, Arithmetic::automatic, crossbar::best_kernels());
    player.play();
    const crossbar::ArrayStatistics& counted = player.array().statistics();
    clipped += counted.conversions_clipped;
    rounded += counted.conversions_rounded;
    truncated += counted.opa_products_truncated;
    clamped += counted.weights_clamped;
    for (const crossbar::Saturation& slice : counted.saturated) saturated += slice.cells;
  }
  CHECK(clipped > 0);
  CHECK(rounded > 0);
  CHECK(saturated > 0);
  CHECK(truncated > 0);
  CHECK(clamped > 0);
}

}  // namespace weft::test
