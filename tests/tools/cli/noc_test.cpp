// SPDX-License-Identifier: Apache-2.0
// `weft noc` as its users meet it.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/skip.h"
#include "tests/tools/cli/cli.h"

using namespace weft::test;
namespace fs = std::filesystem;

namespace {

const char* const trace =
    "packet_id,src,dst,length_flits,create_cycle\n"
    "0,0,15,4,0\n"
    "1,5,6,1,10\n"
    "2,0,15,4,100000\n";

}  // namespace

TEST_CASE("a sweep prints a line per rate, with latencies that rise from the empty network's") {
  const ProgramResult result =
      weft::test::weft({"noc", "--topology", "mesh", "--size", "4x4", "--traffic", "uniform", "--rate",
                        "0.1:0.5:0.2", "--packets", "4000", "--json"});
  REQUIRE(result.status == 0);
  const nlohmann::json points = nlohmann::json::parse(result.output);
  REQUIRE(points.size() == 3);
  double before = points[0]["zero_load_cycles"];
  CHECK(before == Approx(19.0).margin(0.2));
  for (const nlohmann::json& point : points) {
    CHECK(point["mean_latency_cycles"] > before);
    CHECK(point["half_width_95_cycles"] > 0.0);
    CHECK_FALSE(point["saturated"]);
    before = point["mean_latency_cycles"];
  }
  CHECK(points[2]["rate"] == Approx(0.5));
}

TEST_CASE("the same seed prints the same lines, another one others") {
  const auto run = [](const char* seed) {
    return weft::test::weft({"noc", "--size", "4x4", "--rate", "0.3", "--packets", "2000", "--seed", seed})
        .output;
  };
  CHECK(run("1") == run("1"));
  CHECK(run("1") != run("2"));
}

TEST_CASE("replay writes when packets left and arrived") {
  const TemporaryFolder folder;
  const std::string in = folder.file("trace.csv", trace);
  const std::string out = (folder / "arrivals.csv").string();
  const ProgramResult result = weft::test::weft({"noc", "--replay", in, "--out", out});
  CHECK(result.status == 0);
  CHECK(contains(result.output, "mesh 4x4: 3 packets"));
  // (D + 1) x 4 + 2 + L - 1 cycles each.
  CHECK(read_text(out) ==
        "packet_id,src,dst,length_flits,create_cycle,inject_cycle_head,arrive_cycle_tail\n"
        "0,0,15,4,0,0,33\n"
        "1,5,6,1,10,10,20\n"
        "2,0,15,4,100000,100000,100033\n");
  CHECK(
      weft::test::weft({"noc", "--replay", in, "--out", out, "--size", "4x4", "--pipeline", "P2S"}).status ==
      0);
  CHECK(contains(read_text(out), "0,0,15,4,0,0,26\n"));
}

TEST_CASE("the replay of a recorded trace has no arrival that differs") {
  const fs::path recorded =
      fs::path(WEFT_SOURCE_DIR) / "../shared/reference/noc/booksim_packets_p4_k4_v2_b8_L4_uniform_r0.45.csv";
  if (!fs::exists(recorded)) WEFT_SKIP("the recorded BookSim runs are not in this tree");
  const TemporaryFolder folder;
  const auto replay = [&](const char* pipeline) {
    return weft::test::weft({"noc", "--replay", recorded.string(), "--out", (folder / "out.csv").string(),
                             "--pipeline", pipeline, "--channels", "2", "--buffer", "8"})
        .output;
  };
  CHECK(contains(replay("P4"), "0 of 1409 recorded arrivals differ"));
  CHECK_FALSE(contains(replay("P3"), "\n0 of 1409"));
}

TEST_CASE("a ring without its dateline locks up, says which buffers wait, and ends with status 1") {
  const ProgramResult result =
      weft::test::weft({"noc", "--topology", "ring", "--size", "8x1", "--no-dateline", "--channels", "1",
                        "--buffer", "2", "--packet", "16", "--rate", "0.9"});
  CHECK(result.status == 1);
  CHECK(contains(result.output, "locked up"));
  CHECK(contains(result.output, "waiting for each other: router 0 from"));
}

TEST_CASE("the loosely timed network says when it is not to be trusted") {
  const auto run = [](const char* rate) {
    return weft::test::weft({"noc", "--size", "4x4", "--fidelity", "lt", "--rate", rate}).output;
  };
  CHECK_FALSE(contains(run("0.2"), "too busy"));
  CHECK(contains(run("0.62"), "too busy"));
}

