// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

// Runs the small scenario with overrides; the folder of its results.
std::filesystem::path run_small(const TemporaryFolder& folder, const std::string& name,
                                const std::vector<std::string>& overrides) {
  const std::string file = folder.file(name + ".yaml", small_scenario);
  std::vector<std::string> arguments{"run", file, "-q", "--out", (folder / name).string()};
  for (const std::string& each : overrides) arguments.insert(arguments.end(), {"--set", each});
  const ProgramResult result = weft::test::weft(arguments);
  CAPTURE(name, result.errors);
  REQUIRE(result.status == 0);
  return folder / name;
}

// Classes, histogram and percentiles against the totals of the network.
void check_messages(const nlohmann::json& noc) {
  for (const char* key : {"messages", "flits", "payload_bytes"}) {
    std::uint64_t sum = 0;
    for (const auto& traffic_class : noc["classes"]) sum += traffic_class[key].get<std::uint64_t>();
    CHECK(sum == noc[key]);
  }
  double latency = 0.0;
  for (const auto& traffic_class : noc["classes"])
    latency += traffic_class["mean_latency_cycles"].get<double>() * traffic_class["messages"].get<double>();
  CHECK(latency == Approx(noc["mean_latency_cycles"].get<double>() * noc["messages"].get<double>()));
  std::uint64_t counted = 0;
  for (const auto& octave : noc["latency_histogram"]) counted += octave.get<std::uint64_t>();
  CHECK(counted == noc["messages"]);
  CHECK(noc["p50_latency_cycles"] > 0);
  CHECK(noc["p50_latency_cycles"] <= noc["p90_latency_cycles"]);
  CHECK(noc["p90_latency_cycles"] <= noc["p99_latency_cycles"]);
  CHECK(noc["p99_latency_cycles"] <= noc["max_latency_cycles"]);
}

// Heat map and bottleneck against the loads of the ports. Returns flits times routers.
std::uint64_t check_ports(const nlohmann::json& noc) {
  const std::size_t columns = noc["heat_map"]["columns"];
  std::vector<std::uint64_t> flits(columns * noc["heat_map"]["rows"].get<std::size_t>());
  std::vector<double> busiest_of(flits.size());
  std::uint64_t injected = 0;
  std::uint64_t router_flits = 0;
  nlohmann::json busiest = noc["links"][0];
  for (const auto& link : noc["links"]) {
    if (link["utilisation"] > busiest["utilisation"]) busiest = link;
    if (link["port"] == "injection") {
      injected += link["flits"].get<std::uint64_t>();
      continue;
    }
    const auto router = link["node"].get<std::size_t>();
    router_flits += link["flits"].get<std::uint64_t>();
    flits.at(router) += link["flits"].get<std::uint64_t>();
    busiest_of.at(router) = std::max(busiest_of.at(router), link["utilisation"].get<double>());
  }
  CHECK(injected == noc["flits"]);
  CHECK(busiest["utilisation"] > 0.0);
  CHECK(busiest["utilisation"] < 1.0);
  for (const char* key : {"node", "port", "utilisation", "waiting_cycles"})
    CHECK(noc["bottleneck"][key] == busiest[key]);
  for (std::size_t router = 0; router < flits.size(); ++router) {
    CHECK(noc["heat_map"]["flits"][router / columns][router % columns] == flits[router]);
    CHECK(noc["heat_map"]["utilisation"][router / columns][router % columns] == busiest_of[router]);
  }
  return router_flits;
}

}  // namespace

