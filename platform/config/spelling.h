// SPDX-License-Identifier: Apache-2.0
// Lists of words in messages, and "did you mean": the nearest of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::config {

// Edits (insert, delete, replace, swap of neighbours) between two words: the restricted
// Damerau-Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b);

// Nothing if no word is near enough: at most a third of the longer word's letters, and always one, may
// differ.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& allowed);

// "a, b, c"
std::string listed(const std::vector<std::string>& words, std::string_view separator = ", ");

}  // namespace weft::config