TEST_CASE(
    "a sweep in automatic fidelity tells what was simulated flit by flit, and is lt where nothing was") {
  const auto sweep = [](const std::string& fidelity, bool as_json) {
    std::vector<std::string> arguments{"noc", "--size", "4x4", "--fidelity", fidelity, "--rate",
                                       "0.1", "--rate", "0.7", "--packets",  "4000"};
    if (as_json) arguments.emplace_back("--json");
    const ProgramResult result = weft::test::weft(arguments);
    REQUIRE(result.status == 0);
    return result.output;
  };
  const nlohmann::json automatic = nlohmann::json::parse(sweep("auto", true));
  const nlohmann::json lt = nlohmann::json::parse(sweep("lt", true));
  const nlohmann::json flit = nlohmann::json::parse(sweep("flit", true));
  REQUIRE(automatic.size() == 2);
  CHECK(automatic[0] == lt[0]);
  CHECK(automatic[0]["flit_packets"] == 0);
  CHECK(automatic[1]["flit_packets"] > 3900);
  CHECK(automatic[1]["flit_cycles"] > 0);
  CHECK(automatic[1]["flit_cycles"] <= automatic[1]["simulated_cycles"]);
  CHECK(flit[1]["flit_packets"] == 4000);
  CHECK(automatic[1]["mean_latency_cycles"] > 1.2 * lt[1]["mean_latency_cycles"].get<double>());
  CHECK(contains(sweep("auto", false), "by flits\n"));
  CHECK(contains(sweep("auto", false), " 0.0 %\n"));
  CHECK_FALSE(contains(sweep("lt", false), "by flits"));
}

TEST_CASE("bad input for weft noc ends with status 2, one clear message and nothing written") {
  const TemporaryFolder folder;
  const std::string good = folder.file("good.csv", trace);
  const std::string out = (folder / "out.csv").string();
  const auto with_line = [&](const std::string& name, const std::string& line) {
    return folder.file(name, std::string(trace) + line);
  };
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const std::vector<Case> cases{
      {{"--topology", "star"}, "cmesh"},
      {{"--size", "4"}, "like 8x8"},
      {{"--size", "0x4"}, "columns is 0, allowed are 1 to 64"},
      {{"--rate", "fast"}, "--rate fast"},
      {{"--rate", "-0.1"}, "above 0"},
      {{"--rate", "5"}, "up to 4"},
      {{"--rate", "0.1:0.5"}, "FROM:TO:STEP"},
      {{"--rate", "0.5:0.1:0.1"}, "TO not below FROM"},
      {{"--topology", "torus", "--channels", "1"}, "needs 2 virtual channels"},
      {{"--topology", "torus", "--routing", "west_first"}, "west_first"},
      {{"--traffic", "transpose", "--size", "4x2"}, "as many columns as rows"},
      {{"--buffer", "0"}, "buffer_flits is 0"},
      {{"--out", out}, "only with --replay"},
      {{"--replay", good}, "needs --out"},
      {{"--replay", (folder / "none.csv").string(), "--out", out}, "none.csv"},
      {{"--replay", folder.path().string(), "--out", out}, "cannot be read"},
      {{"--replay", folder.file("empty.csv", ""), "--out", out}, "empty"},
      {{"--replay", folder.file("head.csv", "packet_id,src\n1,2\n"), "--out", out}, ":1: no column 'dst'"},
      {{"--replay", with_line("short.csv", "3,1\n"), "--out", out}, "short.csv:5: 2 cells"},
      {{"--replay", with_line("text.csv", "3,a,1,4,5\n"), "--out", out}, "text.csv:5: src is 'a'"},
      {{"--replay", with_line("zero.csv", "3,1,1,0,5\n"), "--out", out}, "length_flits is '0'"},
      {{"--replay", good, "--out", out, "--size", "2x2"}, "destination is node 15, allowed are 0 to 3"},
      {{"--replay", good, "--out", (folder / "no/such/out.csv").string()}, "out.csv"},
      {{"--replay", good, "--out", out, "--fidelity", "lt"}, "allowed is flit"},
      {{"--replay", good, "--out", out, "--fidelity", "auto"}, "allowed is flit"},
      {{"--replay", good, "--out", out, "--rate", "0.1"}, "--rate is of use only with synthetic traffic"},
      {{"--saturation", "--fidelity", "auto"}, "allowed is flit"},
      {{"--saturation", "--rate", "0.1"}, "--rate is of use only with given rates"},
      {{"--fidelity", "lt", "--buffer", "4"}, "--buffer is of use only with --fidelity flit or auto"},
      {{"--fidelity", "ideal", "--no-dateline"}, "--no-dateline is of use only with --fidelity flit or auto"},
      {{"--fidelity", "automatic"}, "auto"},
      {{"--fidelity", "auto", "--topology", "ring", "--channels", "1"}, "needs 2 virtual channels"},
      {{"--concentration", "4"}, "--concentration is of use only with --topology cmesh"},
      {{"--hotspot", "3"}, "--hotspot is of use only with --traffic hotspot or incast"},
      {{"--traffic", "incast", "--hotspot-weight", "3"}, "only with --traffic hotspot"},
  };
  for (const Case& bad : cases) {
    std::vector<std::string> arguments{"noc"};
    arguments.insert(arguments.end(), bad.arguments.begin(), bad.arguments.end());
    const ProgramResult result = weft::test::weft(arguments);
    INFO(bad.message << " / " << result.errors);
    CHECK(result.status == 2);
    CHECK(contains(result.errors, bad.message));
    CHECK(result.output.empty());
    CHECK_FALSE(fs::exists(out));
  }
}
