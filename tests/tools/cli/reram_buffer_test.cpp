// SPDX-License-Identifier: Apache-2.0
// ReRAM beside the tiles' buffers, its filters and its wear as the user meets them.
#include <catch2/catch.hpp>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

constexpr const char* classes[] = {"activation_buffer", "error_buffer", "gradient_buffer"};

nlohmann::json run(const TemporaryFolder& folder, const std::string& name,
                   std::vector<std::string> settings) {
  const std::string file = folder.file("small.yaml", small_scenario);
  std::vector<std::string> arguments = {"run", file, "-q", "--out", (folder / name).string()};
  settings.insert(
      settings.begin(),
      {"platform.tile.reram_buffer={size: 64 KiB, endurance: {count_wear: true}}", "training.batch=8"});
  for (const std::string& setting : settings) {
    arguments.emplace_back("--set");
    arguments.push_back(setting);
  }
  const ProgramResult result = weft::test::weft(arguments);
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  return results(folder / name);
}

std::vector<std::string> dropping(const std::string& threshold) {
  std::vector<std::string> settings;
  for (const std::string each : classes)
    settings.push_back("platform.tile.write_filters." + each +
                       "={policy: drop, granularity: cell, threshold: " + threshold + "}");
  return settings;
}

}  // namespace

TEST_CASE("results say by class what was written to ReRAM buffers and what was held back") {
  const TemporaryFolder folder;
  const nlohmann::json dense = run(folder, "dense", {});
  const nlohmann::json sparse = run(folder, "sparse", dropping("50"));
  CHECK(dense["reference"]["bit_exact"] == true);
  CHECK(sparse["reference"]["bit_exact"] == true);
  for (const char* each : classes) {
    CAPTURE(each);
    const nlohmann::json& all = dense["writes"][each];
    const nlohmann::json& some = sparse["writes"][each];
    CHECK(all["filtered"] == 0);
    CHECK(all["density"] == 1.0);
    // 16 bits in cells of four.
    CHECK(all["cells"] == 4 * all["values_written"].get<std::uint64_t>());
    CHECK(all["pulses"] == all["cells"]);
    CHECK(some["values_offered"] == all["values_offered"]);
    CHECK(some["values_written"] < some["values_offered"]);
    CHECK(some["filtered"] ==
          4 * (some["values_offered"].get<std::uint64_t>() - some["values_written"].get<std::uint64_t>()));
    CHECK(some["cells"] < all["cells"]);
  }
  const nlohmann::json& life = dense["reram_buffer"]["lifetime"];
  const nlohmann::json& longer = sparse["reram_buffer"]["lifetime"];
  CHECK(longer["mean_years"].get<double>() > life["mean_years"].get<double>());
  CHECK(dense["reram_buffer"]["rows_read"] < sparse["reram_buffer"]["rows_read"]);
  CHECK_FALSE(life["wear_map"].empty());
  CHECK_FALSE(dense.contains("lifetime"));

  const ProgramResult table =
      weft::test::weft({"compare", (folder / "dense").string(), (folder / "sparse").string()});
  CAPTURE(table.errors);
  REQUIRE(table.status == 0);
  for (const char* line : {"writes.activation_buffer.cells", "writes.error_buffer.filtered",
                           "writes.gradient_buffer.pulses", "buffer_lifetime.worst_cell_years"})
    CHECK_THAT(table.output, Catch::Contains(line));
}

TEST_CASE("a run whose buffer cells wear out ends with its report") {
  const TemporaryFolder folder;
  const nlohmann::json worn = run(
      folder, "worn", {"platform.tile.reram_buffer.endurance={count_wear: true, median: 9, spread: 0.4}"});
  CHECK(worn["ending"] == "finished");
  const nlohmann::json& life = worn["reram_buffer"]["lifetime"];
  CHECK(life["cells_stuck"] > 0);
  CHECK(life["writes_refused"] > 0);
  CHECK(worn["reference"]["bit_exact"].is_null());
}
