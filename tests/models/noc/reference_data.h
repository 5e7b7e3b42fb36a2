// SPDX-License-Identifier: Apache-2.0
// Recorded runs of BookSim2 (Jiang et al., ISPASS 2013) and of fast models, as tables.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace weft::noc::test {

using Row = std::map<std::string, std::string>;

inline std::vector<std::string> split(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  return cells;
}

// Empty if the file is absent.
inline std::vector<Row> read_csv(const std::string& file) {
  std::ifstream stream(std::string(WEFT_SOURCE_DIR) + "/../shared/reference/noc/" + file);
  std::string line;
  std::vector<Row> rows;
  if (!std::getline(stream, line)) return rows;
  const std::vector<std::string> names = split(line);
  while (std::getline(stream, line)) {
    const std::vector<std::string> cells = split(line);
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < std::min(names.size(), cells.size()); ++i) row[names[i]] = cells[i];
  }
  return rows;
}

inline int integer(const Row& row, const char* column) { return std::stoi(row.at(column)); }
inline unsigned natural(const Row& row, const char* column) {
  return static_cast<unsigned>(std::stoul(row.at(column)));
}
inline std::uint64_t cycle(const Row& row, const char* column) { return std::stoull(row.at(column)); }
inline double number(const Row& row, const char* column) { return std::stod(row.at(column)); }

}  // namespace weft::noc::test
