// SPDX-License-Identifier: Apache-2.0
// What the command-line tests share: starting weft, a scenario small enough to run in a moment.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/program.h"

namespace weft::test {

inline ProgramResult weft(const std::vector<std::string>& arguments,
                          const std::string& interrupt_after = "") {
  return run_program(WEFT_PROGRAM, arguments, interrupt_after);
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline nlohmann::json results(const std::filesystem::path& folder) {
  return nlohmann::json::parse(read_text(folder / "results.json"));
}

// What of the results does not depend on the host or on the name of the scenario.
inline nlohmann::json comparable(const std::filesystem::path& folder) {
  nlohmann::json all = results(folder);
  all.erase("host");
  all.erase("scenario");
  return all;
}

// Two layers on two tiles, 8 x 8 digits, arrays of 32 x 32: the first layer takes two arrays.
inline const char* const small_scenario = R"(name: small
platform:
  preset: mesh2x2
  crossbar: {rows: 32, columns: 32}
technology: {preset: reram-32nm}
workload:
  layers:
    - {type: dense, outputs: 24, activation: relu}
    - {type: dense, outputs: 10}
  loss: cross_entropy
dataset: {kind: digits, size: 8, train: 120, test: 40}
training: {epochs: 2, batch: 1, learning_rate: 0.05}
run: {progress: none}
)";

}  // namespace weft::test