TEST_CASE("a run writes results with the documented keys, bit-exact, and the firmware's log") {
  const TemporaryFolder folder;
  const std::filesystem::path out = run_small(folder, "run", {});
  const nlohmann::json all = results(out);
  CHECK(all["schema_version"] == 2);
  CHECK(all["ending"] == "finished");
  CHECK(all["partial"] == false);
  CHECK(all["reference"]["bit_exact"] == true);
  CHECK(all["accuracy"]["platform"] == all["accuracy"]["golden"]);
  CHECK(all["accuracy"]["float32"].is_number());
  CHECK(all["epochs"].size() == 2);
  CHECK(all["time"]["simulated_s"] > 0.0);
  CHECK(all["energy"]["total_J"] > 0.0);
  CHECK(all["operations"]["crossbar"]["opa"] == 2 * 120 * 3);
  CHECK(all["operations"]["crossbar"]["mvm"] == 2 * (120 + 40) * 3);
  CHECK(all["operations"]["crossbar"]["mtvm"] == 2 * 120);
  CHECK(all["operations"]["crossbar"]["computed_sliced"] == 0);
  CHECK(all["noc"]["messages"] > 0);
  for (const char* key : {"wall_s", "mips", "slowdown_vs_float"}) CHECK(all["host"][key].is_number());

  double sum = 0;
  for (const auto& operation : all["energy"]["operations"]) sum += operation["energy_J"].get<double>();
  CHECK(sum == Approx(all["energy"]["dynamic_J"].get<double>()).epsilon(1e-9));
  const double leakage =
      all["area"]["chip"]["leakage_W"].get<double>() * all["time"]["simulated_s"].get<double>();
  CHECK(leakage > 0);
  CHECK(all["energy"]["leakage_J"].get<double>() == Approx(leakage));
  CHECK(all["energy"]["total_J"].get<double>() == Approx(sum + leakage));
  CHECK(all["scenario"]["technology"] == "reram-32nm");

  const std::string log = read_text(out / "uart.log");
  CHECK(contains(log, "epoch 1/2"));
  CHECK(contains(log, "epoch 2/2"));
  CHECK(contains(log, "done"));
}

TEST_CASE("the network's messages, ports, heat map, bottleneck and energy agree in every fidelity") {
  const std::string fidelity = GENERATE("ideal", "lt", "flit", "auto");
  const bool casts = GENERATE(false, true);
  CAPTURE(fidelity, casts);
  const TemporaryFolder folder;
  std::vector<std::string> overrides{"platform.noc.fidelity=" + fidelity};
  if (casts)
    overrides.insert(overrides.end(), {"platform.noc.posted_writes=4", "platform.noc.multicast=true"});
  const nlohmann::json all = results(run_small(folder, "run", overrides));
  const nlohmann::json& noc = all["noc"];
  check_messages(noc);
  for (const char* written : {"control", "memory"}) CHECK(noc["classes"][written]["messages"] > 0);
  CHECK((noc["classes"]["posted"]["messages"] > 0) == casts);
  // Without contention nothing is reserved at ports.
  CHECK(noc["links"].empty() == (fidelity == "ideal"));
  CHECK(noc["bottleneck"].is_null() == (fidelity == "ideal"));
  if (fidelity == "ideal") return;
  const std::uint64_t router_flits = check_ports(noc);

  double energy = 0.0;
  for (const auto& operation : all["energy"]["operations"]) {
    const std::string name = operation["operation"];
    if (name == "router flit" || name == "link flit") energy += operation["energy_J"].get<double>();
  }
  CHECK(noc["energy"]["router_J"].get<double>() + noc["energy"]["link_J"].get<double>() == Approx(energy));
  CHECK(noc["energy"]["router_J"].get<double>() ==
        Approx(noc["prices_J"]["router_flit"].get<double>() * static_cast<double>(router_flits)));
  CHECK(noc["energy"]["per_flit_and_router_J"].get<double>() * static_cast<double>(router_flits) ==
        Approx(energy));
  CHECK(noc["energy"]["router_leakage_J"] > 0.0);
  CHECK(noc["energy"]["router_leakage_J"] < all["energy"]["leakage_J"]);
}

TEST_CASE("results say which variants and deposits a network was trained with") {
  const TemporaryFolder folder;
  const nlohmann::json plain = results(run_small(folder, "plain", {}));
  CHECK(plain["training"]["variants"] == nlohmann::json::array({1, 1}));
  CHECK(plain["training"]["deposits"] == "example");
  const nlohmann::json other =
      results(run_small(folder, "other",
                        {"workload.layers[1].variant=3", "training.deposits=batch", "training.batch=4",
                         "training.carry_period=2", "training.carry_unit=batch"}));
  CHECK(other["training"]["variants"] == nlohmann::json::array({1, 3}));
  CHECK(other["training"]["deposits"] == "batch");
  CHECK(other["training"]["batch"] == 4);
  CHECK(other["training"]["carry_period"] == 2);
  CHECK(other["training"]["carry_unit"] == "batch");
}

