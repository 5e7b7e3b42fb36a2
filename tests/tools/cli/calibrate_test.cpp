// SPDX-License-Identifier: Apache-2.0
// Converter ranges from the currents of a run, and back into a scenario.
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

// Converters that round currents up to 32 * 32 cell units.
std::string rounding(const std::string& more = "", int bits = 6) {
  std::string text = small_scenario;
  const std::string plain = "{rows: 32, columns: 32}";
  text.replace(text.find(plain), plain.size(),
               "{rows: 32, columns: 32, adc_bits: " + std::to_string(bits) + more + "}");
  return text;
}

nlohmann::json counts_of_run(const TemporaryFolder& folder, const std::string& name,
                             const std::string& text) {
  const ProgramResult result = weft::test::weft(
      {"run", folder.file(name + ".yaml", text), "-q", "--no-reference", "--out", (folder / name).string()});
  CAPTURE(name, result.errors);
  REQUIRE(result.status == 0);
  return results(folder / name)["operations"]["crossbar"];
}

struct Losses {
  std::uint64_t conversions = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  std::uint64_t clipped_after = 0;
};

// Sums over the rows of the table that `calibrate` prints.
Losses losses(const std::string& output) {
  std::istringstream lines(output);
  std::string line;
  std::getline(lines, line);
  Losses sum;
  std::uint64_t value[11];
  while (std::getline(lines, line)) {
    std::istringstream numbers(line);
    int count = 0;
    while (count < 11 && numbers >> value[count]) ++count;
    if (count < 11) break;
    sum.conversions += value[3];
    sum.before += value[7] + value[8];
    sum.after += value[9] + value[10];
    sum.clipped_after += value[9];
  }
  return sum;
}

std::string refused(const std::vector<std::string>& arguments) {
  const ProgramResult result = weft::test::weft(arguments);
  CHECK(result.status == 2);
  CHECK(result.output.empty());
  return result.errors;
}

}  // namespace

TEST_CASE("calibrated ranges lose less than the full range, as announced, when a scenario includes them") {
  const TemporaryFolder folder;
  const std::string file = folder.file("base.yaml", rounding());
  const std::string ranges = (folder / "new/ranges.yaml").string();
  const ProgramResult result = weft::test::weft({"calibrate", file, "-q", "--out", ranges});
  CAPTURE(result.errors, result.output);
  REQUIRE(result.status == 0);

  const Losses announced = losses(result.output);
  const nlohmann::json before = counts_of_run(folder, "base_run", rounding());
  CHECK(announced.conversions == before["adc_conversions"]);
  CHECK(announced.before ==
        before["adc_clipped"].get<std::uint64_t>() + before["adc_rounded"].get<std::uint64_t>());
  CHECK(announced.before > 0);
  CHECK(announced.after < announced.before / 2);
  CHECK(announced.clipped_after == 0);

  CHECK(contains(read_text(ranges), "adc_full_scale_by_layer:\n      - ["));
  const nlohmann::json after =
      counts_of_run(folder, "calibrated", "include: [base.yaml, new/ranges.yaml]\nname: calibrated\n");
  const auto lost = after["adc_clipped"].get<std::uint64_t>() + after["adc_rounded"].get<std::uint64_t>();
  CHECK(after["adc_conversions"] == before["adc_conversions"]);
  CHECK(lost < announced.before / 2);
}

TEST_CASE("a smaller coverage clips currents for smaller steps") {
  const TemporaryFolder folder;
  const std::string file = folder.file("base.yaml", rounding("", 3));
  const auto calibrate = [&](const std::string& coverage) {
    const ProgramResult result = weft::test::weft(
        {"calibrate", file, "-q", "--coverage", coverage, "--out", (folder / (coverage + ".yaml")).string()});
    REQUIRE(result.status == 0);
    return losses(result.output);
  };
  CHECK(calibrate("1").clipped_after == 0);
  const Losses some = calibrate("0.99");
  CHECK(some.clipped_after > 0);
  // A range may cover more than was asked for, never less.
  CHECK(some.clipped_after <= some.conversions / 100);
  CHECK(contains(read_text(folder / "0.99.yaml"), "# 99 % of the currents"));
}

