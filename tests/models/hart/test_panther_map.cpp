// SPDX-License-Identifier: Apache-2.0
// The page of the manual that says how PUMA's and PANTHER's instructions are said in Xweft.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "models/hart/xweft.h"

using namespace weft;

namespace {

using Names = std::set<std::string>;

Names quoted(const std::string& cell) {
  Names names;
  std::size_t open = cell.find('`');
  while (open != std::string::npos) {
    const std::size_t close = cell.find('`', open + 1);
    names.insert(cell.substr(open + 1, close - open - 1));
    open = cell.find('`', close + 1);
  }
  return names;
}

// The cells of every row of every table on the page.
std::vector<std::vector<std::string>> rows() {
  std::ifstream page(WEFT_SOURCE_DIR "/docs/xweft_panther.md");
  REQUIRE(page);
  std::vector<std::vector<std::string>> result;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| ", 0) != 0 || line.rfind("| PUMA", 0) == 0) continue;
    std::vector<std::string> cells;
    std::istringstream in(line.substr(1));
    for (std::string cell; std::getline(in, cell, '|');) cells.push_back(cell);
    result.push_back(cells);
  }
  return result;
}

bool exists(const std::string& name) {
  const bool is_csr =
      std::any_of(xweft::csrs.begin(), xweft::csrs.end(), [&](const auto& csr) { return name == csr.name; });
  return is_csr || xweft::find(name) != nullptr;
}

}  // namespace

TEST_CASE("every Xweft name in the table of PANTHER's instructions exists") {
  const auto table = rows();
  REQUIRE(table.size() > 30);
  for (const auto& cells : table) {
    REQUIRE(cells.size() == 4);
    INFO(cells[0]);
    CHECK((!quoted(cells[1]).empty() || !quoted(cells[2]).empty()));
    for (const std::string& name : quoted(cells[1])) {
      INFO(name);
      CHECK(exists(name));
    }
  }
}

TEST_CASE("no instruction or operation of PUMA and PANTHER is missing from their table") {
  Names theirs;
  for (const auto& cells : rows()) theirs.merge(quoted(cells[0]));
  for (const char* name :
       {"mvm",     "mcu",   "train",       "crs",          "alu",    "alui", "alu_int", "set",
        "copy",    "load",  "store",       "jmp",          "beq",    "brn",  "hlt",     "send",
        "receive", "halt",  "add",         "sub",          "sna",    "mul",  "div",     "and",
        "or",      "not",   "shift",       "eq",           "neq",    "lt",   "leq",     "gt",
        "geq",     "min",   "max",         "mse",          "sig",    "tanh", "exp",     "log",
        "relu",    "relud", "log_softmax", "log_softmaxd", "rndcmp", "rnd",  "mod",     "subsample"}) {
    INFO(name);
    CHECK(theirs.count(name) == 1);
  }
}