TEST_CASE("results are the same for every quantum from 10 ns to 1 ms") {
  const TemporaryFolder folder;
  const nlohmann::json expected = comparable(run_small(folder, "default", {}));
  int number = 0;
  for (const char* quantum : {"10 ns", "137 ns", "3 us", "1 ms"}) {
    CAPTURE(quantum);
    const std::string name = "quantum" + std::to_string(number++);
    CHECK(comparable(run_small(folder, name, {std::string("platform.quantum=") + quantum})) == expected);
  }
}

TEST_CASE("results are the same with every switch of speed") {
  const TemporaryFolder folder;
  const nlohmann::json expected = comparable(run_small(folder, "default", {}));
  for (const std::string name : {"block_cache=false", "direct_memory=false", "jit=off", "jit=lockstep"}) {
    CAPTURE(name);
    CHECK(comparable(run_small(folder, name, {"run.speed." + name})) == expected);
  }
}

TEST_CASE("results, resolved scenario and trace are the same with 1, 2 and 4 threads") {
  const TemporaryFolder folder;
  const std::string file = folder.file("threads.yaml", small_scenario);
  const std::vector<std::string> arithmetic = GENERATE(
      std::vector<std::string>{"sliced"}, std::vector<std::string>{"device", "read_noise.sigma=0.001"},
      std::vector<std::string>{"device", "update.model=soft_bounds"});
  std::vector<std::string> arguments{"run",
                                     file,
                                     "-q",
                                     "--set",
                                     "platform.crossbar.arithmetic=" + arithmetic[0],
                                     "--set",
                                     "training.variant=3",
                                     "--set",
                                     "training.batch=4"};
  if (arithmetic.size() > 1)
    arguments.insert(arguments.end(), {"--set", "platform.crossbar.device." + arithmetic[1]});
  nlohmann::json expected;
  std::string expected_trace;
  std::string hash;
  for (const std::string threads : {"1", "2", "4", "auto"}) {
    CAPTURE(threads, arithmetic);
    const std::filesystem::path out = folder / ("out" + threads);
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--threads", threads, "--out", out.string(), "--trace", out.string() + ".trace"});
    const ProgramResult result = weft::test::weft(all);
    CAPTURE(result.errors);
    REQUIRE(result.status == 0);
    CHECK(contains(read_text(out / "scenario.yaml"), "threads: " + threads + "\n"));
    if (threads == "1") {
      expected = comparable(out);
      expected_trace = read_text(out.string() + ".trace");
      hash = results(out)["scenario"]["hash"];
      REQUIRE(expected["operations"]["crossbar"]["computed_sliced"] > 0);
    }
    CHECK(comparable(out) == expected);
    CHECK(results(out)["scenario"]["hash"] == hash);
    CHECK(read_text(out.string() + ".trace") == expected_trace);
  }
}

TEST_CASE("a run that ends at its time limit leaves the same results with threads") {
  const TemporaryFolder folder;
  const std::string file = folder.file("limit.yaml", small_scenario);
  std::vector<nlohmann::json> found;
  for (const std::string threads : {"1", "3"}) {
    const std::filesystem::path out = folder / threads;
    const ProgramResult result =
        weft::test::weft({"run", file, "-q", "--set", "platform.crossbar.arithmetic=sliced", "--set",
                          "run.max_simulated_time=700100 ns", "--threads", threads, "--out", out.string()});
    CAPTURE(result.errors);
    REQUIRE(result.status == 1);
    found.push_back(comparable(out));
    CHECK(found.back()["ending"] == "time_limit");
  }
  CHECK(found[0]["operations"]["crossbar"]["mvm"] > 0);
  CHECK(found[0] == found[1]);
}

TEST_CASE("a number of threads that makes no sense is refused") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  for (const std::string threads : {"0", "-1", "257", "two", "1.5", ""}) {
    CAPTURE(threads);
    const ProgramResult result = weft::test::weft({"run", file, "-q", "--threads", threads});
    CHECK(result.status == 2);
    CHECK(contains(result.errors, "run.threads"));
    CHECK(contains(result.errors, "an integer from 1 to 256 or auto"));
  }
}