TEST_CASE("every layer gets its own range") {
  const TemporaryFolder folder;
  const auto clipped = [&](const std::string& name, const std::string& layers) {
    return counts_of_run(
               folder, name,
               rounding(", adc_range: calibrated, adc_full_scale_by_layer: " + layers, 2))["adc_clipped"]
        .get<std::uint64_t>();
  };
  const std::uint64_t none = clipped("none", "[[1024], [1024]]");
  const std::uint64_t first = clipped("first", "[[1], [1024]]");
  const std::uint64_t second = clipped("second", "[[1024], [1]]");
  CHECK(none == 0);
  CHECK(first > 0);
  CHECK(second > 0);
  CHECK(first != second);
}

TEST_CASE("what cannot be calibrated is refused with what can") {
  const TemporaryFolder folder;
  const std::string out = (folder / "ranges.yaml").string();
  const std::string file = folder.file("base.yaml", rounding());
  CHECK(
      contains(refused({"calibrate", file, "-q", "--out", out, "--set", "platform.crossbar.update=digital"}),
               "digital units (platform.crossbar.update) have no converters to calibrate; allowed: in_place, "
               "write_back"));
  CHECK(
      contains(refused({"calibrate", file, "-q", "--out", out, "--set", "platform.crossbar.arithmetic=none"}),
               "arithmetic none computes no currents"));
  CHECK(contains(refused({"calibrate", file, "-q", "--out", out, "--set", "workload.mapping=fp_pim", "--set",
                          "platform.tile.fp_pim_units=2", "--set", "platform.tile.hart.isa=rv32imafc"}),
                 "floating-point PIM units (workload.mapping) have no converters"));
  const std::string program = std::string(WEFT_BINARY_DIR) + "/firmware/tile_hello.elf";
  const std::string by_hand =
      folder.file("hand.yaml",
                  "name: hand\nplatform: {preset: mesh2x2}\ntechnology: {preset: reram-32nm}\n"
                  "workload: {programs: [{tile: 0, elf: " +
                      program + "}]}\n");
  CHECK(contains(refused({"calibrate", by_hand, "-q", "--out", out}), "allowed: workload.layers"));
  for (const std::string coverage : {"0", "1.5", "nan"}) {
    CHECK(contains(refused({"calibrate", file, "-q", "--out", out, "--coverage", coverage}),
                   "not allowed (above 0, up to 1)"));
  }
  CHECK(contains(refused({"calibrate", (folder / "no.yaml").string(), "--out", out}), "no.yaml"));
  CHECK(contains(refused({"calibrate", file, "-q", "--out", file + "/ranges.yaml"}), "base.yaml"));
  CHECK(contains(refused({"calibrate", file}), "--out is required"));
  CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("a file that is no calibration is refused where a scenario includes it") {
  const TemporaryFolder folder;
  folder.file("base.yaml", rounding());
  folder.file("bad.yaml",
              "platform: {crossbar: {adc_range: calibrated, adc_full_scale_by_layer: [[9, x]]}}\n");
  folder.file("short.yaml",
              "platform: {crossbar: {adc_range: calibrated, adc_full_scale_by_layer: [[9]]}}\n");
  const auto check = [&](const std::string& fragment) {
    return refused({"check", folder.file("all.yaml", "include: [base.yaml, " + fragment + "]\n")});
  };
  CHECK(contains(check("bad.yaml"), "bad.yaml:1:"));
  CHECK(contains(check("bad.yaml"), "adc_full_scale_by_layer[0][1]: found 'x'"));
  CHECK(contains(check("short.yaml"), "found 1 lists, the network has 2 layers"));
}