TEST_CASE("sliced arithmetic gives the same results, time and energy as exact arithmetic") {
  const TemporaryFolder folder;
  nlohmann::json exact = comparable(run_small(folder, "exact", {}));
  nlohmann::json sliced = comparable(run_small(folder, "sliced", {"platform.crossbar.arithmetic=sliced"}));
  CHECK(exact["operations"]["crossbar"]["computed_sliced"] == 0);
  CHECK(sliced["operations"]["crossbar"]["computed_exactly"] == 0);
  for (nlohmann::json* each : {&exact, &sliced}) {
    (*each)["operations"]["crossbar"].erase("computed_sliced");
    (*each)["operations"]["crossbar"].erase("computed_exactly");
  }
  CHECK(sliced == exact);
}

TEST_CASE("devices without effects are bit-exact") {
  const TemporaryFolder folder;
  const nlohmann::json all = results(run_small(folder, "ideal", {"platform.crossbar.arithmetic=device"}));
  CHECK(all["reference"]["bit_exact"] == true);
  CHECK(all["devices"]["effects"].empty());
}

TEST_CASE("effects of devices are listed, change results, and do not depend on the quantum") {
  const TemporaryFolder folder;
  std::vector<std::string> overrides = {"platform.crossbar.arithmetic=device",
                                        "platform.crossbar.device.read_noise.sigma=0.001",
                                        "platform.crossbar.device.update.model=soft_bounds"};
  const std::filesystem::path out = run_small(folder, "noisy", overrides);
  const nlohmann::json all = results(out);
  CHECK(all["devices"]["effects"] == nlohmann::json({"read_noise", "update"}));
  CHECK(all["devices"]["update_pulses"] > 0);
  CHECK(all["reference"]["bit_exact"].is_null());
  overrides.push_back("platform.quantum=137 ns");
  CHECK(comparable(run_small(folder, "quantum", overrides)) == comparable(out));
  overrides.back() = "platform.crossbar.device.seed=2";
  CHECK(comparable(run_small(folder, "seed", overrides)) != comparable(out));
}

TEST_CASE("an ADC three bits short of lossless loses bits and is no longer bit-exact") {
  const TemporaryFolder folder;
  // 32 rows of digits from -2 to 1 with inputs of both signs: ±64, 8 bits.
  for (const char* range : {"max", "granular"}) {
    CAPTURE(range);
    const auto lossless = results(
        run_small(folder, std::string("good_") + range,
                  {"platform.crossbar.adc_bits=8", std::string("platform.crossbar.adc_range=") + range}));
    CHECK(lossless["reference"]["bit_exact"] == true);
    const auto lossy = results(
        run_small(folder, std::string("bad_") + range,
                  {"platform.crossbar.adc_bits=5", std::string("platform.crossbar.adc_range=") + range}));
    CHECK(lossy["reference"]["bit_exact"] == false);
    CHECK(lossy["reference"]["first_difference"].is_string());
    const auto& counts = lossy["operations"]["crossbar"];
    CHECK(counts["adc_clipped"].get<std::uint64_t>() + counts["adc_rounded"].get<std::uint64_t>() > 0);
  }
}

TEST_CASE("the resolved scenario a run leaves behind can be run again with the same hash and results") {
  const TemporaryFolder folder;
  const std::filesystem::path first = run_small(folder, "first", {"training.batch=4"});
  const ProgramResult again = weft::test::weft(
      {"run", (first / "scenario.yaml").string(), "-q", "--out", (folder / "second").string()});
  CAPTURE(again.errors);
  REQUIRE(again.status == 0);
  CHECK(comparable(folder / "second") == comparable(first));
  CHECK(results(folder / "second")["scenario"]["hash"] == results(first)["scenario"]["hash"]);
}

TEST_CASE("a different seed gives different results, the same seed the same") {
  const TemporaryFolder folder;
  const nlohmann::json one = comparable(run_small(folder, "one", {"training.seed=7"}));
  CHECK(comparable(run_small(folder, "two", {"training.seed=7"})) == one);
  CHECK(comparable(run_small(folder, "three", {"training.seed=8"})) != one);
}
